package network

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// SetHopLimit sets how many routers a packet that the socket sends may pass, and one more: the
// time to live of IPv4 (RFC 791 section 3.1), the hop limit of IPv6 (RFC 8200 section 3), of 1 to
// 255. It fails for what is no socket of the system.
func SetHopLimit(c net.PacketConn, limit int) error {
	if local, err := netip.ParseAddrPort(c.LocalAddr().String()); err == nil && local.Addr().Is6() && !local.Addr().Is4In6() {
		return ipv6.NewPacketConn(c).SetHopLimit(limit)
	}
	return ipv4.NewPacketConn(c).SetTTL(limit)
}
