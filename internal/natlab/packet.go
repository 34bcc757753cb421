package natlab

import (
	"encoding/binary"
	"net/netip"
)

// What a box reads of a frame: Ethernet, IPv4 (RFC 791), IPv6 (RFC 8200), UDP (RFC 768)
// and the ports of TCP.
const (
	ethernetBytes = 14
	ipv4Bytes     = 20
	ipv6Bytes     = 40
	udpBytes      = 8

	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd

	protoTCP      = 6
	protoUDP      = 17
	protoFragment = 44
)

// A packet is an IP packet in its Ethernet frame.
type packet struct {
	frame     []byte // ends where the IP packet does
	transport int    // where the transport header begins
	family    Family
	proto     byte // IPv4's protocol or IPv6's next header, past a fragment header
	fragment  bool
	whole     bool // may not be fragmented on the way
	flow      flow // without ports in fragments and beside UDP and TCP
}

// A flow is what packets of one conversation in one direction share.
type flow struct {
	proto    byte
	src, dst netip.AddrPort
}

// readPacket reads a frame; false means that it is not a sound IP packet.
func readPacket(frame []byte) (packet, bool) {
	if len(frame) < ethernetBytes {
		return packet{}, false
	}
	p := packet{frame: frame}
	ok := false
	switch binary.BigEndian.Uint16(frame[12:]) {
	case etherIPv4:
		ok = p.readIPv4()
	case etherIPv6:
		ok = p.readIPv6()
	}
	if ok {
		p.readPorts()
	}
	return p, ok
}

func (p *packet) ip() []byte { return p.frame[ethernetBytes:] }

func (p *packet) readIPv4() bool {
	ip := p.ip()
	if len(ip) < ipv4Bytes || ip[0]>>4 != 4 {
		return false
	}
	header, total := int(ip[0]&15)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if header < ipv4Bytes || total < header || total > len(ip) {
		return false
	}
	p.frame = p.frame[:ethernetBytes+total]
	p.family, p.proto, p.transport = IPv4, ip[9], ethernetBytes+header
	flags := binary.BigEndian.Uint16(ip[6:])
	p.whole, p.fragment = flags&0x4000 != 0, flags&0x3fff != 0
	p.flow.src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[12:16])), 0)
	p.flow.dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[16:20])), 0)
	return true
}

// readIPv6 looks past a fragment header only: nothing else stands before UDP and TCP here.
func (p *packet) readIPv6() bool {
	ip := p.ip()
	if len(ip) < ipv6Bytes || ip[0]>>4 != 6 {
		return false
	}
	total := ipv6Bytes + int(binary.BigEndian.Uint16(ip[4:]))
	if total > len(ip) {
		return false
	}
	p.frame = p.frame[:ethernetBytes+total]
	p.family, p.proto, p.transport, p.whole = IPv6, ip[6], ethernetBytes+ipv6Bytes, true
	if p.proto == protoFragment && total >= ipv6Bytes+8 {
		p.fragment, p.proto = true, ip[ipv6Bytes]
		p.transport += 8
	}
	p.flow.src = netip.AddrPortFrom(netip.AddrFrom16([16]byte(ip[8:24])), 0)
	p.flow.dst = netip.AddrPortFrom(netip.AddrFrom16([16]byte(ip[24:40])), 0)
	return true
}

func (p *packet) readPorts() {
	p.flow.proto = p.proto
	t := p.frame[p.transport:]
	if p.fragment || p.proto != protoUDP && p.proto != protoTCP || len(t) < 4 {
		return
	}
	p.flow.src = netip.AddrPortFrom(p.flow.src.Addr(), binary.BigEndian.Uint16(t))
	p.flow.dst = netip.AddrPortFrom(p.flow.dst.Addr(), binary.BigEndian.Uint16(t[2:]))
}

// size is the packet's, from the IP header on.
func (p *packet) size() int { return len(p.frame) - ethernetBytes }

// payload is what a whole UDP datagram carries; false for anything else.
func (p *packet) payload() ([]byte, bool) {
	if p.fragment || p.proto != protoUDP || len(p.frame) < p.transport+udpBytes {
		return nil, false
	}
	return p.frame[p.transport+udpBytes:], true
}

// withPayload returns the frame with another payload, its lengths and checksums right.
func (p *packet) withPayload(payload []byte) []byte {
	head := p.transport + udpBytes
	frame := append(append(make([]byte, 0, head+len(payload)), p.frame[:head]...), payload...)
	ip := frame[ethernetBytes:]
	if p.family == IPv4 {
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	} else {
		binary.BigEndian.PutUint16(ip[4:], uint16(len(ip)-ipv6Bytes))
	}
	udp := frame[p.transport:]
	binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
	p.frame = frame
	p.sum()
	return frame
}

// withSourcePort returns the frame with another source port of UDP.
func (p *packet) withSourcePort(port uint16) []byte {
	p.frame = append([]byte(nil), p.frame...)
	binary.BigEndian.PutUint16(p.frame[p.transport:], port)
	p.sum()
	return p.frame
}

// dscp is the code point (RFC 2474).
func (p *packet) dscp() uint8 {
	ip := p.ip()
	if p.family == IPv4 {
		return ip[1] >> 2
	}
	return ip[0]<<2&0x3f | ip[1]>>6
}

// withDSCP returns the frame with another code point; ECN stays (RFC 3168).
func (p *packet) withDSCP(dscp uint8) []byte {
	p.frame = append([]byte(nil), p.frame...)
	ip := p.ip()
	if p.family == IPv4 {
		ip[1] = dscp<<2 | ip[1]&3
		p.sumIPv4()
	} else {
		ip[0] = ip[0]&0xf0 | dscp>>2
		ip[1] = dscp<<6 | ip[1]&0x3f
	}
	return p.frame
}

// sum makes all checksums of a UDP datagram right.
func (p *packet) sum() {
	if p.family == IPv4 {
		p.sumIPv4()
	}
	udp := p.frame[p.transport:]
	udp[6], udp[7] = 0, 0
	pseudo := append(p.flow.src.Addr().AsSlice(), p.flow.dst.Addr().AsSlice()...)
	pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(udp)))
	pseudo = binary.BigEndian.AppendUint16(pseudo, protoUDP)
	s := checksum(pseudo, udp)
	if s == 0 {
		s = 0xffff // 0 means that there is none
	}
	binary.BigEndian.PutUint16(udp[6:], s)
}

func (p *packet) sumIPv4() {
	header := p.frame[ethernetBytes:p.transport]
	header[10], header[11] = 0, 0
	binary.BigEndian.PutUint16(header[10:], checksum(header))
}

// checksum is that of the Internet (RFC 1071); all parts but the last are of even length.
func checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, b := range parts {
		for ; len(b) > 1; b = b[2:] {
			sum += uint32(binary.BigEndian.Uint16(b))
		}
		if len(b) == 1 {
			sum += uint32(b[0]) << 8
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
