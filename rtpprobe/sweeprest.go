package rtpprobe

import (
	"context"
	"time"
)

// The pause before a round, on a path that loses something, or on which nothing is known.
const (
	firstRest = 50 * time.Millisecond
	maxRest   = time.Second
)

// rest pauses before every round but the first, longer each time: a burst of loss, or a full bucket of a
// policer, must not outlast all attempts. Where the round before lost nothing there is none, and a round trip is
// enough, after the answers were waited for. The first retry goes at a quarter of the pace if anything that is known to
// answer was lost, or nothing is known. Where the far end says that nothing at all has arrived, neither a policer nor a
// pace is to blame, which let the first packets through.
func (s *sweeper) rest(ctx context.Context) bool {
	if len(s.rounds) == 0 {
		return context.Cause(ctx) == nil
	}
	s.mu.Lock()
	last := &s.rounds[len(s.rounds)-1]
	controls := last.controls - s.excusedControls(last)
	lossless := controls >= minLot && last.controlsEchoed >= controls || s.hasty
	pause := min(firstRest<<(len(s.rounds)-1), maxRest)
	switch {
	case lossless:
		pause = min(pause, s.pace.rtt.smooth)
	case s.pace.rtt.asked > 0:
		pause = firstRest
	}
	if len(s.rounds) == 1 && s.pace.rtt.asked == 0 && (controls == 0 || last.controlsEchoed < controls) {
		s.pace.set(s.came(last)/4, s.now())
	}
	s.mu.Unlock()
	return s.sleep(ctx, pause)
}

// came is what the pace came to in a round, which may have been too short to measure it on the way. The
// caller holds the lock.
func (s *sweeper) came(round *roundState) float64 {
	if s.pace.actual > 0 {
		return min(s.pace.rate, s.pace.actual)
	}
	took := max(round.end-round.start, paceTick)
	return min(s.pace.rate, float64(s.packets)/took.Seconds())
}

// settle waits for the answers to a round that are under way.
func (s *sweeper) settle(ctx context.Context, t *turn) SweepEnd {
	if s.hasty = s.hurry(t); s.hasty {
		return ""
	}
	s.inquire(ctx)
	if !s.answers(ctx, t, (*roundTrips).settling) {
		return s.cancelled(t)
	}
	return ""
}

// hurry reports whether the answers to a retry need not be waited for: nothing is lost on this path, most of the answers are
// overdue by the end of the sending, and there is another round in any case.
func (s *sweeper) hurry(t *turn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range t.number {
		if before := &s.rounds[i]; before.controls < minLot || before.controlsEchoed < before.controls {
			return false
		}
	}
	round := &s.rounds[t.number]
	if t.number == 0 || s.pace.lost > 0 || s.pace.trial.rate > 0 || round.end-round.start < s.pace.rtt.settling() {
		return false
	}
	return s.chance(true)*float64(len(s.list)) >= chanceLimit/10
}

// linger waits for late answers to the last round before the sweep ends.
func (s *sweeper) linger(ctx context.Context, end SweepEnd) SweepEnd {
	t := &turn{number: uint8(len(s.rounds) - 1)}
	switch {
	case !s.answers(ctx, t, (*roundTrips).patience) || s.belied(ctx) && !s.answers(ctx, t, (*roundTrips).patience):
		return s.cancelled(t)
	case len(s.missing()) == 0:
		return SweepComplete
	}
	return end
}

// answers waits for answers, for so long after the last request of a round as the round trips say that are
// known by then, or until every port has answered. False means that ctx is done.
func (s *sweeper) answers(ctx context.Context, t *turn, after func(*roundTrips) time.Duration) bool {
	s.mu.Lock()
	s.waiting = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.waiting = false
		s.mu.Unlock()
	}()
	for {
		s.mu.Lock()
		complete := len(s.known) == len(s.list)
		left := s.rounds[t.number].end + after(&s.pace.rtt) - time.Since(s.start)
		s.mu.Unlock()
		if complete {
			s.recallControls(t)
		}
		if complete || left <= 0 {
			return true
		}
		s.show(t)
		s.timer.Reset(left)
		select {
		case <-s.timer.C:
		case <-s.wake:
		case <-ctx.Done():
			return false
		}
	}
}
