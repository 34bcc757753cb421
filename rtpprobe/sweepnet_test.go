package rtpprobe_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bothways/rtpprobe"
)

// A sweepNet is a network in memory for many sockets: queues are short, and a socket in use says so.
type sweepNet struct {
	// carry changes a packet on its way; false means that it is lost.
	carry func(p *carried) bool
	// taken are ports that something else holds.
	taken map[uint16]error

	mu    sync.Mutex
	conns map[netip.AddrPort]*sweepConn
}

// A carried packet is delivered at once or after a delay.
type carried struct {
	from, to netip.AddrPort
	request  bool // of the sweep, else an echo
	delay    time.Duration
	data     []byte
}

type sweepConn struct {
	net     *sweepNet
	addr    netip.AddrPort
	queue   chan datagram
	closing sync.Once
	closed  chan struct{}
	mu      sync.Mutex
	expired chan struct{}
}

func (n *sweepNet) listen(addr netip.AddrPort, queue int) *sweepConn {
	c := &sweepConn{net: n, addr: addr, queue: make(chan datagram, queue), closed: make(chan struct{}), expired: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns == nil {
		n.conns = map[netip.AddrPort]*sweepConn{}
	}
	n.conns[addr] = c
	return c
}

func (c *sweepConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	p := carried{from: c.addr, to: to, data: append([]byte(nil), b...), request: c.addr.Addr() == sweepClient, delay: 10 * time.Millisecond}
	if !c.net.passes(&p) {
		return len(b), nil
	}
	if p.delay == 0 {
		c.net.deliver(p)
	} else {
		time.AfterFunc(p.delay, func() { c.net.deliver(p) })
	}
	return len(b), nil
}

// passes asks carry, one packet at a time.
func (n *sweepNet) passes(p *carried) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.carry == nil || n.carry(p)
}

// deliver drops what the queue has no room for, as a kernel does.
func (n *sweepNet) deliver(p carried) {
	n.mu.Lock()
	c := n.conns[p.to]
	n.mu.Unlock()
	if c == nil {
		return
	}
	select {
	case c.queue <- datagram{p.from, p.data}:
	default:
	}
}

func (c *sweepConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	c.mu.Lock()
	expired := c.expired
	c.mu.Unlock()
	select {
	case d := <-c.queue:
		return copy(b, d.data), d.from, nil
	case <-expired:
		return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
	case <-c.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (c *sweepConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (c *sweepConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return c.WriteToUDPAddrPort(b, to.(*net.UDPAddr).AddrPort())
}

func (c *sweepConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() {
		c.expired = make(chan struct{})
	} else {
		close(c.expired)
	}
	return nil
}

func (c *sweepConn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return nil
}

func (c *sweepConn) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(c.addr) }
func (c *sweepConn) SetDeadline(time.Time) error      { return nil }
func (c *sweepConn) SetWriteDeadline(time.Time) error { return nil }

// The two ends of a sweep in memory.
var (
	sweepClient = netip.MustParseAddr("192.0.2.1")
	sweepSite   = netip.MustParseAddr("198.51.100.2")
)

// A trial is a sweep from client to site on a fake clock.
type trial struct {
	network sweepNet
	ports   string
	cfg     rtpprobe.SweepConfig
	allow   func(netip.AddrPort) bool
	within  time.Duration // of fake time, 0 = any
	prime   bool

	sent    rtpprobe.SweepSent
	arrived rtpprobe.SweepArrived
	took    time.Duration
}

func sweepTerms() rtpprobe.SweepTerms {
	return rtpprobe.SweepTerms{ID: 77, Direction: rtpprobe.SweepInbound, Key: []byte("media key")}
}

// run sweeps, and judges.
func (tr *trial) run(t *testing.T) (v rtpprobe.SweepVerdict) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		if tr.within > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, tr.within)
			defer cancel()
		}
		v = tr.sweep(t, ctx)
	})
	return v
}

func (tr *trial) sweep(t *testing.T, ctx context.Context) rtpprobe.SweepVerdict {
	if tr.allow == nil {
		tr.allow = func(netip.AddrPort) bool { return true }
	}
	ports := portSet(t, tr.ports)
	reflector, err := rtpprobe.OpenReflector(rtpprobe.ReflectorConfig{
		Terms: sweepTerms(), Address: sweepSite, Ports: ports, Allow: tr.allow, Portable: true,
		Open: func(port uint16) (net.PacketConn, error) {
			if err := tr.network.taken[port]; err != nil {
				return nil, &net.OpError{Op: "listen", Err: err}
			}
			return tr.network.listen(netip.AddrPortFrom(sweepSite, port), 16), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := tr.cfg
	cfg.Terms, cfg.Remote, cfg.Portable = sweepTerms(), sweepSite, true
	cfg.Ports = reflector.Listening()
	for port := range uint16(4) {
		cfg.Conns = append(cfg.Conns, tr.network.listen(netip.AddrPortFrom(sweepClient, 40001+port*3), 4096))
	}
	if tr.prime {
		var to []netip.AddrPort
		for _, conn := range cfg.Conns {
			to = append(to, conn.(*sweepConn).addr)
		}
		if n, err := reflector.Prime(reflector.Listening(), to); n != 4*cfg.Ports.Len() || err != nil {
			t.Error(n, err)
		}
		time.Sleep(time.Second)
	}
	start := time.Now()
	tr.sent, err = rtpprobe.Sweep(ctx, cfg)
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	tr.took = time.Since(start)
	time.Sleep(time.Second) // what is under way arrives
	tr.arrived = reflector.Close()
	synctest.Wait()
	return rtpprobe.JudgeSweep(tr.sent, tr.arrived)
}
