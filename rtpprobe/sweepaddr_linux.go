package rtpprobe

import (
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// A sockaddr is a sockaddr_in or a sockaddr_in6 as the kernel has it.
type sockaddr [unix.SizeofSockaddrInet6]byte

// put writes an address for a socket of a family, AF_INET or AF_INET6, and returns the length.
func (s *sockaddr) put(family int, to netip.AddrPort) uint32 {
	binary.NativeEndian.PutUint16(s[:], uint16(family))
	binary.BigEndian.PutUint16(s[2:], to.Port())
	if family == unix.AF_INET {
		a := to.Addr().As4()
		copy(s[4:], a[:])
		return unix.SizeofSockaddrInet4
	}
	a := to.Addr().As16()
	copy(s[8:], a[:])
	binary.NativeEndian.PutUint32(s[24:], zoneIndex(to.Addr().Zone()))
	return unix.SizeofSockaddrInet6
}

// setPort changes the port of an address that was put.
func (s *sockaddr) setPort(port uint16) { binary.BigEndian.PutUint16(s[2:], port) }

// get is what stands there, without a zone; the zero AddrPort for any other family.
func (s *sockaddr) get() netip.AddrPort {
	port := binary.BigEndian.Uint16(s[2:])
	switch binary.NativeEndian.Uint16(s[:]) {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(s[4:8])), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(s[8:24])).Unmap(), port)
	}
	return netip.AddrPort{}
}

// zoneIndex is the number of an interface, 0 for none or an unknown one.
func zoneIndex(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}

func familyOf(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}
