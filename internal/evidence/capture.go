package evidence

import (
	"slices"

	"bothways/rtpprobe"
)

// A Capture is what reached the responder's machine from the client's address, counted
// before the machine's own firewall. Only the end that has the right to can count it.
type Capture struct {
	// Missing says why there was none; the rest means nothing then.
	Missing string `json:"missing,omitempty"`
	// Mixed is true, beside Missing, where another client at the same address had the responder
	// at the same time.
	Mixed bool `json:"mixed,omitempty"`
	// BadChecksums are UDP packets from whomever that the machine dropped meanwhile for a
	// wrong checksum; null where it does not tell.
	BadChecksums *int64 `json:"bad_checksums"`
	// SIP counts UDP packets of this run to the responder's SIP port, by the run's ID in them.
	SIP int64 `json:"sip"`
	// UDP counts all UDP packets by their port, each port in one of the counts; ports
	// without a packet are in none. A count stops at 65,535.
	UDP []CapturedPorts `json:"udp"`
	// TCP counts attempts to connect to the SIP ports.
	TCP []CapturedConnects `json:"tcp"`
	// Held are ports of other programs that the client asked; a port that is not listed
	// was not watched.
	Held []CapturedHeld `json:"held,omitempty"`
}

// CapturedHeld is what reached a port that another program on the machine holds, from
// when the responder found it held: over TCP attempts to connect, over UDP packets.
type CapturedHeld struct {
	// Transport is "tcp" or "udp".
	Transport string `json:"transport"`
	Port      uint16 `json:"port"`
	// FromClient came from an address at which the client has proven itself, FromOthers
	// from elsewhere: a router that hides where it forwards from is among those.
	FromClient int64 `json:"from_client"`
	FromOthers int64 `json:"from_others"`
	// Answers are the machine's SYN with ACK to the client; 0 over UDP.
	Answers int64 `json:"answers"`
}

// CapturedPorts are UDP ports at which as many packets arrived, at each of them.
type CapturedPorts struct {
	Packets int64            `json:"packets"`
	Ports   rtpprobe.PortSet `json:"ports"`
}

// CapturedConnects are the TCP segments with which connections to a port begin: SYN that
// arrived, and SYN with ACK with which the machine answered them.
type CapturedConnects struct {
	Port    uint16 `json:"port"`
	SYN     int64  `json:"syn"`
	Answers int64  `json:"answers"`
}

// HeldPort is what was counted at a port that another program holds; nil when nothing was.
func (c *Capture) HeldPort(transport string, port uint16) *CapturedHeld {
	if c == nil || c.Missing != "" {
		return nil
	}
	for i := range c.Held {
		if h := &c.Held[i]; h.Transport == transport && h.Port == port {
			return h
		}
	}
	return nil
}

// SawClient reports whether anything of the client was counted at all; where nothing was, a
// count of 0 at a port may be that of a capture that sees nothing.
func (c *Capture) SawClient() bool {
	return c.SIP > 0 || len(c.UDP) > 0 || len(c.TCP) > 0 || slices.ContainsFunc(c.Held, func(h CapturedHeld) bool { return h.FromClient > 0 })
}

// Packets is how many UDP packets arrived at a port; false when nothing was captured.
func (c *Capture) Packets(port uint16) (n int64, known bool) {
	if c == nil || c.Missing != "" {
		return 0, false
	}
	for _, p := range c.UDP {
		if p.Ports.Contains(port) {
			return p.Packets, true
		}
	}
	return 0, true
}
