package responder

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"net/netip"
	"slices"
	"sync"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/network"
	"bothways/internal/pairing"
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
	mixed bool // with what another session's client sent from the same address
	sip   int64
	bad   *int64 // checksums, when the session began
	udp   [math.MaxUint16 + 1]uint16
	syn   map[uint16]int64 // by SIP port
	acked map[uint16]int64
	held  map[heldPort]*evidence.CapturedHeld
}

// A heldPort is one that another program holds.
type heldPort struct {
	transport knock.Transport
	port      uint16
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
		t.tellHeld(c, port, t.from[client])
		if t.from[client] {
			l.tell(t, c, port)
		}
	}
}

// watchHeld begins to count what comes to a port that another program holds.
func (l *lookout) watchHeld(t *tally, over knock.Transport, port uint16) {
	if t == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := heldPort{over, port}
	if t.held[at] == nil && len(t.held) < maxHeld {
		t.held[at] = &evidence.CapturedHeld{Transport: string(over), Port: port}
	}
}

// maxHeld bounds the ports of other programs that are watched for one session.
const maxHeld = 4 * pairing.MaxPorts

// tellHeld counts what concerns a port that another program holds. What this machine
// sends to itself is not of the network.
func (t *tally) tellHeld(c network.Captured, port uint16, client bool) {
	over := knock.UDP
	if c.TCP {
		over = knock.TCP
	}
	h := t.held[heldPort{over, port}]
	switch {
	case h == nil || c.Source.Addr() == c.Destination.Addr() || c.TCP && !c.SYN:
	case c.Out && client && c.ACK:
		h.Answers++
	case c.Out || c.TCP && c.ACK:
	case client:
		h.FromClient++
	default:
		h.FromOthers++
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

// mixedTally is why a count is none of one client.
const mixedTally = "another client at the same address ran at the same time, and a count does not tell the two apart"

// begin counts for a session from now on; nil where nothing is captured.
func (l *lookout) begin(run string) *tally {
	if l.capture == nil {
		return nil
	}
	t := &tally{run: []byte(run), bad: l.badChecksums(), from: make(map[netip.Addr]bool), syn: make(map[uint16]int64), acked: make(map[uint16]int64),
		held: make(map[heldPort]*evidence.CapturedHeld)}
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
	addr = addr.Unmap()
	l.mu.Lock()
	defer l.mu.Unlock()
	t.from[addr] = true
	for other := range l.tallies {
		if other != t && other.from[addr] {
			t.mixed, other.mixed = true, true
		}
	}
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
	if t.mixed {
		return &evidence.Capture{Missing: mixedTally, Mixed: true}
	}
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
	for _, h := range t.held {
		out.Held = append(out.Held, *h)
	}
	slices.SortFunc(out.Held, func(a, b evidence.CapturedHeld) int {
		return cmp.Or(cmp.Compare(a.Transport, b.Transport), cmp.Compare(a.Port, b.Port))
	})
	return out
}
