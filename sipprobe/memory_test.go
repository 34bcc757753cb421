package sipprobe_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"
)

// A memory network carries datagrams between the nodes of one test bubble.
type memory struct {
	mu    sync.Mutex
	nodes map[netip.AddrPort]*node
	// pass decides on each datagram; nil passes all.
	pass func(from, to netip.AddrPort, data string) bool
	sent []flight
}

type flight struct {
	from, to netip.AddrPort
	data     string
	at       time.Time
}

type node struct {
	net    *memory
	addr   netip.AddrPort
	in     chan flight
	closed chan struct{}
	once   sync.Once
}

func newMemory() *memory { return &memory{nodes: make(map[netip.AddrPort]*node)} }

func (m *memory) node(addr string) *node {
	n := &node{net: m, addr: netip.MustParseAddrPort(addr), in: make(chan flight, 4096), closed: make(chan struct{})}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.nodes[n.addr] = n
	return n
}

func (n *node) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case f := <-n.in:
		return copy(b, f.data), net.UDPAddrFromAddrPort(f.from), nil
	case <-n.closed:
		return 0, nil, net.ErrClosed
	}
}

func (n *node) WriteTo(b []byte, to net.Addr) (int, error) {
	f := flight{n.addr, to.(*net.UDPAddr).AddrPort(), string(b), time.Now()}
	m := n.net
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, f)
	dest := m.nodes[f.to]
	if dest == nil || m.pass != nil && !m.pass(f.from, f.to, f.data) {
		return len(b), nil
	}
	select {
	case dest.in <- f:
	default:
	}
	return len(b), nil
}

func (n *node) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *node) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(n.addr) }
func (n *node) SetDeadline(time.Time) error      { return nil }
func (n *node) SetReadDeadline(time.Time) error  { return nil }
func (n *node) SetWriteDeadline(time.Time) error { return nil }

// endpoint starts an endpoint on the memory network.
func (m *memory) endpoint(t testing.TB, addr string, cfg sipprobe.EndpointConfig) *sipprobe.Endpoint {
	t.Helper()
	cfg.Transport, cfg.PacketConn = sipprobe.UDP, m.node(addr)
	e, err := sipprobe.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// say sends a message from the node and returns what came back once nothing moves.
func (n *node) say(to netip.AddrPort, message string) []string {
	n.WriteTo([]byte(message), net.UDPAddrFromAddrPort(to))
	synctest.Wait()
	return n.heard()
}

// heard returns what has arrived since it was asked last.
func (n *node) heard() (out []string) {
	for {
		select {
		case f := <-n.in:
			out = append(out, f.data)
		default:
			return out
		}
	}
}

// lines joins the lines of a message; an empty one ends the header.
func lines(l ...string) string { return strings.Join(l, "\r\n") }

// firsts returns the start lines of messages, for comparing.
func firsts(messages []string) (out []string) {
	for _, m := range messages {
		line, _, _ := strings.Cut(m, "\r\n")
		out = append(out, line)
	}
	return out
}

// field returns the value of the first header field of a name.
func field(message, name string) string {
	for l := range strings.SplitSeq(message, "\r\n") {
		if k, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// flights returns everything that was sent, arrived or not.
func (m *memory) flights() []flight {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}
