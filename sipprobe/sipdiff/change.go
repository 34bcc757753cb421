package sipdiff

// A Change is one difference between a message as it was sent and as it arrived.
type Change struct {
	// Field names what changed, as in "Request-URI host", "Via[0] received", "Contact
	// uri port", "SDP media[0] c= address", "Content-Length", "body length". An index
	// counts values of one header, compact names and comma-separated ones included; it
	// is the one in the message as sent, and for what was added the one as arrived.
	Field string
	Kind  Kind
	// Before and After are the values as written, with control characters and bytes
	// that are not UTF-8 escaped. Before is empty for what was added, After for what
	// was removed; either is empty too for a parameter without a value.
	Before, After string
	// Allowed says which SIP hop may have done it; empty when none may.
	Allowed Allowance
}

// A Kind says what happened to a field.
type Kind string

// The kinds of changes.
const (
	Changed Kind = "changed"
	Added   Kind = "added"
	Removed Kind = "removed"
	// Formatting is another spelling of the same: spaces, case, folding, compact
	// names, escapes, the order of headers with different names.
	Formatting Kind = "formatting"
	// Truncated is a message of which only the first part arrived.
	Truncated Kind = "truncated"
)

// An Allowance is the kind of SIP hop that may make a change.
type Allowance string

// The allowances.
const (
	// NotAllowed: no SIP hop does that by rule.
	NotAllowed Allowance = ""
	// ByServer: the transport of a server notes the source of a request in its topmost
	// Via (RFC 3261 section 18.2.1, RFC 3581 section 4). Whether the value is the true
	// source is for those to judge who know it.
	ByServer Allowance = "server"
	// ByProxy: what a proxy does when it passes a message on (RFC 3261 sections 16.6
	// and 16.7). It is given only to messages that bear a proxy's marks: a request
	// with another Via on top and fewer hops left, a response with its top Via gone.
	ByProxy Allowance = "proxy"
)
