package rtpprobe

import (
	"net"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An mmsgLine sends and receives up to 64 packets in a system call (sendmmsg, recvmmsg), and hears of
// ICMP errors (IP_RECVERR).
type mmsgLine struct {
	conn   *net.UDPConn
	raw    syscall.RawConn
	family int
	icmp   bool
	base   int64 // drops before
	space  int

	out struct {
		mmsg  [sweepBatch]unix.Mmsghdr
		iovec [sweepBatch]unix.Iovec
		names [sweepBatch]sockaddr
		first int
		last  int
		n     int
		errno syscall.Errno
		full  int64 // how often the buffer was
	}
	in struct {
		mmsg    [sweepBatch]unix.Mmsghdr
		iovec   [sweepBatch]unix.Iovec
		names   [sweepBatch]sockaddr
		packets [][]byte
		n       int
	}
	write, read func(fd uintptr) bool
	errors      errorQueue
}

// newFastLine returns nil for what is not a UDP socket of the kernel.
func newFastLine(conn net.PacketConn, s *sweeper) sweepLine {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return nil
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil
	}
	l := &mmsgLine{conn: udp, raw: raw}
	l.write, l.read = l.sendmmsg, l.recvmmsg
	_ = udp.SetReadBuffer(rcvbuf / len(s.cfg.Conns)) // less room is a slower sweep, no fault
	err = raw.Control(func(fd uintptr) {
		l.family, ok = socketFamily(int(fd))
		l.icmp = hearErrors(int(fd), l.family, 1) == nil
		bytes, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
		l.space = max(bytes/bytesPerPacket, sweepBatch)
		l.base, _ = socketDrops(int(fd))
	})
	if err != nil || !ok || s.cfg.Remote.Is6() && l.family == unix.AF_INET {
		return nil
	}
	l.prepare(s.cfg.Remote, s.cfg.ProbeBytes)
	return l
}

// socketFamily tells the family of a socket, false for one that is not known here.
func socketFamily(fd int) (family int, ok bool) {
	family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	return family, err == nil && (family == unix.AF_INET || family == unix.AF_INET6)
}

// prepare points the messages at their buffers, once.
func (l *mmsgLine) prepare(remote netip.Addr, size int) {
	l.in.packets = slab(sweepBatch, size+1)
	for i := range sweepBatch {
		var length uint32
		out, in := &l.out.mmsg[i].Hdr, &l.in.mmsg[i].Hdr
		length = l.out.names[i].put(l.family, netip.AddrPortFrom(remote, 0))
		out.Name, out.Namelen, out.Iov = &l.out.names[i][0], length, &l.out.iovec[i]
		out.SetIovlen(1)
		in.Name, in.Iov = &l.in.names[i][0], &l.in.iovec[i]
		in.SetIovlen(1)
		l.in.iovec[i].Base = &l.in.packets[i][0]
		l.in.iovec[i].SetLen(size + 1)
	}
}

// maxPending is how many ICMP errors are taken for those of earlier packets, before one packet is given up.
const maxPending = 64

func (l *mmsgLine) send(b *outBatch, first int) (sent int, err error) {
	for i := first; i < b.n; i++ {
		l.out.iovec[i].Base = &b.packets[i][0]
		l.out.iovec[i].SetLen(b.sizes[i])
		l.out.names[i].setPort(b.ports[i])
	}
	pending := 0
	for l.out.first, l.out.last = first, b.n; l.out.first < l.out.last; {
		l.out.n, l.out.errno = 0, 0
		if err = l.raw.Write(l.write); err == nil && l.out.errno != 0 {
			err = l.out.errno
		}
		l.out.first += l.out.n
		switch {
		case err == nil:
			pending = 0
		case l.out.errno == unix.EINTR:
		case fromICMP(l.out.errno) && l.icmp && pending < maxPending:
			pending++
		default:
			return l.out.first - first, err
		}
	}
	return b.n - first, nil
}

// sendmmsg is called by Go's poller until it returns true.
func (l *mmsgLine) sendmmsg(fd uintptr) bool {
	o := &l.out
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&o.mmsg[o.first])), uintptr(o.last-o.first), 0, 0, 0)
	if errno == unix.EAGAIN {
		o.full++
		return false
	}
	if errno == 0 {
		o.n = int(n)
	}
	o.errno = errno
	return true
}

func (l *mmsgLine) receive(s *sweeper) {
	for in := s.newEchoBox(); l.receiveSome(s, in); {
	}
}

// receiveSome waits for a batch; false means that the line is stopped.
func (l *mmsgLine) receiveSome(s *sweeper, in *echoBox) bool {
	if l.raw.Read(l.read) != nil {
		return false
	}
	for i := range l.in.n {
		in.add(l.in.packets[i][:l.in.mmsg[i].Len], l.in.names[i].get())
	}
	in.flush(time.Now())
	if len(l.errors.seen) > 0 {
		s.noteICMP(l.errors.seen)
		l.errors.seen = l.errors.seen[:0]
	}
	return true
}

// recvmmsg is called by Go's poller until it returns true.
func (l *mmsgLine) recvmmsg(fd uintptr) bool {
	for i := range l.in.mmsg {
		l.in.mmsg[i].Hdr.Namelen = uint32(len(l.in.names[i]))
	}
	l.in.n = 0
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&l.in.mmsg)), sweepBatch, unix.MSG_DONTWAIT, 0, 0)
	if errno == 0 {
		l.in.n = int(n)
		return true
	}
	if l.icmp {
		l.errors.drain(int(fd))
	}
	return errno != unix.EAGAIN || len(l.errors.seen) > 0
}

func (l *mmsgLine) stop() { l.conn.SetReadDeadline(time.Unix(1, 0)) }

func (l *mmsgLine) room() int { return l.space }

func (l *mmsgLine) fullBuffers() int64 { return l.out.full }

func (l *mmsgLine) drops() (n int64, known bool) {
	err := l.raw.Control(func(fd uintptr) { n, known = socketDrops(int(fd)) })
	return n - l.base, known && err == nil
}

func (l *mmsgLine) release() {
	_ = l.raw.Control(func(fd uintptr) { _ = hearErrors(int(fd), l.family, 0) })
	l.conn.SetReadDeadline(time.Time{})
	runtime.KeepAlive(l)
}

// fromICMP reports whether an error of sending may be that of an earlier packet.
func fromICMP(errno syscall.Errno) bool {
	return slices.Contains([]syscall.Errno{
		unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.EACCES, unix.EPROTO, unix.ENOPROTOOPT, unix.EHOSTDOWN, unix.ENONET,
	}, errno)
}
