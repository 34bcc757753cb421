package sipdiff

import (
	"strconv"
	"strings"
)

// allow marks the changes that a SIP hop may make.
func allow(sent, arrived Message, changes []Change) {
	proxied := passedProxy(sent, arrived, changes)
	for i := range changes {
		c := &changes[i]
		switch {
		case proxied && byProxy(*c, sent.IsResponse()):
			c.Allowed = ByProxy
		case !sent.IsResponse() && byServer(*c):
			c.Allowed = ByServer
		}
	}
}

// byServer reports whether a change is what the transport of a server notes in the
// topmost Via. Behind a proxy that has put its own on top it stands in the next one,
// which is the topmost as sent.
func byServer(c Change) bool {
	switch c.Field {
	case "Via[0] received":
		return c.Kind == Added
	case "Via[0] rport":
		return c.Kind == Changed && c.Before == "" && c.After != ""
	}
	return false
}

// passedProxy reports whether a message bears the marks of a proxy: one Via more on
// top of a request, and as many hops fewer; one less in a response.
func passedProxy(sent, arrived Message, changes []Change) bool {
	if sent.IsResponse() {
		return viaOnTop(changes, Removed) > 0
	}
	added := viaOnTop(changes, Added)
	before, err := strconv.Atoi(strings.TrimSpace(sent.Value("Max-Forwards")))
	after, err2 := strconv.Atoi(strings.TrimSpace(arrived.Value("Max-Forwards")))
	return added > 0 && err == nil && err2 == nil && before-after >= added
}

// viaOnTop counts the topmost Vias that were added or removed.
func viaOnTop(changes []Change, kind Kind) int {
	n := 0
	for _, c := range changes {
		if c.Kind == kind && c.Field == "Via["+strconv.Itoa(n)+"]" {
			n++
		}
	}
	return n
}

// byProxy reports whether a proxy may make a change (RFC 3261 section 16.6, and 16.7
// for responses). It never touches who is called and calling, the Contact, or the body.
func byProxy(c Change, response bool) bool {
	name, _, _ := strings.Cut(strings.TrimSuffix(c.Field, "]"), " ")
	name, _, _ = strings.Cut(name, "[")
	switch {
	case c.Kind == Formatting, !response && byServer(c):
		return true
	case name == "Via":
		return response && c.Kind == Removed || !response && c.Kind == Added && !strings.Contains(c.Field, " ")
	case name == "Max-Forwards", name == "Record-Route", name == "Route", name == "Proxy-Authorization":
		return true
	case name == "Request-URI":
		return !response
	case c.Kind == Added && !strings.Contains(c.Field, " "):
		return !protected(name)
	}
	return false
}

// protected are the headers that a proxy adds no second value to.
func protected(name string) bool {
	switch name {
	case "Contact", "From", "To", "Call-ID", "CSeq", "Content-Length", "Content-Type", "SDP", "body", "part":
		return true
	}
	return false
}
