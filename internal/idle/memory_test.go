package idle_test

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// A nat joins two sockets in memory as a router does that keeps one binding: what the
// inside sends opens it, what passes either way refreshes it, and what comes from
// outside when it was idle for longer than its lifetime is dropped.
type nat struct {
	mu       sync.Mutex
	inside   *conn
	outside  *conn
	lifetime time.Duration
	last     time.Time
	mapped   net.Addr
	// drop loses the n-th packet, counted from 0, inwards or outwards.
	drop  func(inwards bool, n int) bool
	count map[bool]int
}

func newNAT(lifetime time.Duration) *nat {
	n := &nat{lifetime: lifetime, mapped: address("203.0.113.10:40001"), count: make(map[bool]int)}
	n.inside = &conn{nat: n, at: address("192.168.1.10:50001"), in: make(chan packet, 64), closed: make(chan struct{})}
	n.outside = &conn{nat: n, at: address("198.51.100.20:50002"), in: make(chan packet, 64), closed: make(chan struct{})}
	return n
}

func address(s string) net.Addr { return net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s)) }

type packet struct {
	data []byte
	from net.Addr
}

// pass carries one packet through.
func (n *nat) pass(from *conn, data []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	inwards := from == n.outside
	idle := n.last.IsZero() || time.Since(n.last) > n.lifetime
	lost := n.drop != nil && n.drop(inwards, n.count[inwards])
	n.count[inwards]++
	if lost || inwards && idle {
		return
	}
	n.last = time.Now()
	p := packet{data: append([]byte(nil), data...), from: n.mapped}
	to := n.outside
	if inwards {
		p.from, to = from.at, n.inside
	}
	select {
	case to.in <- p:
	default:
	}
}

type conn struct {
	nat      *nat
	at       net.Addr
	in       chan packet
	once     sync.Once
	closed   chan struct{}
	mu       sync.Mutex
	deadline time.Time
}

func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	wait := time.NewTimer(time.Until(c.deadline))
	c.mu.Unlock()
	defer wait.Stop()
	select {
	case p := <-c.in:
		return copy(b, p.data), p.from, nil
	case <-wait.C:
		return 0, nil, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

func (c *conn) WriteTo(b []byte, _ net.Addr) (int, error) {
	c.nat.pass(c, b)
	return len(b), nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return nil
}

func (c *conn) Close() error                     { c.once.Do(func() { close(c.closed) }); return nil }
func (c *conn) LocalAddr() net.Addr              { return c.at }
func (c *conn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
