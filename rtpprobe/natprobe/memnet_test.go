package natprobe_test

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"bothways/rtpprobe/natprobe"
)

// A world carries packets between sockets in memory. Those of addresses that are
// private are behind its NAT.
type world struct {
	mapping, filtering natprobe.Behaviour // "" or NoTranslation: no NAT, no filter
	forwarded          uint16             // a port that the NAT forwards
	shift              uint16             // added to a port by the mapping
	lose               func(from, to netip.AddrPort) bool

	mu    sync.Mutex
	conns map[netip.AddrPort]*memConn
	maps  map[[2]netip.AddrPort]netip.AddrPort       // inside, and as much of the destination as counts
	back  map[netip.AddrPort]netip.AddrPort          // public to inside
	sent  map[netip.AddrPort]map[netip.AddrPort]bool // inside to where it has sent
	next  uint16
}

var (
	public = netip.MustParseAddr("203.0.113.10")
	inside = netip.MustParseAddr("192.168.1.10")
	first  = netip.MustParseAddr("198.51.100.20")
	second = netip.MustParseAddr("198.51.100.21")
)

func newWorld(mapping, filtering natprobe.Behaviour) *world {
	return &world{
		mapping: mapping, filtering: filtering, next: 40_000,
		conns: make(map[netip.AddrPort]*memConn), maps: make(map[[2]netip.AddrPort]netip.AddrPort),
		back: make(map[netip.AddrPort]netip.AddrPort), sent: make(map[netip.AddrPort]map[netip.AddrPort]bool),
	}
}

// key is what of a destination the behaviour looks at.
func key(b natprobe.Behaviour, to netip.AddrPort) netip.AddrPort {
	switch b {
	case natprobe.AddressDependent:
		return netip.AddrPortFrom(to.Addr(), 0)
	case natprobe.AddressAndPortDependent:
		return to
	}
	return netip.AddrPort{}
}

func (w *world) open(a netip.Addr, port uint16) *memConn {
	c := &memConn{world: w, local: netip.AddrPortFrom(a, port), in: make(chan packet, 64), moved: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[c.local] = c
	return c
}

// carry translates, filters and delivers one packet.
func (w *world) carry(data []byte, from, to netip.AddrPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lose != nil && w.lose(from, to) {
		return
	}
	if from.Addr() == inside && w.sent[from] == nil {
		w.sent[from] = make(map[netip.AddrPort]bool)
	}
	if from.Addr() == inside {
		w.sent[from][key(w.filtering, to)] = true
	}
	nat := w.mapping != "" && w.mapping != natprobe.NoTranslation
	if nat && from.Addr() == inside {
		from = w.translate(from, to)
	}
	if to.Addr() == public {
		private, ok := w.back[to]
		if !ok && to.Port() == w.forwarded {
			private, ok = netip.AddrPortFrom(inside, to.Port()), true
		}
		if !ok {
			return
		}
		to = private
	}
	if to.Addr() == inside && to.Port() != w.forwarded && !w.sent[to][key(w.filtering, from)] {
		return
	}
	if c := w.conns[to]; c != nil {
		select {
		case c.in <- packet{append([]byte(nil), data...), from}:
		default:
		}
	}
}

func (w *world) translate(from, to netip.AddrPort) netip.AddrPort {
	k := [2]netip.AddrPort{from, key(w.mapping, to)}
	if m, ok := w.maps[k]; ok {
		return m
	}
	m := netip.AddrPortFrom(public, from.Port()+w.shift)
	if _, taken := w.back[m]; taken {
		w.next += 7
		m = netip.AddrPortFrom(public, w.next)
	}
	w.maps[k], w.back[m] = m, from
	return m
}

type packet struct {
	data []byte
	from netip.AddrPort
}

// A memConn is a socket in a world.
type memConn struct {
	*world
	local netip.AddrPort
	in    chan packet
	moved chan struct{} // the deadline has been

	dmu      sync.Mutex
	deadline time.Time
}

func (c *memConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c.dmu.Lock()
		d := c.deadline
		c.dmu.Unlock()
		var expired <-chan time.Time
		if !d.IsZero() {
			if !time.Now().Before(d) {
				return 0, nil, os.ErrDeadlineExceeded
			}
			t := time.NewTimer(time.Until(d))
			defer t.Stop()
			expired = t.C
		}
		select {
		case p := <-c.in:
			return copy(b, p.data), net.UDPAddrFromAddrPort(p.from), nil
		case <-expired:
		case <-c.moved:
		}
	}
}

func (c *memConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.carry(b, c.local, to.(*net.UDPAddr).AddrPort())
	return len(b), nil
}

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.dmu.Lock()
	c.deadline = t
	c.dmu.Unlock()
	select {
	case c.moved <- struct{}{}:
	default:
	}
	return nil
}

func (c *memConn) Close() error                     { return nil }
func (c *memConn) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(c.local) }
func (c *memConn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }
