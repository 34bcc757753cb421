package gateway

// What tests reach: the questions at any port, and the parsers.
var (
	AskNATPMP    = askNATPMP
	AskUPnP      = askUPnP
	ParseNATPMP  = parseNATPMP
	ReadLocation = readLocation
	Answer       = answer
)
