package network

import (
	"net"
	"net/netip"
)

// Private reports whether an address has no meaning outside its own network: RFC 1918,
// RFC 4193, and the addresses that carriers share between their customers (RFC 6598).
func Private(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10).Contains(a)
}

// AddrPort is the address and port of a socket, IPv4 as such; invalid where there is none.
func AddrPort(a net.Addr) netip.AddrPort {
	ap, _ := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// PortOf is the port of a socket.
func PortOf(c net.PacketConn) uint16 { return AddrPort(c.LocalAddr()).Port() }

// CloseAll closes sockets.
func CloseAll(conns []net.PacketConn) {
	for _, c := range conns {
		c.Close()
	}
}
