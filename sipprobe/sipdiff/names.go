package sipdiff

import "strings"

// canonical is the full name of a header in its usual spelling.
func canonical(name string) string {
	lower := strings.ToLower(name)
	if full := compact(lower); full != "" {
		return full
	}
	if usual := spelled(lower); usual != "" {
		return usual
	}
	b := []byte(lower)
	start := true
	for i, c := range b {
		if start && c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
		start = c == '-'
	}
	return string(b)
}

// compact is the full name of a compact form (RFC 3261 section 7.3.3 and the registry
// of header fields), empty for other names.
func compact(lower string) string {
	switch lower {
	case "a":
		return "Accept-Contact"
	case "b":
		return "Referred-By"
	case "c":
		return "Content-Type"
	case "d":
		return "Request-Disposition"
	case "e":
		return "Content-Encoding"
	case "f":
		return "From"
	case "i":
		return "Call-ID"
	case "j":
		return "Reject-Contact"
	case "k":
		return "Supported"
	case "l":
		return "Content-Length"
	case "m":
		return "Contact"
	case "n":
		return "Identity-Info"
	case "o":
		return "Event"
	case "r":
		return "Refer-To"
	case "s":
		return "Subject"
	case "t":
		return "To"
	case "u":
		return "Allow-Events"
	case "v":
		return "Via"
	case "x":
		return "Session-Expires"
	case "y":
		return "Identity"
	}
	return ""
}

// spelled are the names that do not begin each word with one capital.
func spelled(lower string) string {
	switch lower {
	case "call-id":
		return "Call-ID"
	case "cseq":
		return "CSeq"
	case "mime-version":
		return "MIME-Version"
	case "www-authenticate":
		return "WWW-Authenticate"
	case "rack":
		return "RAck"
	case "rseq":
		return "RSeq"
	case "sip-etag":
		return "SIP-ETag"
	case "sip-if-match":
		return "SIP-If-Match"
	}
	return ""
}

// listed reports whether commas separate values of the header that are compared one
// by one: those by which messages are routed.
func listed(name string) bool {
	switch name {
	case "Via", "Route", "Record-Route", "Contact", "Path", "Service-Route":
		return true
	}
	return false
}

// addressed reports whether values of the header are addresses with parameters
// (RFC 3261 section 20.10).
func addressed(name string) bool {
	switch name {
	case "Contact", "From", "To", "Route", "Record-Route", "Path", "Service-Route", "Refer-To", "Referred-By", "Reply-To",
		"P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion", "P-Called-Party-ID":
		return true
	}
	return false
}

// numbered reports whether an index is named even where there is only one value.
func numbered(name string) bool { return name == "Via" || name == "Route" || name == "Record-Route" }
