package responder

import (
	"bytes"
	"maps"
	"math"
	"net/netip"
	"slices"
	"sync"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// A lookout counts what reaches this machine before its firewall, for each session.
type lookout struct {
	network network.Network
	capture network.Capture // nil when there is none
	missing string          // why there is none
	sip     map[sipprobe.Transport]uint16

	mu      sync.Mutex
	tallies map[*tally]struct{}
}

// A tally counts for one session, from the addresses at which its client has proven
// itself. The lookout's lock guards it.
type tally struct {
	run   []byte
	from  map[netip.Addr]bool
	sip   int64
	bad   *int64 // checksums, when the session began
	udp   [math.MaxUint16 + 1]uint16
	syn   map[uint16]int64 // by SIP port
	acked map[uint16]int64
}

// watch begins to count, where this program may.
func (r *Responder) watch() {
	l := &r.lookout
	l.network, l.tallies = r.cfg.Network, make(map[*tally]struct{})
	l.sip = make(map[sipprobe.Transport]uint16)
	for _, s := range r.sockets {
		if s.Error == "" {
			l.sip[s.Transport] = s.Address.Port()
		}
	}
	if !r.cfg.Capture {
		l.missing = "a capture was not asked for"
		return
	}
	capture, err := network.OpenCapture(r.cfg.Network)
	if err != nil {
		l.missing = err.Error()
		return
	}
	l.capture = capture
	r.work.Go(func() {
		<-r.ctx.Done()
		capture.Close()
	})
	r.work.Go(l.count)
}

// count ends when the capture is closed.
func (l *lookout) count() {
	for {
		c, err := l.capture.Next()
		if err != nil {
			return
		}
		l.add(c)
	}
}

func (l *lookout) add(c network.Captured) {
	client, port := c.Source.Addr(), c.Destination.Port()
	if c.Out {
		client, port = c.Destination.Addr(), c.Source.Port()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for t := range l.tallies {
		if t.from[client] {
			l.tell(t, c, port)
		}
	}
}

func (l *lookout) tell(t *tally, c network.Captured, port uint16) {
	signalling := port == l.sip[sipprobe.TCP] || port == l.sip[sipprobe.TLS]
	switch {
	case c.TCP && signalling && c.Out && c.SYN && c.ACK:
		t.acked[port]++
	case c.TCP && signalling && !c.Out && c.SYN && !c.ACK:
		t.syn[port]++
	case c.TCP || c.Out:
	default:
		if t.udp[port] < math.MaxUint16 {
			t.udp[port]++
		}
		if port == l.sip[sipprobe.UDP] && bytes.Contains(c.Payload, t.run) {
			t.sip++
		}
	}
}

// begin counts for a session from now on; nil where nothing is captured.
func (l *lookout) begin(run string) *tally {
	if l.capture == nil {
		return nil
	}
	t := &tally{run: []byte(run), bad: l.badChecksums(), from: make(map[netip.Addr]bool), syn: make(map[uint16]int64), acked: make(map[uint16]int64)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tallies[t] = struct{}{}
	return t
}

// from counts what comes from an address too; the caller bounds how many there are.
func (l *lookout) from(t *tally, addr netip.Addr) {
	if t == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t.from[addr.Unmap()] = true
}

// badChecksums are those since the machine started; nil when unknown.
func (l *lookout) badChecksums() *int64 {
	n, err := network.BadChecksums(l.network)
	if err != nil {
		return nil
	}
	return &n
}

func (l *lookout) end(t *tally) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tallies, t)
}

// facts are what was counted so far.
func (l *lookout) facts(t *tally) *evidence.Capture {
	if t == nil {
		return &evidence.Capture{Missing: l.missing}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out := &evidence.Capture{SIP: t.sip}
	if now := l.badChecksums(); now != nil && t.bad != nil {
		*now -= *t.bad
		out.BadChecksums = now
	}
	ports := make(map[uint16][]uint16) // by how many packets
	for port, n := range t.udp {
		if n > 0 {
			ports[n] = append(ports[n], uint16(port))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(ports)) {
		out.UDP = append(out.UDP, evidence.CapturedPorts{Packets: int64(n), Ports: rtpprobe.PortSetOf(slices.Values(ports[n]))})
	}
	for _, port := range slices.Sorted(maps.Keys(t.syn)) {
		out.TCP = append(out.TCP, evidence.CapturedConnects{Port: port, SYN: t.syn[port], Answers: t.acked[port]})
	}
	return out
}
