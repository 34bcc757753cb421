package gateway

import "net/netip"

// What tests reach: the questions at any port, and the parsers.
var (
	AskNATPMP    = askNATPMP
	AskUPnP      = askUPnP
	ParseNATPMP  = parseNATPMP
	ErrPCPOnly   = errPCPOnly
	ReadLocation = readLocation
)

// ParsePCP reads an answer to a request with the opcode, whose nonce is zero.
func ParsePCP(opcode byte, b []byte) (netip.Addr, bool, error) {
	return pcpQuestion{opcode: opcode}.parse(b)
}
