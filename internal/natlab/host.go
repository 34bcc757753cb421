package natlab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// A Host is one machine of a lab: a host or a router, with a network
// namespace of its own.
type Host struct {
	name  string
	addrs []netip.Addr
	ns    *namespace
}

// Name is the host's name, as [Lab.Host] takes it.
func (h *Host) Name() string { return h.name }

// Addrs lists the host's addresses, IPv4 before IPv6, the first of each being
// the one that an unbound socket uses. Loopback and link-local are left out.
func (h *Host) Addrs() []netip.Addr { return slices.Clone(h.addrs) }

// Do calls f with its thread inside the host's namespace: sockets that f opens
// and processes that it starts belong to the host and stay so. Goroutines that
// f starts are elsewhere. Do returns what f returns, and an error when the lab
// is closed. The thread is put back however f ends; where that fails, the
// thread ends with its goroutine and Do says so.
func (h *Host) Do(f func() error) error {
	if err := h.ns.do(f); err != nil {
		return fmt.Errorf("%s: %w", h.name, err)
	}
	return nil
}

// ListenPacket opens a UDP socket on the host. Port 0 picks a free one.
// The socket speaks the family of the address only.
func (h *Host) ListenPacket(ctx context.Context, local netip.AddrPort) (*net.UDPConn, error) {
	var c net.PacketConn
	err := h.Do(func() (err error) {
		c, err = new(net.ListenConfig).ListenPacket(ctx, network("udp", local), local.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

// ListenTCP opens a TCP listener on the host. Port 0 picks a free one. Its
// connections send no TCP keep-alives.
// The listener speaks the family of the address only.
func (h *Host) ListenTCP(ctx context.Context, local netip.AddrPort) (*net.TCPListener, error) {
	var l net.Listener
	err := h.Do(func() (err error) {
		l, err = (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, network("tcp", local), local.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

// DialTCP connects from the host to the remote address. The zero local address
// lets the kernel choose; port 0 lets it choose the port. The connection sends
// no TCP keep-alives.
func (h *Host) DialTCP(ctx context.Context, local, remote netip.AddrPort) (*net.TCPConn, error) {
	d := net.Dialer{KeepAlive: -1}
	if local.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(local)
	}
	var c net.Conn
	err := h.Do(func() (err error) {
		c, err = d.DialContext(ctx, network("tcp", remote), remote.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// DialUDP opens a UDP socket on the host that speaks with the remote address only.
// Port 0 of the local address picks a free one.
func (h *Host) DialUDP(ctx context.Context, local, remote netip.AddrPort) (*net.UDPConn, error) {
	d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(local)}
	var c net.Conn
	err := h.Do(func() (err error) {
		c, err = d.DialContext(ctx, network("udp", remote), remote.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}

// network pins the family: a numeric address of one family has one candidate,
// so the net package makes its socket on the calling thread.
func network(proto string, a netip.AddrPort) string {
	if a.Addr().Unmap().Is4() {
		return proto + "4"
	}
	return proto + "6"
}
