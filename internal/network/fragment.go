package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// ErrNoFragmentControl says that this system, or this kind of socket, lets no program
// forbid the fragmentation of its datagrams.
var ErrNoFragmentControl = errors.New("this system lets no program forbid fragmentation")

// ForbidFragments has the system send each datagram of a socket in one piece that no
// router may cut (IPv4's DF bit; IPv6 has no other), and refuse those that do not fit.
func ForbidFragments(c net.PacketConn) error {
	s, ok := c.(syscall.Conn)
	if !ok {
		return ErrNoFragmentControl
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	local, _ := netip.ParseAddrPort(c.LocalAddr().String())
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = forbidFragments(fd, local.Addr().Unmap().Is4()) }); err != nil {
		return err
	}
	return failed
}

// PathMTU is the largest packet in bytes, IP header included, that the system believes
// to fit the path to a remote address: the MTU of the link, or less where it was told
// so by ICMP (RFC 1191, RFC 8201). Nil where it cannot be asked.
func PathMTU(ctx context.Context, n Network, remote netip.AddrPort) *int {
	p, ok := n.(Placer)
	if !ok {
		return nil
	}
	var mtu *int
	p.Do(func() error {
		c, err := new(net.Dialer).DialContext(ctx, family("udp", remote.Addr()), remote.String()) // sends nothing
		if err != nil {
			return err
		}
		defer c.Close()
		raw, err := c.(*net.UDPConn).SyscallConn()
		if err != nil {
			return err
		}
		return raw.Control(func(fd uintptr) { mtu = pathMTU(fd, remote.Addr().Unmap().Is4()) })
	})
	return mtu
}

// LinkMTU is the MTU in bytes of the interface that has a local address; nil where it is
// not known.
func LinkMTU(n Network, local netip.Addr) *int {
	p, ok := n.(Placer)
	if !ok {
		return nil
	}
	var mtu *int
	p.Do(func() error {
		all, err := net.Interfaces()
		for i := range all {
			if mtu == nil && holds(all[i], local) && all[i].MTU > 0 {
				mtu = &all[i].MTU
			}
		}
		return err
	})
	return mtu
}

func holds(i net.Interface, addr netip.Addr) bool {
	addrs, _ := i.Addrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == addr.Unmap() {
			return true
		}
	}
	return false
}
