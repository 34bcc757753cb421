//go:build linux || darwin

package rtpprobe

import (
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// setMark marks what the socket sends from now on.
func setMark(conn net.PacketConn, m Mark) error {
	return control(conn, func(fd int, v4 bool) error {
		if v4 {
			return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, int(m)<<2)
		}
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, int(m)<<2)
	})
}

// control calls f with the descriptor of a socket, and whether it speaks IPv4.
func control(conn net.PacketConn, f func(fd int, v4 bool) error) error {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return ErrNoMarks
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd), local.Addr().Unmap().Is4()) }); err != nil {
		return err
	}
	return failed
}
