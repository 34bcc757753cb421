package rtpprobe

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// canReflectRaw: sockets are kept as descriptors in an epoll of their own, which one goroutine reads.
const canReflectRaw = true

// rawEvents is how many ready sockets are asked for at a time.
const rawEvents = 256

// rawPorts are bare sockets. That takes 8 bytes of user memory for each, and no goroutine.
type rawPorts struct {
	sockets []rawSocket
	epoll   *os.File // Go's poller waits for it: an epoll is readable when one of its sockets is
	waiting syscall.RawConn
	done    sync.WaitGroup

	events [rawEvents]unix.EpollEvent
	ready  int
	poll   func(fd uintptr) bool
	buffer []byte
	from   sockaddr
	size   uint32 // of from
}

type rawSocket struct {
	fd   int32
	port uint16
}

func openRawPorts(cfg *ReflectorConfig, opened *openFaults) (reflectPorts, error) {
	p := &rawPorts{}
	open := func() error {
		return opened.openAll(cfg.Ports, func(port uint16) error { return p.bind(netip.AddrPortFrom(cfg.Address, port)) })
	}
	var err error
	if cfg.Within != nil {
		err = cfg.Within(open)
	} else {
		err = opened.openAll(cfg.Ports, func(port uint16) error { return p.adopt(cfg, port) })
	}
	if err == nil {
		err = p.watch()
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// bind opens a socket on the calling thread.
func (p *rawPorts) bind(local netip.AddrPort) error {
	family := familyOf(local.Addr())
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	if family == unix.AF_INET6 {
		// A kernel that refuses has both families on one socket, which does no harm.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	var name sockaddr
	size := name.put(family, local)
	if _, _, errno := unix.RawSyscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&name)), uintptr(size)); errno != 0 {
		unix.Close(fd)
		return os.NewSyscallError("bind", errno)
	}
	p.sockets = append(p.sockets, rawSocket{int32(fd), local.Port()})
	return nil
}

// adopt takes the socket out of what the caller's Open returned.
func (p *rawPorts) adopt(cfg *ReflectorConfig, port uint16) error {
	conn, err := cfg.Open(port)
	if err != nil {
		return err
	}
	defer conn.Close()
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return errNoSocket
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return err
	}
	var fd int
	var failed error
	err = raw.Control(func(from uintptr) { fd, failed = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) })
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	p.sockets = append(p.sockets, rawSocket{int32(fd), port})
	return unix.SetNonblock(fd, true)
}

// watch puts all sockets into one epoll.
func (p *rawPorts) watch() error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create", err)
	}
	_ = unix.SetNonblock(fd, true) // so that os.NewFile gives it to the poller
	p.epoll = os.NewFile(uintptr(fd), "epoll")
	for i, s := range p.sockets {
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
		if err := unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, int(s.fd), &event); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
	}
	p.waiting, err = p.epoll.SyscallConn()
	return err
}

func (p *rawPorts) start(r *Reflector) {
	p.buffer = make([]byte, r.cfg.ProbeBytes+1)
	p.poll = func(fd uintptr) bool {
		n, err := unix.EpollWait(int(fd), p.events[:], 0)
		p.ready = max(n, 0)
		return n > 0 || err != nil
	}
	p.done.Go(func() { p.serve(r) })
}

// serve reads until the epoll is closed.
func (p *rawPorts) serve(r *Reflector) {
	mac := r.cfg.Terms.newMAC()
	for p.waiting.Read(p.poll) == nil {
		now := time.Now()
		for _, event := range p.events[:p.ready] {
			p.reflect(r, p.sockets[event.Fd], now, mac)
		}
	}
}

// reflect serves one datagram of a socket; the epoll brings it back when there are more.
func (p *rawPorts) reflect(r *Reflector, s rawSocket, now time.Time, mac *probeMAC) {
	p.size = uint32(len(p.from))
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s.fd), uintptr(unsafe.Pointer(&p.buffer[0])),
		uintptr(len(p.buffer)), 0, uintptr(unsafe.Pointer(&p.from)), uintptr(unsafe.Pointer(&p.size)))
	if errno != 0 {
		return
	}
	packet := p.buffer[:n]
	probe, reply := r.accept(packet, s.port, p.from.get(), now, mac)
	if !reply {
		return
	}
	_, _, errno = unix.Syscall6(unix.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(&packet[0])),
		uintptr(len(packet)), 0, uintptr(unsafe.Pointer(&p.from)), uintptr(p.size))
	var err error
	if errno != 0 {
		err = errno
	}
	r.answered(&probe, err)
}

func (p *rawPorts) each(f func(port uint16, send func(b []byte, to netip.AddrPort) error)) {
	for _, s := range p.sockets {
		family, _ := socketFamily(int(s.fd))
		f(s.port, func(b []byte, to netip.AddrPort) error { return sendFrom(int(s.fd), family, b, to) })
	}
}

// sendFrom sends one datagram.
func sendFrom(fd, family int, b []byte, to netip.AddrPort) error {
	if family == unix.AF_INET && !to.Addr().Unmap().Is4() {
		return unix.EAFNOSUPPORT
	}
	var name sockaddr
	size := name.put(family, netip.AddrPortFrom(to.Addr().Unmap(), to.Port()))
	_, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])),
		uintptr(len(b)), 0, uintptr(unsafe.Pointer(&name)), uintptr(size))
	if errno != 0 {
		return errno
	}
	return nil
}

func (p *rawPorts) close() (*int64, PortSet) {
	if p.epoll != nil {
		p.epoll.Close()
	}
	p.done.Wait()
	var on portBits
	var sum int64
	told := len(p.sockets) > 0
	for _, s := range p.sockets {
		n, ok := socketDrops(int(s.fd))
		if n > 0 {
			on.add(s.port)
		}
		sum, told = sum+n, told && ok
		unix.Close(int(s.fd))
	}
	p.sockets = nil
	if !told {
		return nil, PortSet{}
	}
	return &sum, on.set()
}
