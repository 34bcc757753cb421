package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// A LocalDialer is a Network that can dial from an address of the caller's choice.
type LocalDialer interface {
	// DialFrom opens a TCP connection from one of the host's addresses.
	DialFrom(ctx context.Context, local netip.Addr, remote netip.AddrPort) (net.Conn, error)
}

var errNoDialFrom = errors.New("this network cannot dial from a chosen address")

// DialFrom dials from an address, where the network can do that.
func DialFrom(ctx context.Context, n Network, local netip.Addr, remote netip.AddrPort) (net.Conn, error) {
	d, ok := n.(LocalDialer)
	if !ok {
		return nil, errNoDialFrom
	}
	return d.DialFrom(ctx, local, remote)
}

// DialFrom opens a TCP connection from one of the machine's addresses.
func (Host) DialFrom(ctx context.Context, local netip.Addr, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0))}
	return d.DialContext(ctx, family("tcp", remote.Addr()), remote.String())
}
