package pairing_test

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// A memConn is a UDP socket in memory, under testing/synctest.
type memConn struct {
	at     netip.AddrPort
	in     chan datagram
	closed chan struct{}
	once   sync.Once
	send   func(datagram, netip.AddrPort)
}

type datagram struct {
	data []byte
	from netip.AddrPort
}

func (c *memConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-c.in:
		return copy(b, d.data), net.UDPAddrFromAddrPort(d.from), nil
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

func (c *memConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.send(datagram{append([]byte(nil), b...), c.at}, to.(*net.UDPAddr).AddrPort())
	return len(b), nil
}

func (c *memConn) Close() error                     { c.once.Do(func() { close(c.closed) }); return nil }
func (c *memConn) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(c.at) }
func (c *memConn) SetDeadline(time.Time) error      { return nil }
func (c *memConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }

// A net in memory with one responder and several paths to it.
type memNet struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*memConn
	lose  func(from, to netip.AddrPort, n int) bool // n counts the datagrams
	n     int
}

func (m *memNet) conn(at string) *memConn {
	c := &memConn{at: netip.MustParseAddrPort(at), in: make(chan datagram, 64), closed: make(chan struct{}), send: m.deliver}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns[c.at] = c
	return c
}

func (m *memNet) deliver(d datagram, to netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	if c := m.conns[to]; c != nil && (m.lose == nil || !m.lose(d.from, to, m.n)) {
		c.in <- d
	}
}

// responderAt answers orders by a function, and counts them.
func (m *memNet) responderAt(t *testing.T, at string, reply func(pairing.Order) pairing.Reply) *sipprobe.Endpoint {
	t.Helper()
	return m.endpoint(t, at, func(in *sipprobe.Incoming) {
		o, err := pairing.DecodeOrder(in.Body)
		if err != nil {
			t.Error(err)
		}
		data, err := pairing.Encode(reply(o))
		if err != nil {
			t.Error(err)
		}
		in.Reply(200, "OK", sipprobe.Body{Type: pairing.ContentType, Encoding: pairing.Encoding, Data: data})
	})
}

func (m *memNet) endpoint(t *testing.T, at string, serve func(*sipprobe.Incoming)) *sipprobe.Endpoint {
	t.Helper()
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: m.conn(at), Key: "k",
		Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: "k"}), Serve: serve})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
