package natprobe

import "net/netip"

// A Change is what a request asks the server to change about where its answer comes
// from (CHANGE-REQUEST, RFC 5780 section 7.2).
type Change string

// The changes. A server with one address cannot change it.
const (
	// NoChange wants the answer from where the request went.
	NoChange Change = ""
	// ChangePort wants it from another port of the same address.
	ChangePort Change = "port"
	// ChangeBoth wants it from another address and port.
	ChangeBoth Change = "address-and-port"
)

// A Test is what a socket is for.
type Test string

// The tests.
const (
	// MappingTest asks several destinations how they see the socket.
	MappingTest Test = "mapping"
	// FilteringTest asks one destination for answers from elsewhere.
	FilteringTest Test = "filtering"
)

// A Result is what one socket sent, and what came back. Silence is a result.
type Result struct {
	// Local is the socket's own address, before any NAT.
	Local netip.AddrPort `json:"local"`
	Test  Test           `json:"test"`
	// Exchanges are in the order in which they were begun.
	Exchanges []Exchange `json:"exchanges"`
}

// An Exchange is what became of one kind of request to one destination.
type Exchange struct {
	// To is where the requests went.
	To netip.AddrPort `json:"to"`
	// Server names a server of somebody else, empty for one that shares the key.
	Server string `json:"server,omitempty"`
	Change Change `json:"change,omitempty"`
	// Sent counts requests that left the machine, Error is why others did not.
	Sent  int    `json:"sent"`
	Error string `json:"error,omitempty"`
	// Mapped is where the request seemed to come from, From where the answer did; both
	// are null when no answer came.
	Mapped *netip.AddrPort `json:"mapped"`
	From   *netip.AddrPort `json:"from"`
	// Other is the other address of a server that can answer from it (OTHER-ADDRESS,
	// RFC 5780 section 7.4), null when it named none.
	Other *netip.AddrPort `json:"other,omitempty"`
	// Refused is the STUN error code of an answer that was none, 0 without one.
	Refused int `json:"refused,omitempty"`
	// RTTMS is the round trip in milliseconds, null without an answer.
	RTTMS *float64 `json:"rtt_ms"`
}

// Answered reports whether an answer came, from wherever.
func (x Exchange) Answered() bool { return x.Mapped != nil && x.From != nil }

// direct reports whether the exchange is a plain one with an answer from where it went.
func (x Exchange) direct() bool {
	return x.Change == NoChange && x.Answered() && *x.From == x.To
}

// MappedTo is the address that the socket had for the first destination that answered;
// invalid when none did.
func (r Result) MappedTo() netip.AddrPort {
	for _, x := range r.Exchanges {
		if x.direct() {
			return *x.Mapped
		}
	}
	return netip.AddrPort{}
}

// Heard is the ledger of a [Server].
type Heard struct {
	// Arrivals are in the order of their first request.
	Arrivals []Arrival `json:"arrivals"`
	// Strangers counts packets without a valid key, which got no answer.
	Strangers int64 `json:"strangers,omitempty"`
	// Overflowed counts requests for which there was no room in the ledger.
	Overflowed int64 `json:"overflowed,omitempty"`
}

// An Arrival is what arrived from one source at one socket.
type Arrival struct {
	// At is the server's own socket, From where the requests came from.
	At     netip.AddrPort `json:"at"`
	From   netip.AddrPort `json:"from"`
	Change Change         `json:"change,omitempty"`
	// Requests arrived with a valid key, Answers left.
	Requests int64 `json:"requests"`
	Answers  int64 `json:"answers"`
}

// Answers counts the answers that left for requests of one kind; a nil ledger knows of
// none.
func (h *Heard) Answers(from netip.AddrPort, at netip.AddrPort, change Change) (n int64) {
	if h == nil {
		return 0
	}
	for _, a := range h.Arrivals {
		// The server's socket may be behind a NAT that keeps its port.
		if a.From == from && a.At.Port() == at.Port() && a.Change == change {
			n += a.Answers
		}
	}
	return n
}

// Requests counts what arrived at a port from an address.
func (h *Heard) Requests(from netip.Addr, port uint16) (n int64) {
	if h == nil {
		return 0
	}
	for _, a := range h.Arrivals {
		if a.From.Addr() == from && a.At.Port() == port {
			n += a.Requests
		}
	}
	return n
}
