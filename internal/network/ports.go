package network

import (
	"context"
	"net"
	"net/netip"
)

// A Placer is a Network whose sockets can be opened by other means than its own: Do
// calls f on a thread whose sockets are the host's, and returns what f does.
type Placer interface {
	Do(f func() error) error
}

// Do calls f: every thread is on this machine.
func (Host) Do(f func() error) error { return f() }

// Opener is how to open a free UDP port that can send to a remote address.
func Opener(ctx context.Context, n Network) func(to netip.Addr) (net.PacketConn, error) {
	return func(to netip.Addr) (net.PacketConn, error) {
		local, err := n.Source(ctx, to)
		if err != nil {
			return nil, err
		}
		return n.ListenPacket(ctx, netip.AddrPortFrom(local, 0))
	}
}

// UDPPorts is how to open many UDP ports of one address: open opens one of them, and
// within, nil unless the network is a Placer, is where all can be opened at a time.
func UDPPorts(ctx context.Context, n Network, local netip.Addr) (open func(port uint16) (net.PacketConn, error), within func(func() error) error) {
	open = func(port uint16) (net.PacketConn, error) {
		return n.ListenPacket(ctx, netip.AddrPortFrom(local, port))
	}
	if p, ok := n.(Placer); ok {
		within = p.Do
	}
	return open, within
}
