package knock

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An errorQueue is the kernel's record of ICMP errors of a socket (ip(7), IP_RECVERR).
type errorQueue struct{ known bool }

// hearErrors switches the queue on; it stays unknown for what is no socket of the kernel.
func hearErrors(conn net.Conn) (q errorQueue) {
	control(conn, func(fd int) {
		family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		if err == nil && family == unix.AF_INET6 {
			q.known = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1) == nil
		} else if err == nil {
			q.known = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, 1) == nil
		}
	})
	return q
}

func control(conn net.Conn, f func(fd int)) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}

// maxQueued bounds what is read of a queue at a time.
const maxQueued = 16

// read empties the queue.
func (errorQueue) read(conn net.Conn) (out []ICMP) {
	control(conn, func(fd int) {
		var payload, oob [256]byte
		for len(out) < maxQueued {
			_, n, _, _, err := unix.Recvmsg(fd, payload[:], oob[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
			if err != nil {
				return
			}
			if e, ok := reported(oob[:n]); ok {
				out = append(out, e)
			}
		}
	})
	return out
}

// reported finds the sock_extended_err among control messages.
func reported(oob []byte) (ICMP, bool) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return ICMP{}, false
	}
	for _, m := range messages {
		v4 := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR
		v6 := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if v4 || v6 {
			return extendedError(m.Data)
		}
	}
	return ICMP{}, false
}

// extendedError reads a sock_extended_err and the address of who sent the ICMP, which follows it.
func extendedError(b []byte) (ICMP, bool) {
	const size = int(unsafe.Sizeof(unix.SockExtendedErr{}))
	const origin, kind, code = 4, 5, 6
	if len(b) < size {
		return ICMP{}, false
	}
	e := ICMP{From: offender(b[size:]), Count: 1}
	switch b[origin] {
	case unix.SO_EE_ORIGIN_ICMP:
		e.Meaning = meaning4(b[kind], b[code])
	case unix.SO_EE_ORIGIN_ICMP6:
		e.Meaning = meaning6(b[kind], b[code])
	default:
		return ICMP{}, false
	}
	return e, true
}

// offender reads a sockaddr; invalid when there is none.
func offender(b []byte) netip.Addr {
	const addr4, addr6 = 4, 8
	if len(b) < unix.SizeofSockaddrInet4 {
		return netip.Addr{}
	}
	switch binary.NativeEndian.Uint16(b) {
	case unix.AF_INET:
		return netip.AddrFrom4([4]byte(b[addr4:]))
	case unix.AF_INET6:
		if len(b) >= unix.SizeofSockaddrInet6 {
			return netip.AddrFrom16([16]byte(b[addr6:])).Unmap()
		}
	}
	return netip.Addr{}
}

// meaning4 is by RFC 792 and RFC 1812 section 5.2.7.1.
func meaning4(kind, code byte) string {
	const unreachable, exceeded = 3, 11
	if kind == exceeded {
		return "time-exceeded"
	}
	if kind != unreachable {
		return "other"
	}
	switch code {
	case 0, 6, 11:
		return "network-unreachable"
	case 1, 5, 7, 8, 12:
		return "host-unreachable"
	case 2:
		return "protocol-unreachable"
	case 3:
		return "port-unreachable"
	case 9, 10, 13, 14, 15:
		return "administratively-prohibited"
	}
	return "other"
}

// meaning6 is by RFC 4443 section 3.
func meaning6(kind, code byte) string {
	const unreachable, exceeded = 1, 3
	if kind == exceeded {
		return "time-exceeded"
	}
	if kind != unreachable {
		return "other"
	}
	switch code {
	case 0:
		return "network-unreachable"
	case 1, 5, 6:
		return "administratively-prohibited"
	case 3:
		return "host-unreachable"
	case 4:
		return "port-unreachable"
	}
	return "other"
}
