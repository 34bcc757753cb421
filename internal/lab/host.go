package lab

import (
	"context"
	"net"
	"net/netip"

	"bothways/internal/natlab"
	"bothways/internal/network"
)

// host is a natlab host as client and responder see their machine.
type host struct{ *natlab.Host }

var _ network.Network = host{}

func (h host) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := h.Host.ListenPacket(ctx, local)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (h host) Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error) {
	l, err := h.ListenTCP(ctx, local)
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (h host) Dial(ctx context.Context, remote netip.AddrPort) (net.Conn, error) {
	c, err := h.DialTCP(ctx, netip.AddrPort{}, remote)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (h host) DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	c, err := h.DialUDP(ctx, local, remote)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (h host) Addresses() ([]netip.Addr, error) { return h.Addrs(), nil }

func (h host) Source(ctx context.Context, remote netip.Addr) (addr netip.Addr, err error) {
	err = h.Do(func() error {
		addr, err = network.Host{}.Source(ctx, remote)
		return err
	})
	return addr, err
}

func (h host) DialFrom(ctx context.Context, local netip.Addr, remote netip.AddrPort) (net.Conn, error) {
	c, err := h.DialTCP(ctx, netip.AddrPortFrom(local, 0), remote)
	if err != nil {
		return nil, err
	}
	return c, nil
}
