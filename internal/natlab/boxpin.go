package natlab

import (
	"net/netip"
	"regexp"
	"strconv"
)

// sdpPort is the port of a media line (RFC 4566 section 5.14).
var sdpPort = regexp.MustCompile(`(?m)^m=[a-z]+ ([0-9]+)`)

// A medium is a media port of an inside host.
type medium struct {
	host netip.Addr
	port uint16
}

// mediaPeers are the hosts to which the SDP of media ports was sent.
type mediaPeers map[medium]netip.Addr

// learn reads a SIP message from inside with SDP, over UDP from or to the ports. The
// address in the SDP does not count, as behind a NAT it may be any.
func (m mediaPeers) learn(p *packet, ports Ports) {
	payload, ok := p.payload()
	if !ok || !ports.has(p.flow.src.Port()) && !ports.has(p.flow.dst.Port()) {
		return
	}
	text, ok := readSIP(payload)
	if !ok || !text.hasSDP() {
		return
	}
	for _, found := range sdpPort.FindAllSubmatch(text.body, -1) {
		if port, err := strconv.ParseUint(string(found[1]), 10, 16); err == nil {
			m[medium{p.flow.src.Addr(), uint16(port)}] = p.flow.dst.Addr()
		}
	}
}

// strange tells whether a packet is for a media port, and not from its peer.
func (m mediaPeers) strange(p *packet) bool {
	if p.proto != protoUDP || p.fragment {
		return false
	}
	peer, ok := m[medium{p.flow.dst.Addr(), p.flow.dst.Port()}]
	return ok && peer != p.flow.src.Addr()
}
