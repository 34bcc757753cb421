package responder

import (
	"time"

	"bothways/internal/resolve"
)

// A lookup is where a session's name leads to from inside; the zero value has not asked.
type lookup struct {
	found chan struct{} // closed once res is there; nil when nothing is asked
	res   resolve.Resolution
}

// lookupWait is how long the ledger waits for it.
const lookupWait = time.Second

// lookUp looks the first name up that a session's client says it dialled, and no other.
func (r *Responder) lookUp(s *session, name string) {
	if name == "" || !s.beginLookup() {
		return
	}
	go func() {
		defer s.work.Done()
		// That it leads nowhere is told in what was found.
		s.lookup.res, _ = r.cfg.Resolver.Resolve(s.ctx, name)
		close(s.lookup.found)
	}()
}

// beginLookup is true once in a session that has not ended.
func (s *session) beginLookup() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || s.lookup.found != nil {
		return false
	}
	s.lookup.found = make(chan struct{})
	s.work.Add(1)
	return true
}

// resolution waits a little for what was found; nil when it is not there. The caller holds no lock.
func (s *session) resolution() *resolve.Resolution {
	s.mu.Lock()
	found := s.lookup.found
	s.mu.Unlock()
	if found == nil {
		return nil
	}
	select {
	case <-found:
		return new(s.lookup.res)
	case <-time.After(lookupWait):
	case <-s.ctx.Done():
	}
	return nil
}
