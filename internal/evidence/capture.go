package evidence

import "bothways/rtpprobe"

// A Capture is what reached the responder's machine from the client's address, counted
// before the machine's own firewall. Only the end that has the right to can count it.
type Capture struct {
	// Missing says why there was none; the rest means nothing then.
	Missing string `json:"missing,omitempty"`
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
