package rtpprobe

import (
	"context"
	"math/rand/v2"
	"time"
)

// Controls are probes to ports that answered before: they alone tell loss from a block.
const (
	// controlEvery is how many ports there are to a control in the first round.
	controlEvery = 16
	// doubtEvery is how many probes there are to a further control while it is open whether the pace is too fast.
	doubtEvery = 4
	// A retry has a control for each of controlShare ports, within bounds: 500 controls without a loss
	// put the loss under 2 %. A fast pace has more of them, since fewer rounds tell loss from a block when each tells the
	// loss more closely: with fastControls four are enough for ten thousand ports.
	controlShare = 4
	minControls  = 500
	maxControls  = 2000
	controlTime  = minSettling
	fastControls = 1250
)

// controlsFor is how many go with a number of ports that are tried again, at a pace in packets a second.
func controlsFor(missing int, rate float64) int {
	usual := min(max(missing/controlShare, minControls), maxControls)
	return max(usual, int(min(rate*controlTime.Seconds(), fastControls)))
}

// A pick is a probe that is about to be sent.
type pick struct {
	number  int32 // of its port
	control bool
	rate    uint8
}

// A turn is what is left to send in a round.
type turn struct {
	number   uint8
	queue    []int32
	controls int
}

// round sends one round and waits for its answers. It returns why the sweep ends with it, "" if it does not.
func (s *sweeper) round(ctx context.Context, queue []int32) SweepEnd {
	t := &turn{number: uint8(len(s.rounds)), queue: queue, controls: len(queue) / controlEvery}
	s.mu.Lock()
	if t.number > 0 {
		t.controls = controlsFor(len(queue), rateOf(s.pace.measured()))
	}
	s.keepGap()
	s.live = s.liveLines()
	s.rounds = append(s.rounds, roundState{rates: make([]uint8, len(s.list)), live: s.live, start: time.Since(s.start), slowest: 255})
	s.mu.Unlock()
	for !s.over(t) {
		n := s.await(ctx, t)
		if n == 0 {
			return s.cancelled(t)
		}
		s.burst(t, n)
		if s.silent() {
			if end := s.lull(ctx, t); end != "" {
				return end
			}
		}
		if s.failures >= maxSendFailures && s.packets == 0 {
			break
		}
	}
	s.sent(t)
	return s.settle(ctx, t)
}

// sent ends the sending of a round.
func (s *sweeper) sent(t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rounds[t.number].end = time.Since(s.start)
	s.pace.closeStep(s.now()) // what follows is no sending
}

// over reports whether nothing is left to send. Controls that were to go with a first round are left out
// once its ports are through.
func (s *sweeper) over(t *turn) bool {
	if len(t.queue) > 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return t.number == 0 || t.controls == 0 || len(s.known) == 0 || len(s.known) == len(s.list)
}

// await waits until the pace allows n probes; 0 means that ctx is done.
func (s *sweeper) await(ctx context.Context, t *turn) int {
	for {
		start := time.Now()
		s.mu.Lock()
		n, wait := s.pace.take(time.Since(s.start))
		s.mu.Unlock()
		s.show(t)
		if n > 0 && ctx.Err() == nil {
			s.stalled(start)
			return n
		}
		s.timer.Reset(wait)
		select {
		case <-s.timer.C:
		case <-s.wake:
		case <-ctx.Done():
			return 0
		}
		s.stalled(start.Add(wait))
	}
}

// stallTime is by how much this machine must be late to be taken for one that stood still, paused or asleep.
const stallTime = 200 * time.Millisecond

// stalled notes that the machine stood still, where it is late: what was lost meanwhile is no interruption of the path.
func (s *sweeper) stalled(due time.Time) {
	if time.Since(due) <= stallTime {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gap.stalled = true
}

// burst sends n probes: ports that are left, with the controls strewn evenly among them.
func (s *sweeper) burst(t *turn, n int) {
	s.mu.Lock()
	at := s.now()
	s.listen(at)
	step := s.pace.step(at)
	s.picks = s.picks[:0]
	controls := 0
	for len(s.picks) < n {
		p, ok := s.pick(t)
		if !ok {
			break
		}
		p.rate = step.code
		s.mark(t, p, at)
		if p.control {
			controls++
		}
		s.picks = append(s.picks, p)
	}
	s.pace.sent(step, len(s.picks), controls)
	round := &s.rounds[t.number]
	round.slowest, round.fastest = min(round.slowest, step.code), max(round.fastest, step.code)
	s.mu.Unlock()
	for _, p := range s.picks {
		s.enqueue(t, p, at)
	}
	for line := range s.lines {
		s.flush(t, line)
	}
}

// pick takes the next probe of a round. The caller holds the lock.
func (s *sweeper) pick(t *turn) (pick, bool) {
	for {
		left := len(t.queue) + t.controls
		control := len(s.known) > 0 && t.controls > 0 && rand.IntN(left) < t.controls
		switch {
		case s.pace.doubtful() && left > 0 && rand.IntN(doubtEvery) == 0: // something is known, or there were no controls
			return s.pickControl(t), true
		case control:
			t.controls--
			return s.pickControl(t), true
		case len(t.queue) == 0:
			return pick{}, false
		}
		number := t.queue[len(t.queue)-1]
		t.queue = t.queue[:len(t.queue)-1]
		if !s.states[number].answered() { // late, to an earlier attempt
			return pick{number: number}, true
		}
	}
}

// mark notes that a probe is sent. The caller holds the lock.
func (s *sweeper) mark(t *turn, p pick, at uint32) {
	round := &s.rounds[t.number]
	if p.control {
		round.controls++
		s.controlsOut[p.rate]++
		s.unheard = append(s.unheard, unheard{at, p.rate})
		s.awaited.add(s.list[p.number], at)
		s.heard[s.line(p.number, t.number)].ask(t.number, p.rate, at)
		return
	}
	state := &s.states[p.number]
	state.sent |= 1 << t.number
	state.at = at
	round.rates[p.number] = p.rate
}

// enqueue writes a probe into the batch of its socket.
func (s *sweeper) enqueue(t *turn, p pick, at uint32) {
	port := s.list[p.number]
	line := s.live[localIndex(port, t.number, len(s.live))]
	b := s.batches[line]
	size := probeSize(port, s.cfg.ProbeBytes)
	packet := b.packets[b.n][:size]
	putFrame(packet, port, s.ssrc+uint32(line))
	probe := probe{
		id: s.cfg.Terms.ID, direction: s.cfg.Terms.Direction, window: s.cfg.Terms.Window, attempt: t.number, rate: p.rate,
		port: port, local: s.localPort(line), at: at,
	}
	if p.control {
		probe.kind = probeControl
	}
	probe.put(packet, s.mac)
	b.ports[b.n], b.sizes[b.n] = port, size
	if b.n++; b.n == sweepBatch {
		s.flush(t, line)
	}
}

func (s *sweeper) localPort(line int) uint16 { return localAddr(s.cfg.Conns[line]).Port() }

// cancelled ends a round before its answers could come: those that may be under way were never asked for.
func (s *sweeper) cancelled(t *turn) SweepEnd {
	s.sent(t)
	s.recallControls(t)
	s.mu.Lock()
	patience := s.pace.rtt.patience()
	s.mu.Unlock()
	s.takeBack(t, uint32(max(time.Since(s.start)-patience, 0)/time.Microsecond))
	return SweepCancelled
}

// recallControls forgets those whose answers may be under way: of this round, and of the one before when it was not
// waited for.
func (s *sweeper) recallControls(t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for code, n := range s.pace.flying(time.Since(s.start)) {
		s.controlsOut[code] -= int64(n)
		left := int64(n)
		for r := int(t.number); r >= 0 && left > 0; r-- {
			round := &s.rounds[r]
			taken := min(left, max(round.controls-round.controlsEchoed, 0))
			round.controls, left = round.controls-taken, left-taken
		}
	}
}

// showEvery is how often progress is told.
const showEvery = 100 * time.Millisecond

// show tells progress.
func (s *sweeper) show(t *turn) {
	if s.cfg.Progress == nil || time.Since(s.shown) < showEvery {
		return
	}
	s.shown = time.Now()
	s.mu.Lock()
	p := SweepProgress{
		Round: int(t.number), Ports: len(s.list), Answered: len(s.known), Packets: s.packets, RatePPS: s.pace.rate,
		Left: time.Duration(float64(len(t.queue)+t.controls) / s.pace.rate * float64(time.Second)),
	}
	s.mu.Unlock()
	s.cfg.Progress(p)
}
