package rtpprobe

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hearErrors switches the error queue of a socket on or off; that of IPv4 too where a socket speaks both.
func hearErrors(fd, family, on int) error {
	if family == unix.AF_INET {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, on)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVERR, on) // not all kernels take it
	return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVERR, on)
}

// An errorQueue reads what the kernel keeps of ICMP errors (ip(7), IP_RECVERR).
type errorQueue struct {
	name    sockaddr
	control [256]byte
	seen    []icmpError
}

// maxErrors bounds what is read at a time.
const maxErrors = 256

// drain reads the queue of a socket.
func (q *errorQueue) drain(fd int) {
	for len(q.seen) < maxErrors {
		message := unix.Msghdr{Name: &q.name[0], Namelen: uint32(len(q.name)), Control: &q.control[0]}
		message.SetControllen(len(q.control))
		_, _, errno := unix.Syscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&message)), unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if errno != 0 {
			return
		}
		if e, ok := q.parse(q.control[:min(int(message.Controllen), len(q.control))]); ok {
			q.seen = append(q.seen, e)
		}
	}
}

// parse finds, among the control messages, the sock_extended_err and the address of who sent the error.
// The name of the message is where the packet had gone.
func (q *errorQueue) parse(control []byte) (icmpError, bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return icmpError{}, false
	}
	for _, m := range messages {
		v4 := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR
		v6 := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if v4 || v6 {
			return extendedError(m.Data, q.name.get().Port())
		}
	}
	return icmpError{}, false
}

// extendedError reads a sock_extended_err, which an address follows.
func extendedError(b []byte, port uint16) (icmpError, bool) {
	const size = int(unsafe.Sizeof(unix.SockExtendedErr{}))
	if len(b) < size+unix.SizeofSockaddrInet4 {
		return icmpError{}, false
	}
	var offender sockaddr
	copy(offender[:], b[size:])
	const origin, kind, code = 4, 5, 6
	e := icmpError{port: port, from: offender.get().Addr(), kind: b[kind], code: b[code], v6: b[origin] == unix.SO_EE_ORIGIN_ICMP6}
	known := e.v6 || b[origin] == unix.SO_EE_ORIGIN_ICMP
	return e, known && e.from.IsValid() && port != 0
}
