package rtpprobe

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketDrops is how many datagrams the socket lost because its receive buffer was full (SO_MEMINFO).
func socketDrops(fd int) (n int64, ok bool) {
	var info [unix.SK_MEMINFO_DROPS + 1]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 || size < uint32(unsafe.Sizeof(info)) {
		return 0, false
	}
	return int64(info[unix.SK_MEMINFO_DROPS]), true
}

// connDrops is the same for a connection that has a socket.
func connDrops(conn net.PacketConn) (n int64, ok bool) {
	raw, err := rawConn(conn)
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) { n, ok = socketDrops(int(fd)) })
	return n, ok && err == nil
}

func rawConn(conn net.PacketConn) (syscall.RawConn, error) {
	s, ok := conn.(syscall.Conn)
	if !ok {
		return nil, syscall.EINVAL
	}
	return s.SyscallConn()
}
