package rtpprobe

import (
	"encoding/binary"
	"net"

	"golang.org/x/sys/unix"
)

// openMarkReader asks the kernel for the mark of each datagram (IP_RECVTOS,
// IPV6_RECVTCLASS).
func openMarkReader(conn net.PacketConn) (markReader, error) {
	err := control(conn, func(fd int, v4 bool) error {
		if v4 {
			return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
		}
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
	})
	udp, ok := conn.(*net.UDPConn)
	if err != nil || !ok {
		return plainReader{conn}, errUnreadMarks
	}
	return &controlReader{conn: udp}, nil
}

type controlReader struct {
	conn    *net.UDPConn
	control [128]byte
}

func (r *controlReader) next(b []byte) (int, Mark, error) {
	n, controls, _, _, err := r.conn.ReadMsgUDPAddrPort(b, r.control[:])
	if err != nil {
		return n, 0, err
	}
	return n, markOf(r.control[:controls]), nil
}

// markOf finds the mark in a datagram's control messages: one byte for IPv4, an int for
// IPv6. A datagram that comes without one has none set.
func markOf(b []byte) Mark {
	messages, err := unix.ParseSocketControlMessage(b)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_TOS && len(m.Data) >= 1:
			return Mark(m.Data[0] >> 2)
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_TCLASS && len(m.Data) >= 4:
			return Mark(binary.NativeEndian.Uint32(m.Data) >> 2 & 63)
		}
	}
	return 0
}
