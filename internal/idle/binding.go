package idle

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/scenarios"
)

// How a binding is opened. Linux takes a flow for a stream once packets have gone both
// ways for more than 2 s; other NATs are not known to want more.
const (
	exchangeOpeners = 3 // at most, until one is answered
	exchangePause   = 500 * time.Millisecond
	streamOpeners   = 14
	streamPause     = 250 * time.Millisecond
)

const (
	firstOpener = 8 * time.Second // for the order to take effect
	quiet       = time.Second     // after which no more openers are waited for
	probes      = 3
	probePause  = 150 * time.Millisecond
	grace       = 3 * time.Second // for a probe that is under way
)

// Needs is how long a trial takes at both ends.
func Needs(idle time.Duration) time.Duration {
	return firstOpener + streamOpeners*streamPause + quiet + idle + probes*probePause + grace
}

// Inside opens a binding from conn towards the far end, then sends nothing and listens
// until a probe has come, or idle and some seconds have passed, or ctx ends. It closes
// conn.
func Inside(ctx context.Context, conn net.PacketConn, peer netip.AddrPort, t Terms, idle time.Duration) evidence.BindingInside {
	s := newSocket(ctx, conn)
	defer s.close()
	out := evidence.BindingInside{Local: network.AddrPort(conn.LocalAddr())}
	openers, pause := exchangeOpeners, exchangePause
	if t.Traffic == scenarios.StreamTraffic {
		openers, pause = streamOpeners, streamPause
	}
	count := func(p phase, _ netip.AddrPort) bool {
		switch p {
		case answer:
			out.Answers++
		case probe:
			out.Probes++
		}
		return t.Traffic == scenarios.ExchangeTraffic && p == answer || p == probe
	}
	for n := range openers {
		if _, err := conn.WriteTo(t.packet(opener, uint16(n)), net.UDPAddrFromAddrPort(peer)); err != nil {
			out.Fault = err.Error()
			return out
		}
		out.Openers++
		s.listen(time.Now().Add(pause), t, count)
		if t.Traffic == scenarios.ExchangeTraffic && out.Answers > 0 {
			break
		}
	}
	probed := func(p phase, from netip.AddrPort) bool { return count(p, from) && p == probe }
	s.listen(time.Now().Add(quiet+idle+probes*probePause+grace), t, probed)
	if out.Probes > 0 {
		s.listen(time.Now().Add(probes*probePause), t, func(p phase, from netip.AddrPort) bool { count(p, from); return false })
	}
	return out
}

// Outside answers the packets that open a binding, waits until the binding has been
// idle for that long, and sends to it. It closes conn.
func Outside(ctx context.Context, conn net.PacketConn, t Terms, idle time.Duration) evidence.BindingOutside {
	s := newSocket(ctx, conn)
	defer s.close()
	out := evidence.BindingOutside{Local: network.AddrPort(conn.LocalAddr())}
	var last time.Time
	reply := func(p phase, from netip.AddrPort) bool {
		if p != opener {
			return false
		}
		out.Openers++
		out.Mapped = from
		if _, err := conn.WriteTo(t.packet(answer, uint16(out.Openers)), net.UDPAddrFromAddrPort(from)); err != nil {
			out.Fault = err.Error()
		} else {
			out.Answers++
		}
		last = time.Now()
		return true
	}
	for wait := firstOpener; s.listen(time.Now().Add(wait), t, reply); {
		wait = quiet
	}
	if out.Openers == 0 || out.Fault != "" || ctx.Err() != nil {
		return out
	}
	s.listen(last.Add(idle), t, func(phase, netip.AddrPort) bool { return false })
	if ctx.Err() != nil {
		return out
	}
	out.IdledMs = evidence.Millis(time.Since(last))
	for n := range probes {
		if _, err := conn.WriteTo(t.packet(probe, uint16(n)), net.UDPAddrFromAddrPort(out.Mapped)); err != nil {
			out.Fault = err.Error()
			return out
		}
		out.Probes++
		s.listen(time.Now().Add(probePause), t, func(phase, netip.AddrPort) bool { return false })
	}
	return out
}

// A socket is read until a deadline, and no longer than its context lasts.
type socket struct {
	net.PacketConn
	ctx  context.Context
	stop func() bool
}

func newSocket(ctx context.Context, conn net.PacketConn) *socket {
	return &socket{PacketConn: conn, ctx: ctx, stop: context.AfterFunc(ctx, func() { conn.Close() })}
}

func (s *socket) close() {
	s.stop()
	s.Close()
}

// A machine stood still that is late by stoodStill. What came meanwhile has not been read
// then, and takes no longer than catchUp to be.
const (
	stoodStill = 200 * time.Millisecond
	catchUp    = 100 * time.Millisecond
)

// listen hands the trial's packets to f, until f returns true, which listen reports, or
// the deadline has passed or the context ended.
func (s *socket) listen(deadline time.Time, t Terms, f func(phase, netip.AddrPort) bool) bool {
	if s.read(deadline, t, f) {
		return true
	}
	now := time.Now()
	return now.Sub(deadline) > stoodStill && s.read(now.Add(catchUp), t, f)
}

func (s *socket) read(deadline time.Time, t Terms, f func(phase, netip.AddrPort) bool) bool {
	buf := make([]byte, packetBytes+1)
	s.SetReadDeadline(deadline)
	for s.ctx.Err() == nil && time.Now().Before(deadline) {
		n, from, err := s.ReadFrom(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed):
			return false
		case err != nil: // about a datagram that was sent before; the next read may succeed
			continue
		}
		if p, ok := t.read(buf[:n]); ok && f(p, network.AddrPort(from)) {
			return true
		}
	}
	return false
}
