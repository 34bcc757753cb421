package sipprobe

import (
	"fmt"
	"strings"
)

// Transport is one of the three SIP transports under test (RFC 3261 section 18).
type Transport string

// The transports, in the spelling of flags, scenarios and reports.
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
	TLS Transport = "tls"
)

// Transports lists every transport in the order in which reports name them.
func Transports() []Transport { return []Transport{UDP, TCP, TLS} }

// ParseTransport reads "udp", "tcp" or "tls" in any case.
func ParseTransport(s string) (Transport, error) {
	switch t := Transport(strings.ToLower(s)); t {
	case UDP, TCP, TLS:
		return t, nil
	}
	return "", fmt.Errorf("unknown transport %q: use udp, tcp or tls", s)
}

// DefaultPort is the transport's registered port: 5060, or 5061 for TLS
// (RFC 3261 section 19.1.2).
func (t Transport) DefaultPort() uint16 {
	if t == TLS {
		return 5061
	}
	return 5060
}

// Reliable reports whether the transport retransmits by itself, so that SIP's
// own retransmission timers stay off (RFC 3261 section 17).
func (t Transport) Reliable() bool { return t != UDP }

// String returns the transport as Via headers spell it: "UDP", "TCP", "TLS".
func (t Transport) String() string { return strings.ToUpper(string(t)) }
