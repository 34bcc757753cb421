package rtpprobe

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"time"
)

// When everything seems to have stopped, and how it is asked whether it has.
const (
	// maxUnheard controls without any answer after them are no random loss.
	maxUnheard = 20
	// minSilence is for how long nothing must have come, by the clock.
	minSilence = time.Second
	// lullEvery is between two controls while everything seems to have stopped.
	lullEvery = 100 * time.Millisecond
	// minConfirmed answers show that flows go on which were there.
	minConfirmed = 3
)

// silent reports whether everything seems to have stopped at one instant.
func (s *sweeper) silent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unheard) < maxUnheard {
		return false
	}
	quiet := time.Since(s.start) - sinceStart(s.unheard[0].at)
	return quiet > max(minSilence, 2*s.pace.rtt.overdue())
}

// lull sends nothing but a few controls until one is answered: then it puts the ports back whose requests
// went into the silence, at the slowest pace. Else it says why the sweep ends: cfg.Patience is over, or ctx.
func (s *sweeper) lull(ctx context.Context, t *turn) SweepEnd {
	s.mu.Lock()
	before, from := s.latestEchoes, s.gap.from
	s.confirmed = 0
	s.mu.Unlock()
	s.forgetControls(t)
	numbers := s.takeBack(t, from)
	for range max(int(s.cfg.Patience/lullEvery), 1) { // not by the clock, which goes on while a machine sleeps
		s.control(t)
		s.confirm(t)
		if !s.sleep(ctx, lullEvery) {
			return s.cancelled(t)
		}
		s.mu.Lock()
		back := s.latestEchoes > before
		s.mu.Unlock()
		if back {
			s.resume(t, numbers)
			return ""
		}
		s.forgetControls(t)
	}
	s.sent(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.confirmed >= minConfirmed {
		return SweepFull
	}
	return SweepStopped
}

// confirm sends one control as in the round in which its port answered, from the same local port: whatever is on the way knows
// this flow. The controls of a later round go out from other local ports, as flows of their own.
func (s *sweeper) confirm(t *turn) {
	s.mu.Lock()
	p := pick{number: s.known[rand.IntN(len(s.known))], control: true, rate: s.pace.measured()}
	round := uint8(bits.TrailingZeros32(s.states[p.number].echoed))
	at, live := s.now(), s.live
	if round != t.number {
		s.confirms.add(s.list[p.number], at)
	}
	s.mu.Unlock()
	if round == t.number {
		return
	}
	s.live = s.rounds[round].live
	s.enqueue(&turn{number: round}, p, at)
	s.live = live
	for line := range s.lines {
		s.flush(t, line)
	}
}

// control sends one control.
func (s *sweeper) control(t *turn) {
	queue, controls := t.queue, t.controls
	t.queue, t.controls = nil, 1
	s.burst(t, 1)
	t.queue, t.controls = queue, controls
}

// resume goes on after a silence: more carefully after one that was no accident.
func (s *sweeper) resume(t *turn, numbers []int32) {
	t.queue = append(t.queue, numbers...)
	s.mu.Lock()
	defer s.mu.Unlock()
	before := rateOf(s.rounds[t.number].fastest)
	if s.pace.trial = (paceTrial{}); len(s.interruptions()) > maxExcused {
		s.pace.threshold = before / 2
	}
	s.pace.set(before/4, s.now())
}

// takeBack forgets the requests to ports in this round that were sent from a time on, and returns their
// numbers. What was lost then says nothing of the path at other times.
func (s *sweeper) takeBack(t *turn, from uint32) (numbers []int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.states {
		state := &s.states[i]
		if state.sent>>t.number&1 == 1 && state.echoed == 0 && state.at >= from {
			state.sent &^= 1 << t.number
			numbers = append(numbers, int32(i))
			s.gap.again = append(s.gap.again, attempt{int32(i), t.number, state.at})
		}
	}
	return numbers
}

// forgetControls forgets those that nothing was heard after.
func (s *sweeper) forgetControls(t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, control := range s.unheard {
		s.controlsOut[control.code]--
	}
	s.rounds[t.number].controls -= int64(len(s.unheard))
	s.gap.back = append(s.gap.back, s.unheard...)
	s.unheard = s.unheard[:0]
}
