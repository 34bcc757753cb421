// Package network is how the two programs open sockets: on this machine, or on a
// host of the lab. It exists so that client and responder are the same code in both.
package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// A Network opens the sockets of one host. Port 0 asks for any free port. Every
// address names its family: a socket for an IPv4 address speaks IPv4 only. Connections
// are without TCP keep-alives, which would keep a path from forgetting them.
type Network interface {
	ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error)
	Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error)
	// Dial opens a TCP connection.
	Dial(ctx context.Context, remote netip.AddrPort) (net.Conn, error)
	// DialPacket opens a UDP socket that sends to a remote address and hears of nobody
	// else; its errors are those that ICMP reported of it.
	DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error)
	// Addresses lists the host's unicast addresses without link-local ones, loopback last.
	Addresses() ([]netip.Addr, error)
	// Source is the address from which the host would send to a remote one.
	Source(ctx context.Context, remote netip.Addr) (netip.Addr, error)
}

// Host is the machine that the program runs on.
type Host struct{}

// ListenPacket opens a UDP socket.
func (Host) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, family("udp", local.Addr()), local.String())
}

// Listen opens a TCP listener.
func (Host) Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error) {
	return (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, family("tcp", local.Addr()), local.String())
}

// Dial opens a TCP connection.
func (Host) Dial(ctx context.Context, remote netip.AddrPort) (net.Conn, error) {
	return (&net.Dialer{KeepAlive: -1}).DialContext(ctx, family("tcp", remote.Addr()), remote.String())
}

// DialPacket opens a UDP socket for one peer.
func (Host) DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(local)}
	return d.DialContext(ctx, family("udp", remote.Addr()), remote.String())
}

func family(network string, a netip.Addr) string {
	if a.Unmap().Is4() {
		return network + "4"
	}
	return network + "6"
}

// Addresses lists the addresses of the machine's interfaces.
func (Host) Addresses() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out, loopback []netip.Addr
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		switch addr := prefix.Addr().Unmap(); {
		case addr.IsLoopback():
			loopback = append(loopback, addr)
		case addr.IsGlobalUnicast():
			out = append(out, addr)
		}
	}
	return append(out, loopback...), nil
}

// Source asks the routing table by connecting a UDP socket, which sends nothing.
func (Host) Source(ctx context.Context, remote netip.Addr) (netip.Addr, error) {
	const discard = 9
	c, err := new(net.Dialer).DialContext(ctx, family("udp", remote), netip.AddrPortFrom(remote, discard).String())
	if err != nil {
		return netip.Addr{}, fmt.Errorf("no route to %s: %w", remote, err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
