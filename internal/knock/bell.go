package knock

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A BellConfig says what a bell answers.
type BellConfig struct {
	Terms
	// Allow says whether an answer may be sent to an address over UDP; nil allows all.
	// Over TCP a peer has proven that it receives there.
	Allow func(netip.AddrPort) bool
}

// Bounds of one bell.
const (
	maxArrivals = 64  // told apart
	maxAnswers  = 512 // datagrams that are answered
	maxNamed    = 8   // strangers whose addresses are kept
	maxConns    = 64  // connections at a time; more are closed at once
	connTime    = 5 * time.Second
	maxFails    = 1000 // of one socket: then it is of no use
	// acceptPause lets file descriptors come back that are used up.
	acceptPause = 50 * time.Millisecond
)

// A bell is one that hangs.
type bell struct {
	cfg   BellConfig
	local netip.AddrPort

	mu      sync.Mutex
	heard   Heard
	answers int
}

func newBell(t Transport, local net.Addr, cfg BellConfig) *bell {
	at := addrPort(local)
	return &bell{cfg: cfg, local: at, heard: Heard{Transport: t, Local: at, Arrivals: []Arrival{}}}
}

// ledger is what was heard, once nobody rings any more; failed is why the socket was of
// no use, nil when it was until the end.
func (b *bell) ledger(failed error) Heard {
	if failed != nil {
		b.heard.Error = failed.Error()
	}
	return b.heard
}

func (b *bell) stranger(from netip.AddrPort) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard.Strangers++
	if len(b.heard.StrangersFrom) < maxNamed {
		b.heard.StrangersFrom = append(b.heard.StrangersFrom, from)
	}
}

// rings enters a knock and returns its number in the ledger, -1 where there is no room;
// answer says whether it may be answered.
func (b *bell) rings(m message, local, remote netip.AddrPort, allowed bool) (n int, answer bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = -1
	for i, a := range b.heard.Arrivals {
		if a.Remote == remote && a.Port == m.port {
			n = i
		}
	}
	if n < 0 {
		if len(b.heard.Arrivals) == maxArrivals {
			return -1, false
		}
		n = len(b.heard.Arrivals)
		b.heard.Arrivals = append(b.heard.Arrivals, Arrival{Time: time.Now(), Local: local, Remote: remote, Port: m.port})
	}
	a := &b.heard.Arrivals[n]
	a.Knocks++
	a.Refused = a.Refused || !allowed
	b.answers++
	return n, allowed && b.answers <= maxAnswers
}

// answered enters how an answer left.
func (b *bell) answered(n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := &b.heard.Arrivals[n]
	if err != nil {
		a.Error = err.Error()
		return
	}
	a.Answered++
}

// answer is what proves that the knock arrived at this port.
func (b *bell) answer(m message, port uint16) []byte {
	m.kind, m.arrived = anAnswer, port
	return b.cfg.marshal(m)
}

// A Network opens what bells hang at.
type Network interface {
	Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error)
	ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error)
}

// Hang opens a port for a bell; ring is [RingTCP] or [RingUDP] at it, and must be called.
func Hang(ctx context.Context, n Network, t Transport, at netip.AddrPort) (ring func(context.Context, BellConfig) Heard, err error) {
	if t == TCP {
		l, err := n.Listen(ctx, at)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, cfg BellConfig) Heard { return RingTCP(ctx, l, cfg) }, nil
	}
	conn, err := n.ListenPacket(ctx, at)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, cfg BellConfig) Heard { return RingUDP(ctx, conn, cfg) }, nil
}

// RingUDP answers the knocks that come to a socket until ctx ends, and returns what was
// heard. It closes the socket.
func RingUDP(ctx context.Context, conn net.PacketConn, cfg BellConfig) Heard {
	b := newBell(UDP, conn.LocalAddr(), cfg)
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	buf := make([]byte, Size+1)
	var failed error
	for fails := 0; fails < maxFails; {
		n, from, err := conn.ReadFrom(buf)
		if ctx.Err() != nil {
			return b.ledger(nil)
		}
		if err != nil { // on Windows also what an earlier answer met
			fails, failed = fails+1, err
			continue
		}
		b.datagram(conn, buf[:n], from)
	}
	return b.ledger(failed)
}

func (b *bell) datagram(conn net.PacketConn, data []byte, from net.Addr) {
	remote := addrPort(from)
	m, ok := b.cfg.parse(data, aKnock, UDP)
	if !ok {
		b.stranger(remote)
		return
	}
	allowed := b.cfg.Allow == nil || b.cfg.Allow(remote)
	n, may := b.rings(m, b.local, remote, allowed)
	if n < 0 || !may {
		return
	}
	_, err := conn.WriteTo(b.answer(m, b.local.Port()), from)
	b.answered(n, err)
}

// RingTCP answers the knocks of those who connect until ctx ends, and returns what was
// heard. It closes the listener and the connections.
func RingTCP(ctx context.Context, l net.Listener, cfg BellConfig) Heard {
	b := newBell(TCP, l.Addr(), cfg)
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(ctx, func() { l.Close() })()
	room := make(chan struct{}, maxConns)
	var open sync.WaitGroup
	var failed error
	for fails := 0; fails < maxFails; {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			failed = nil
			break
		}
		if err != nil {
			if fails, failed = fails+1, err; errors.Is(err, net.ErrClosed) {
				break
			}
			select {
			case <-time.After(acceptPause):
			case <-ctx.Done():
			}
			continue
		}
		select {
		case room <- struct{}{}:
			open.Go(func() {
				b.connection(ctx, conn)
				<-room
			})
		default:
			b.stranger(addrPort(conn.RemoteAddr()))
			conn.Close()
		}
	}
	cancel()
	l.Close()
	open.Wait()
	return b.ledger(failed)
}

func (b *bell) connection(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	conn.SetDeadline(time.Now().Add(connTime))
	local, remote := addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())
	data := make([]byte, Size)
	m, ok := message{}, false
	if read(conn, data) == Size {
		m, ok = b.cfg.parse(data, aKnock, TCP)
	}
	if !ok {
		b.stranger(remote)
		return
	}
	if n, may := b.rings(m, local, remote, true); may {
		_, err := conn.Write(b.answer(m, local.Port()))
		b.answered(n, err)
	}
}

// read fills b as long as what comes may be a message, and returns how much came.
func read(conn net.Conn, b []byte) (n int) {
	for n < len(b) {
		more, err := conn.Read(b[n:])
		n += more
		if err != nil || !mayBeMessage(b[:n]) {
			break
		}
	}
	return n
}

func mayBeMessage(b []byte) bool {
	n := min(len(b), len(magic))
	return string(b[:n]) == magic[:n]
}

func addrPort(a net.Addr) netip.AddrPort {
	ap, _ := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
