package rtpprobe

import (
	"crypto/subtle"
	"encoding/binary"
	"net/netip"
)

// A probe goes to an even port as an RTP packet of PCMU (RFC 3550 section 5.1, RFC 3551) and to an odd one
// as an RTCP compound of RR, SDES and APP (RFC 3550 section 6), so that a middlebox that looks into packets
// sees what it would see in a call. Both carry the same body: as the RTP payload, filled up with silence,
// or as the data of the APP packet. The layout of the body, big endian:
//
//	0 sweep id    4        10 rate code   1       20 arrived-on port  2
//	4 direction   1        11 (zero)      1       22 source port      2
//	5 window      1        12 port        2       24 source address  16
//	6 kind        1        14 local port  2       40 tag             16
//	7 attempt     1        16 sent at, µs 4
//	8 (zero)      2
//
// The tag is HMAC-SHA256 over the 40 bytes before it, cut to half its length (RFC 2104 section 5). One block
// of SHA-256 holds them. An echo is the request with kind, 20 to 40 and the tag changed, in as many bytes.
const (
	probeBodySize = 56
	probeTagSize  = 16
	rtpBodyAt     = 12
	rtcpBodyAt    = 8 + 16 + 12
)

// The sizes of a probe in bytes of UDP payload. An odd port's is the next lower multiple of 4.
const (
	// MinProbeBytes is the smallest that holds what a probe says.
	MinProbeBytes = 96
	// DefaultProbeBytes is that of G.711 with 20 ms in a packet.
	DefaultProbeBytes = 172
	// MaxProbeBytes stays within an Ethernet frame, over IPv6 and with some tunnel around it.
	MaxProbeBytes = 1400
)

// What a probe is.
const (
	probeEcho    = 1 << iota // an answer, else a request
	probeControl             // to a port that is known to answer: it measures loss
	probePrime               // from the receiving end, to open the way for requests; nobody answers it
)

// A probe is what one packet of a sweep says.
type probe struct {
	id        uint32
	direction SweepDirection
	window    uint8
	kind      uint8
	attempt   uint8  // the round, from 0 on
	rate      uint8  // how fast requests were sent, see rateCode
	port      uint16 // the request was sent to
	local     uint16 // the request was sent from, as its sender knows it
	at        uint32 // when the request was sent, in µs since the sweep started

	// Of an echo only: where the request arrived, and from where.
	arrived uint16
	source  netip.AddrPort
}

// probeSize is the size of a probe to a port.
func probeSize(port uint16, size int) int {
	if port&1 == 1 {
		return size &^ 3
	}
	return size
}

// bodyAt is where the body begins, in a packet for a port.
func bodyAt(port uint16) int {
	if port&1 == 1 {
		return rtcpBodyAt
	}
	return rtpBodyAt
}

// putFrame fills b with everything of a packet but the body.
func putFrame(b []byte, port uint16, ssrc uint32) {
	if port&1 == 1 {
		putReportFrame(b, ssrc)
		return
	}
	for i := range b {
		b[i] = 0xff // silence in PCMU
	}
	b[0], b[1] = rtpVersion<<6, byte(PCMU)
	binary.BigEndian.PutUint32(b[8:], ssrc)
}

// putReportFrame writes RR, SDES and the head of APP into b, whose length is a multiple of 4.
func putReportFrame(b []byte, ssrc uint32) {
	clear(b)
	const version = rtpVersion << 6
	copy(b, []byte{version, 201, 0, 1})
	copy(b[8:], []byte{version | 1, 202, 0, 3})
	copy(b[16:], "\x01\x05sweep") // CNAME, and the zero that ends the chunk
	copy(b[24:], []byte{version, 204})
	binary.BigEndian.PutUint16(b[26:], uint16((len(b)-24)/4-1))
	for _, at := range []int{4, 12, 28} {
		binary.BigEndian.PutUint32(b[at:], ssrc)
	}
	copy(b[32:], "BWSW")
}

// put writes the probe into a packet whose frame is there, and tags it.
func (p *probe) put(packet []byte, mac *probeMAC) {
	if p.port&1 == 0 {
		binary.BigEndian.PutUint16(packet[2:], uint16(p.at>>6))
		binary.BigEndian.PutUint32(packet[4:], p.at/125) // 8 kHz
	}
	b := packet[bodyAt(p.port):]
	binary.BigEndian.PutUint32(b, p.id)
	b[4], b[5], b[6], b[7] = byte(p.direction), p.window, p.kind, p.attempt
	b[8], b[9], b[10], b[11] = 0, 0, p.rate, 0
	binary.BigEndian.PutUint16(b[12:], p.port)
	binary.BigEndian.PutUint16(b[14:], p.local)
	binary.BigEndian.PutUint32(b[16:], p.at)
	p.putArrival(b)
	copy(b[probeBodySize-probeTagSize:probeBodySize], mac.tag(b[:probeBodySize-probeTagSize]))
}

func (p *probe) putArrival(b []byte) {
	binary.BigEndian.PutUint16(b[20:], p.arrived)
	binary.BigEndian.PutUint16(b[22:], p.source.Port())
	var address [16]byte
	if p.source.IsValid() {
		address = p.source.Addr().As16()
	}
	copy(b[24:], address[:])
}

// echo turns the packet of a request that was parsed into its echo.
func (p *probe) echo(packet []byte, arrived uint16, source netip.AddrPort, mac *probeMAC) {
	p.kind |= probeEcho
	p.arrived, p.source = arrived, source
	p.put(packet, mac)
}

// parseProbe reads a packet of the sweep; false is anything else, whatever it is.
func (t SweepTerms) parseProbe(packet []byte, mac *probeMAC) (p probe, ok bool) {
	b := probeBody(packet)
	if b == nil || binary.BigEndian.Uint32(b) != t.ID || b[4] != byte(t.Direction) || b[5] != t.Window {
		return p, false
	}
	const signed = probeBodySize - probeTagSize
	if subtle.ConstantTimeCompare(mac.tag(b[:signed]), b[signed:probeBodySize]) != 1 {
		return p, false
	}
	p = probe{
		id: t.ID, direction: t.Direction, window: t.Window, kind: b[6], attempt: b[7], rate: b[10],
		port: binary.BigEndian.Uint16(b[12:]), local: binary.BigEndian.Uint16(b[14:]), at: binary.BigEndian.Uint32(b[16:]),
	}
	if p.kind&probeEcho != 0 {
		p.arrived = binary.BigEndian.Uint16(b[20:])
		source := netip.AddrFrom16([16]byte(b[24:40])).Unmap()
		p.source = netip.AddrPortFrom(source, binary.BigEndian.Uint16(b[22:]))
	}
	// The form must be that of the port: an echo is written into the packet as it is.
	return p, p.port != 0 && p.attempt < maxRounds && bodyAt(p.port) == len(packet)-len(b)
}

// probeBody is where the body would stand, nil when the packet is too short or of another kind.
func probeBody(packet []byte) []byte {
	if len(packet) < rtcpBodyAt+probeBodySize || len(packet) > MaxProbeBytes || packet[0]>>6 != rtpVersion {
		return nil
	}
	if isReport(packet) {
		return packet[rtcpBodyAt:]
	}
	return packet[rtpBodyAt:]
}
