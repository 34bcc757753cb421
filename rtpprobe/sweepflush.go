package rtpprobe

import (
	"context"
	"time"
)

const (
	// maxFull is how often a packet is tried again that a full buffer of this machine refused.
	maxFull = 100
	// fullPause is between two of these tries.
	fullPause = 2 * time.Millisecond
	// maxSendFailures in a row, with nothing sent before, end a round.
	maxSendFailures = 1000
)

// flush hands the batch of a socket to the kernel.
func (s *sweeper) flush(t *turn, line int) {
	b := s.batches[line]
	full := 0
	for first := 0; first < b.n; {
		n, err := s.lines[line].send(b, first)
		first += n
		s.packets += int64(n)
		if n > 0 {
			s.failures, full = 0, 0
		}
		switch {
		case err == nil:
		case noRoom(err) && full < maxFull:
			full++
			s.waits++
			s.sleep(context.Background(), fullPause)
		default:
			s.fail(t, b.ports[first], err)
			first++
		}
	}
	b.n = 0
}

// fail takes a probe back that the kernel did not take.
func (s *sweeper) fail(t *turn, port uint16, err error) {
	s.errors = countError(s.errors, err)
	s.unsent.add(port)
	s.failures++
	s.failed = err
	s.mu.Lock()
	defer s.mu.Unlock()
	state := &s.states[s.slots[port]-1]
	if state.answered() { // a control
		s.rounds[t.number].controls--
		s.unheard = s.unheard[:max(len(s.unheard)-1, 0)]
		return
	}
	state.sent &^= 1 << t.number
}
