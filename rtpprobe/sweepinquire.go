package rtpprobe

import (
	"context"
	"time"
)

// promptAnswer is how long the far end may take to say that nothing has arrived. When it takes longer, a queue is full that
// requests may wait in too, or the path is interrupted.
const promptAnswer = firstOverdue / 2

// inquire asks the far end what has arrived while nothing answers. That it answers at once shows that the
// path is up at this moment.
func (s *sweeper) inquire(ctx context.Context) {
	if s.cfg.Arrived == nil || !s.noneKnown() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, firstOverdue)
	defer cancel()
	start := time.Now()
	arrived, err := s.cfg.Arrived(ctx)
	took := max(time.Since(start), 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || arrived > 0 || took > promptAnswer {
		s.pace.rtt.asked = 0
		return
	}
	s.pace.rtt.asked = max(s.pace.rtt.asked, took)
}

// belied asks a last time before nothing is waited for any more, and reports whether the far end no longer says that nothing
// has arrived: media may take a slower way than questions do.
func (s *sweeper) belied(ctx context.Context) bool {
	before := s.asked()
	s.inquire(ctx)
	return before > 0 && s.asked() == 0
}

func (s *sweeper) asked() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pace.rtt.asked
}
