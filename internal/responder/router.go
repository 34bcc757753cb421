package responder

import (
	"context"

	"bothways/internal/evidence"
	"bothways/internal/gateway"
)

// router is what a session learns of the responder's own router; the zero value has
// not asked.
type router struct {
	asked chan struct{} // closed once told is there; nil when nothing is asked
	told  evidence.Gateway
}

// askRouter asks in the background. The lock that session holds keeps Close away.
func (r *Responder) askRouter(s *session) {
	if !r.cfg.AskRouter {
		return
	}
	s.router.asked = make(chan struct{})
	r.work.Go(func() {
		defer close(s.router.asked)
		s.router.told = gateway.Ask(s.ctx, r.cfg.Network)
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
