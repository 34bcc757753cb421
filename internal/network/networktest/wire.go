// Package networktest lends the tests a network whose wire can be cut, and finds what
// a test has left behind.
package networktest

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"bothways/internal/network"
)

// A Flow is what crosses a Wire: Protocol is "udp" or "tcp", Remote the far end.
type Flow struct {
	Protocol      string
	Local, Remote netip.AddrPort
}

// A Wire is a network that loses what it is told to, without a word to either side, as
// a power cut or a firewall does. Its zero value is no network; New makes one.
type Wire struct {
	network.Network

	mu     sync.Mutex
	silent func(Flow) bool
	box    Rewriter // nil leaves everything as it is
	conns  map[*wireConn]bool
	buried []net.Conn // closed by this end, which the far end cannot know
}

// New returns a Wire that loses nothing yet.
func New(n network.Network) *Wire {
	return &Wire{Network: n, silent: func(Flow) bool { return false }, conns: make(map[*wireConn]bool)}
}

// Silence loses whatever matches from now on, in both directions.
func (w *Wire) Silence(match func(Flow) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = match
}

// Vanish loses everything: to the others this host is gone.
func (w *Wire) Vanish() { w.Silence(func(Flow) bool { return true }) }

// Reset breaks the open TCP connections that match; new ones can be opened.
func (w *Wire) Reset(match func(Flow) bool) (broken int) {
	w.mu.Lock()
	var found []*wireConn
	for c := range w.conns {
		if match(c.flow) {
			found = append(found, c)
		}
	}
	w.mu.Unlock()
	for _, c := range found {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
		c.Conn.Close()
	}
	return len(found)
}

// Dig closes what was left of connections that were closed in silence.
func (w *Wire) Dig() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.buried {
		c.Close()
	}
	w.buried = nil
}

func (w *Wire) bury(c net.Conn) {
	c.SetDeadline(time.Now()) // wakes whoever reads
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buried = append(w.buried, c)
}

func (w *Wire) loses(f Flow) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.silent(f)
}

// ListenPacket opens a UDP socket on the wire.
func (w *Wire) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := w.Network.ListenPacket(ctx, local)
	if err != nil {
		return nil, err
	}
	return &wirePacketConn{PacketConn: c, wire: w}, nil
}

// Listen opens a TCP listener on the wire.
func (w *Wire) Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error) {
	l, err := w.Network.Listen(ctx, local)
	if err != nil {
		return nil, err
	}
	return &wireListener{Listener: l, wire: w}, nil
}

// Dial opens a TCP connection on the wire; where it is silent, nobody answers.
func (w *Wire) Dial(ctx context.Context, remote netip.AddrPort) (net.Conn, error) {
	if w.loses(Flow{Protocol: "tcp", Remote: remote}) {
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ETIMEDOUT}
	}
	c, err := w.Network.Dial(ctx, remote)
	if err != nil {
		return nil, err
	}
	return w.carry("tcp", c), nil
}

// DialPacket opens a UDP socket for one peer on the wire.
func (w *Wire) DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	c, err := w.Network.DialPacket(ctx, local, remote)
	if err != nil {
		return nil, err
	}
	return w.carry("udp", c), nil
}

func (w *Wire) carry(protocol string, c net.Conn) net.Conn {
	carried := &wireConn{Conn: c, wire: w, closed: make(chan struct{}),
		flow: Flow{Protocol: protocol, Local: network.AddrPort(c.LocalAddr()), Remote: network.AddrPort(c.RemoteAddr())}}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[carried] = true
	return carried
}
