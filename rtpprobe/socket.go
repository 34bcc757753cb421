package rtpprobe

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// An AddrPortReader is what a net.PacketConn of a stream may also be (a *net.UDPConn is), so that reading
// does not allocate. A wrapped connection that embeds a *net.UDPConn has the method too, and must wrap it.
type AddrPortReader interface {
	ReadFromUDPAddrPort(b []byte) (n int, addr netip.AddrPort, err error)
}

// An AddrPortWriter is the same for writing.
type AddrPortWriter interface {
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
}

// A socket reads and writes a net.PacketConn the fastest way that it offers. One goroutine may read and
// one may write at a time.
type socket struct {
	conn    net.PacketConn
	reader  AddrPortReader
	writer  AddrPortWriter
	stamped *net.UDPConn // when the kernel gives the time of arrival
	opened  time.Time
	control [stampSpace]byte

	lastTo   netip.AddrPort // for the plain way
	lastAddr net.Addr
}

func newSocket(conn net.PacketConn) *socket {
	s := &socket{conn: conn, opened: time.Now()}
	s.reader, _ = conn.(AddrPortReader)
	s.writer, _ = conn.(AddrPortWriter)
	if udp, ok := conn.(*net.UDPConn); ok && enableStamps(udp) {
		s.stamped = udp
	}
	return s
}

// read returns a datagram, its source and when it arrived.
func (s *socket) read(b []byte) (n int, from netip.AddrPort, at time.Time, err error) {
	switch {
	case s.stamped != nil:
		var controls int
		n, controls, _, from, err = s.stamped.ReadMsgUDPAddrPort(b, s.control[:])
		at = arrival(s.control[:controls], s.opened, time.Now())
		return n, unmap(from), at, err
	case s.reader != nil:
		n, from, err = s.reader.ReadFromUDPAddrPort(b)
		return n, unmap(from), time.Now(), err
	}
	n, addr, err := s.conn.ReadFrom(b)
	return n, addrPort(addr), time.Now(), err
}

// write sends a datagram. A pending ICMP error is told by the next send, which then sends nothing: that
// one is tried once more, so that the error does not cost a packet.
func (s *socket) write(b []byte, to netip.AddrPort) error {
	err := s.writeOnce(b, to)
	if err != nil && errors.Is(err, syscall.ECONNREFUSED) {
		if again := s.writeOnce(b, to); again == nil {
			return &sentAnyway{err}
		}
	}
	return err
}

func (s *socket) writeOnce(b []byte, to netip.AddrPort) (err error) {
	if s.writer != nil {
		_, err = s.writer.WriteToUDPAddrPort(b, to)
		return err
	}
	if to != s.lastTo {
		s.lastTo, s.lastAddr = to, net.UDPAddrFromAddrPort(to)
	}
	_, err = s.conn.WriteTo(b, s.lastAddr)
	return err
}

// A sentAnyway is an earlier packet's error; this one was sent.
type sentAnyway struct{ error }

func (e *sentAnyway) Unwrap() error { return e.error }

func wasSent(err error) bool {
	_, anyway := err.(*sentAnyway)
	return err == nil || anyway
}

func localAddr(conn net.PacketConn) netip.AddrPort { return addrPort(conn.LocalAddr()) }

// addrPort is the zero AddrPort for an address that is none of UDP.
func addrPort(addr net.Addr) netip.AddrPort {
	switch addr := addr.(type) {
	case nil:
		return netip.AddrPort{}
	case *net.UDPAddr:
		return unmap(addr.AddrPort())
	}
	parsed, _ := netip.ParseAddrPort(addr.String())
	return unmap(parsed)
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
