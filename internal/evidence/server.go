package evidence

import (
	"net/netip"

	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// ServerFacts are what one end saw of somebody else's server. There is no second ledger:
// the server tells nobody what reached it.
type ServerFacts struct {
	// Lookup is null where the host was given as an address.
	Lookup *Lookup `json:"lookup"`
	// Trials are one for each address that was tried; of a name no more than MaxTrials.
	Trials []ServerTrial `json:"trials"`
	// Control is the same from the client, right after it had failed from the site; null
	// where it was not tried: the client then stands elsewhere on the Internet.
	Control *ServerFacts `json:"control,omitempty"`
	// Missing says why there is no record, or not all of it.
	Missing string `json:"missing,omitempty"`
}

// MaxTrials bounds the addresses of a name that are tried.
const MaxTrials = 4

// A Lookup is one name looked up in DNS.
type Lookup struct {
	Name string `json:"name"`
	// Resolvers are the DNS servers that were asked, in their order; empty when the name
	// stood in a file of the machine, or the system does not tell.
	Resolvers []netip.AddrPort `json:"resolvers,omitempty"`
	// Given is true when the scenario named the resolver.
	Given bool `json:"given,omitempty"`
	// Addresses are what it stands for, IPv4 (A) before IPv6 (AAAA); null is none.
	Addresses []netip.Addr `json:"addresses"`
	// Error is "not-found" (no such name, or no address of it), "timeout", "refused" (by
	// ICMP: no DNS server there), "unreachable", "failed" (the DNS server could not
	// say), "not-allowed" or "local"; empty when there are addresses. Detail is in the system's words.
	Error      string  `json:"error,omitempty"`
	Detail     string  `json:"detail,omitempty"`
	Tries      int     `json:"tries"`
	DurationMs float64 `json:"duration_ms"`
}

// A ServerTrial is one address asked.
type ServerTrial struct {
	Remote netip.AddrPort `json:"remote"`
	// Forbidden says why the responder's operator does not let it be asked; empty when he does.
	Forbidden string `json:"forbidden,omitempty"`
	// NoRoute says why this machine has no way to such addresses at all, as without IPv6;
	// nothing was sent then.
	NoRoute string `json:"no_route,omitempty"`
	// Connect is null over UDP.
	Connect *Connect `json:"connect"`
	// TLS is the handshake of a client that offers every version; null for other protocols.
	TLS *tlsprobe.Result `json:"tls,omitempty"`
	// HTTP, NTP and SIP are what was answered; null for other protocols.
	HTTP *HTTPAnswer        `json:"http,omitempty"`
	NTP  *NTPAnswer         `json:"ntp,omitempty"`
	SIP  *sipprobe.Exchange `json:"sip,omitempty"`
	// ICMP is what the system heard by ICMP over UDP: "refused" (port unreachable) or
	// "unreachable"; empty is nothing. Anybody on the way can send that.
	ICMP string `json:"icmp,omitempty"`
}

// An HTTPAnswer is the head of what a web server said.
type HTTPAnswer struct {
	// Status is 0 without an answer; Error then says why.
	Status int    `json:"status"`
	Proto  string `json:"proto,omitempty"`
	// Server and Location are from its head; a redirect is not followed.
	Server     string  `json:"server,omitempty"`
	Location   string  `json:"location,omitempty"`
	Error      string  `json:"error,omitempty"`
	DurationMs float64 `json:"duration_ms"`
}

// An NTPAnswer is one exchange with a time server (RFC 5905).
type NTPAnswer struct {
	// Answered is true when a valid answer to the question came.
	Answered bool `json:"answered"`
	// OffsetMs is what must be added to this end's clock, RTTMs the round trip; null
	// without an answer.
	OffsetMs *float64 `json:"offset_ms"`
	RTTMs    *float64 `json:"rtt_ms"`
	// Stratum is 1 to 15 for a server that knows the time; 0 comes with Kiss, the code by
	// which a server asks to be left alone (section 7.4), 16 is a server without the time.
	Stratum int    `json:"stratum"`
	Kiss    string `json:"kiss,omitempty"`
	// Unsynchronised is true when the server says that its own clock is not set.
	Unsynchronised bool `json:"unsynchronised,omitempty"`
	// Sent counts the questions.
	Sent  int    `json:"sent"`
	Error string `json:"error,omitempty"`
}

// Content reports whether every address that could be tried gave the answer that was asked
// for. It says nothing of what is in the answer, but of the trust in a certificate.
func (f *ServerFacts) Content() bool {
	answered := false
	for _, t := range f.Trials {
		if t.Forbidden != "" || t.NoRoute != "" {
			continue
		}
		if !t.content() {
			return false
		}
		answered = true
	}
	return answered
}

func (t ServerTrial) content() bool {
	switch {
	case t.Connect != nil && t.Connect.Result != "open", t.HTTP != nil && t.HTTP.Status == 0:
		return false
	case t.TLS != nil && (!t.TLS.Ordinary.Complete || t.TLS.Trust != nil && !t.TLS.Trust.Trusted):
		return false
	case t.NTP != nil && !t.NTP.Answered:
		return false
	}
	return t.SIP == nil || t.SIP.Status != 0
}
