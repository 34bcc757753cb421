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

// CloseAll closes sockets.
func CloseAll(conns []net.PacketConn) {
	for _, c := range conns {
		c.Close()
	}
}
