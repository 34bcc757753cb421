package natlab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A wire is a port of a box. It gives and takes whole Ethernet frames.
type wire interface {
	io.ReadWriteCloser
	// overrun counts the frames that came too fast to be read, since the last call.
	overrun() (uint64, error)
}

// A box is a [Box] at work between two ports.
type box struct {
	alterations []*altering
	ports       [2]wire // inside, site
	stopped     chan struct{}
	once        sync.Once
	running     sync.WaitGroup
	lost        atomic.Uint64 // frames that the box failed to pass on
}

// start passes frames on until the box is closed.
func (b *Box) start(inside, site wire) *box {
	run := &box{ports: [2]wire{inside, site}, stopped: make(chan struct{})}
	for _, a := range b.Alterations {
		run.alterations = append(run.alterations, &altering{Alteration: a, seen: make(map[flow]uint32), peers: make(mediaPeers)})
	}
	run.running.Go(func() { run.pass(inside, site, Outbound) })
	run.running.Go(func() { run.pass(site, inside, Inbound) })
	return run
}

// close ends the box and waits for it. Frames that are held are discarded.
func (b *box) close() error {
	if b == nil {
		return nil
	}
	var err error
	b.once.Do(func() {
		close(b.stopped)
		err = errors.Join(b.ports[0].Close(), b.ports[1].Close())
	})
	b.running.Wait()
	return err
}

// maxFrame is the longest frame of a link; offloads are off.
const maxFrame = 1 << 16

// pass passes frames on in one direction.
func (b *box) pass(from io.Reader, to io.Writer, d Direction) {
	lines := make(map[time.Duration]chan<- held)
	defer func() {
		for _, l := range lines {
			close(l)
		}
	}()
	buf := make([]byte, maxFrame)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		frame, hold := b.alter(buf[:n], d)
		switch {
		case frame == nil:
		case hold == 0:
			b.send(to, frame)
		default:
			if lines[hold] == nil {
				lines[hold] = b.line(to)
			}
			lines[hold] <- held{frame: bytes.Clone(frame), until: time.Now().Add(hold)}
		}
	}
}

// A held frame waits for its time.
type held struct {
	frame []byte
	until time.Time
}

// line sends frames when their time has come, in their order.
func (b *box) line(to io.Writer) chan<- held {
	frames := make(chan held, 4096)
	b.running.Go(func() {
		for f := range frames {
			select {
			case <-time.After(time.Until(f.until)):
				b.send(to, f.frame)
			case <-b.stopped:
			}
		}
	})
	return frames
}

func (b *box) send(to io.Writer, frame []byte) {
	if _, err := to.Write(frame); err != nil {
		select {
		case <-b.stopped:
		default:
			b.lost.Add(1)
		}
	}
}

// BoxLost counts the packets that the lab's box has lost by itself: they came too fast,
// or an alteration made them longer than the link carries. A run with any of them
// proves nothing. It is 0 where there is no box.
func (l *Lab) BoxLost() (uint64, error) {
	if l.box == nil {
		return 0, nil
	}
	for _, p := range l.box.ports {
		n, err := p.overrun()
		if err != nil {
			return 0, fmt.Errorf("ask the box what it lost: %w", err)
		}
		l.box.lost.Add(n)
	}
	return l.box.lost.Load(), nil
}

// alter returns the frame as it goes on, nil when it does not, and how long it is held.
func (b *box) alter(frame []byte, d Direction) ([]byte, time.Duration) {
	var hold time.Duration
	for _, a := range b.alterations {
		p, ok := readPacket(frame)
		if !ok || !a.picks(&p, d) {
			continue
		}
		size := p.size()
		after, acted := a.apply(&p)
		if !acted {
			continue
		}
		a.count(size)
		if frame = after; frame == nil {
			return nil, 0
		}
		hold += a.Delay
	}
	return frame, hold
}

// An altering is an [Alteration] at work; both directions share it.
type altering struct {
	Alteration
	mu      sync.Mutex
	seen    map[flow]uint32 // packets of each flow that everything but After and Every picked
	picked  uint32          // packets that everything but Every picked
	counter Counter
	peers   mediaPeers // of [PinMedia]
}

// picks tells whether the packet is one for the alteration.
func (a *altering) picks(p *packet, d Direction) bool {
	if a.Change == PinMedia {
		return a.picksStranger(p, d)
	}
	switch {
	case a.Direction != AnyDirection && a.Direction != d,
		a.Family != AnyFamily && a.Family != p.family,
		a.Proto == UDP && p.proto != protoUDP, a.Proto == TCP && p.proto != protoTCP,
		a.Above > 0 && p.size() <= a.Above, a.Below > 0 && p.size() >= a.Below, a.Whole && !p.whole, a.Fragments && !p.fragment,
		a.Marked != 0 && a.Marked != p.dscp():
		return false
	}
	if ports := a.ports(); ports != (Ports{}) && (p.fragment || !ports.has(p.flow.src.Port()) && !ports.has(p.flow.dst.Port())) {
		return false
	}
	return (!a.ofSIP() || a.picksSIP(p)) && a.turn(p.flow)
}

// picksStranger picks for [PinMedia], which learns meanwhile.
func (a *altering) picksStranger(p *packet, d Direction) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d == Outbound {
		a.peers.learn(p, a.ports())
		return false
	}
	return a.peers.strange(p)
}

func (a *altering) picksSIP(p *packet) bool {
	payload, ok := p.payload()
	if !ok {
		return false
	}
	m, ok := readSIP(payload)
	switch {
	case !ok,
		a.Messages == Requests && m.isResponse(), a.Messages == Responses && !m.isResponse(),
		a.Method != "" && !strings.EqualFold(a.Method, m.method()),
		a.SDP && !m.hasSDP(), a.InDialog && !m.inDialog():
		return false
	}
	return true
}

// turn counts for After and Every.
func (a *altering) turn(f flow) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.After > 0 {
		if a.seen[f] < a.After {
			a.seen[f]++
			return false
		}
	}
	a.picked++
	return a.Every <= 1 || a.picked%a.Every == 0
}

// apply makes the change; nil discards. False means that there was nothing to change.
func (a *altering) apply(p *packet) ([]byte, bool) {
	switch a.Change {
	case DropPacket, PinMedia:
		return nil, true
	case DelayPacket:
		return p.frame, true
	case SetDSCP:
		before := p.frame
		after := p.withDSCP(a.DSCP)
		return after, !bytes.Equal(before, after)
	case MoveSourcePort:
		if _, ok := p.payload(); !ok {
			return p.frame, false
		}
		return p.withSourcePort(p.flow.src.Port() + uint16(a.By)), true
	}
	payload, _ := p.payload()
	m, _ := readSIP(payload)
	after := m.alter(a.Alteration)
	if bytes.Equal(payload, after) {
		return p.frame, false
	}
	return p.withPayload(after), true
}

func (a *altering) count(size int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counter.Packets++
	a.counter.Bytes += uint64(size)
}

// counters are those of the alterations, in their order.
func (b *box) counters() []Counter {
	if b == nil {
		return nil
	}
	var all []Counter
	for _, a := range b.alterations {
		a.mu.Lock()
		c := a.counter
		a.mu.Unlock()
		c.Rule = a.Name
		all = append(all, c)
	}
	return all
}

// has tells whether a port is in the range.
func (p Ports) has(port uint16) bool {
	from, to := p.bounds()
	return from <= port && port <= to
}
