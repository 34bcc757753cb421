package network

import (
	"errors"
	"net/netip"
)

// ErrNoCapture says that this program may not see what arrives at the host before the
// host's own firewall does, or cannot on this platform.
var ErrNoCapture = errors.New("no capture")

// A Captured is a packet as it arrived at the host, before its firewall, or a TCP segment
// that opens a connection as it left the host.
type Captured struct {
	Source, Destination netip.AddrPort
	// Out is true for what left. Only TCP is seen so.
	Out bool
	// TCP is false for UDP. SYN and ACK are its flags (RFC 9293 section 3.1).
	TCP, SYN, ACK bool
	// Payload is that of UDP, as much of it as was kept; valid until the next packet.
	Payload []byte
}

// A Capture reads packets until it is closed. One goroutine may call Next.
type Capture interface {
	// Next waits for the next UDP packet to the host, or TCP segment with SYN either way.
	Next() (Captured, error)
	Close() error
}

// OpenCapture sees the packets of a network that is a [Placer]. The error is ErrNoCapture,
// with the reason.
func OpenCapture(n Network) (c Capture, err error) {
	p, ok := n.(Placer)
	if !ok {
		return nil, ErrNoCapture
	}
	err = p.Do(func() error {
		c, err = openCapture()
		return err
	})
	return c, err
}

// The protocols that are captured, as IP numbers them.
const (
	protocolTCP = 6
	protocolUDP = 17
)

// parsePacket reads an IP packet; false for what is neither UDP nor TCP, a later
// fragment, or cut short. Extension headers of IPv6 are not followed.
func parsePacket(b []byte) (Captured, bool) {
	var c Captured
	var protocol byte
	var from, to netip.Addr
	switch {
	case len(b) >= 20 && b[0]>>4 == 4:
		header := int(b[0]&0xf) * 4
		fragment := uint16(b[6]&0x1f)<<8 | uint16(b[7])
		if header < 20 || len(b) < header || fragment != 0 {
			return c, false
		}
		protocol = b[9]
		from, to = netip.AddrFrom4([4]byte(b[12:16])), netip.AddrFrom4([4]byte(b[16:20]))
		b = b[header:]
	case len(b) >= 40 && b[0]>>4 == 6:
		protocol = b[6]
		from, to = netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
		b = b[40:]
	default:
		return c, false
	}
	return parseSegment(b, protocol, from, to)
}

func parseSegment(b []byte, protocol byte, from, to netip.Addr) (c Captured, ok bool) {
	switch {
	case protocol == protocolUDP && len(b) >= 8:
		c.Payload = b[8:]
	case protocol == protocolTCP && len(b) >= 20:
		c.TCP, c.SYN, c.ACK = true, b[13]&2 != 0, b[13]&16 != 0
	default:
		return c, false
	}
	c.Source = netip.AddrPortFrom(from, uint16(b[0])<<8|uint16(b[1]))
	c.Destination = netip.AddrPortFrom(to, uint16(b[2])<<8|uint16(b[3]))
	return c, true
}

// BadChecksums is how many UDP packets the host has dropped since it started because
// their checksum was wrong: no socket gets them, whatever the firewall does. The network
// must be a [Placer].
func BadChecksums(n Network) (count int64, err error) {
	p, ok := n.(Placer)
	if !ok {
		return 0, ErrNoCapture
	}
	err = p.Do(func() error {
		count, err = badChecksums()
		return err
	})
	return count, err
}
