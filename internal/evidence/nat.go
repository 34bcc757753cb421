package evidence

import (
	"net/netip"

	"bothways/rtpprobe/natprobe"
	"bothways/sipprobe"
)

// A SecondAddress is another address of the client's machine, and how it showed itself
// to the responder.
type SecondAddress struct {
	Address netip.Addr `json:"address"`
	// SeenAs is where the responder saw it, having had an answer to a challenge from
	// there; null when it did not, and then Error says why.
	SeenAs    *netip.AddrPort    `json:"seen_as"`
	Transport sipprobe.Transport `json:"transport,omitempty"`
	Error     string             `json:"error,omitempty"`
}

// NATFacts are what both ends recorded of a NAT. Outbound the responder probes and the
// client answers, inbound it is the other way round.
type NATFacts struct {
	// Sockets are those of the end that probed; null when its record could not be had:
	// then Missing says why.
	Sockets []NATSocket `json:"sockets"`
	// Others are sockets of the other address family, which asked STUN servers alone.
	Others []natprobe.Result `json:"others,omitempty"`
	// Heard is the ledger of the end that answered; null when it could not be had.
	Heard   *natprobe.Heard `json:"heard"`
	Missing string          `json:"missing,omitempty"`
	// Cold is what the client sent to the responder's sockets before these had sent
	// anything, and ColdHeard what the responder saw of it; outbound only.
	Cold      []ColdProbe     `json:"cold,omitempty"`
	ColdHeard *natprobe.Heard `json:"cold_heard,omitempty"`
	// Hairpin is the site's own public address tried from inside; null when it was not.
	Hairpin *Hairpin `json:"hairpin,omitempty"`
}

// A NATClass tells sockets apart by what a site forwards.
type NATClass string

// The classes.
const (
	// MediaPort is a port of the end's RTP range, which a site is meant to forward.
	MediaPort NATClass = "media"
	// FreePort is one that no forward is for: what the NAT does by itself shows there.
	FreePort NATClass = "free"
)

// A NATSocket is one that probed.
type NATSocket struct {
	Class NATClass `json:"class"`
	// Fresh is true when the program had not used its port of late, so that no NAT remembers it.
	Fresh bool `json:"fresh"`
	natprobe.Result
}

// A ColdProbe is what the client sent to one port of the responder.
type ColdProbe struct {
	Class NATClass `json:"class"`
	Port  uint16   `json:"port"`
	// Second is true when it came from the client's second address.
	Second bool `json:"second,omitempty"`
	natprobe.Exchange
}

// A Hairpin is a question from one socket of the responder to another, by way of the
// site's public address.
type Hairpin struct {
	// Known says how the responder knows that the address is the site's own:
	// "public-address" as its operator gave it, or "stun" from the server he named.
	Known string `json:"known"`
	// Result is that of the socket which asked, Heard the ledger of the one that was asked.
	Result natprobe.Result `json:"result"`
	Heard  natprobe.Heard  `json:"heard"`
}

// SecondToken marks the message by which a second address shows itself.
func (r Run) SecondToken(t sipprobe.Transport) string { return r.ID + "-second-" + string(t) }
