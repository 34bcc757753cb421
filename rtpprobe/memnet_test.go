package rtpprobe_test

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"
)

// A memNet is a network in memory: what is written to one of its connections arrives at another.
type memNet struct {
	// carry says when each copy of a datagram arrives; none = it is lost. nil carries at once.
	carry func(from, to netip.AddrPort, b []byte) []time.Duration
	// refuse is the error of a write, nil = none.
	refuse func(to netip.AddrPort) error

	mu    sync.Mutex
	conns map[netip.AddrPort]*memConn
}

type datagram struct {
	from netip.AddrPort
	data []byte
}

type memConn struct {
	net   *memNet
	addr  netip.AddrPort
	queue chan datagram

	mu      sync.Mutex
	expired chan struct{}
}

// listen opens a connection at an address such as "192.0.2.1:4000".
func (n *memNet) listen(address string) *memConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns == nil {
		n.conns = make(map[netip.AddrPort]*memConn)
	}
	c := &memConn{net: n, addr: netip.MustParseAddrPort(address), queue: make(chan datagram, 4096), expired: make(chan struct{})}
	n.conns[c.addr] = c
	return c
}

// inject lets a datagram arrive now.
func (n *memNet) inject(from, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	c := n.conns[to]
	n.mu.Unlock()
	if c != nil {
		c.queue <- datagram{from, b}
	}
}

func (c *memConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to := addr.(*net.UDPAddr).AddrPort()
	if c.net.refuse != nil {
		if err := c.net.refuse(to); err != nil {
			return 0, err
		}
	}
	delays := []time.Duration{0}
	if c.net.carry != nil {
		delays = c.net.carry(c.addr, to, b)
	}
	for _, delay := range delays {
		data := append([]byte(nil), b...)
		if delay == 0 {
			c.net.inject(c.addr, to, data)
			continue
		}
		time.AfterFunc(delay, func() { c.net.inject(c.addr, to, data) })
	}
	return len(b), nil
}

func (c *memConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.mu.Lock()
	expired := c.expired
	c.mu.Unlock()
	select {
	case d := <-c.queue:
		return copy(b, d.data), net.UDPAddrFromAddrPort(d.from), nil
	case <-expired:
		return 0, nil, os.ErrDeadlineExceeded
	}
}

// SetReadDeadline knows the past and never.
func (c *memConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() {
		c.expired = make(chan struct{})
	} else {
		close(c.expired)
	}
	return nil
}

func (c *memConn) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(c.addr) }
func (c *memConn) Close() error                     { return nil }
func (c *memConn) SetDeadline(time.Time) error      { return nil }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }

// poll waits, in real time, until a condition holds.
func poll(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
