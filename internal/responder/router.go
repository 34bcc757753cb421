package responder

import (
	"context"

	"bothways/internal/evidence"
)

// router is what a session learns of the responder's own router; the zero value has
// not asked.
type router struct {
	asked chan struct{} // closed once told is there; nil when nothing is asked
	told  evidence.Gateway
}

// meetRouter asks before any client pairs: what the router does not speak then holds no run up.
func (r *Responder) meetRouter() {
	if r.cfg.AskRouter {
		r.work.Go(func() { r.gateway.Ask(r.ctx, r.cfg.Network) })
	}
}

// askRouter asks in the background. The lock that session holds keeps Close away.
func (r *Responder) askRouter(s *session) {
	if !r.cfg.AskRouter {
		return
	}
	s.router.asked = make(chan struct{})
	r.work.Go(func() {
		defer close(s.router.asked)
		s.router.told = r.gateway.Ask(s.ctx, r.cfg.Network)
	})
}

// said waits for the router's answers, which are there soon; nil when it was not asked.
func (r *router) said(ctx context.Context) *evidence.Gateway {
	if r.asked == nil {
		return nil
	}
	select {
	case <-r.asked:
		return &r.told
	case <-ctx.Done():
		return nil
	}
}
