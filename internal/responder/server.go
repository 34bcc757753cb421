package responder

import (
	"context"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"bothways/internal/pairing"
	"bothways/internal/serverprobe"
)

// Bounds of what all clients together may have the responder ask of others.
const (
	maxErrands    = 64              // at once, after a pause
	errandPause   = 5 * time.Second // from one to the next, thereafter
	errandsAtOnce = 8
	// errandTime bounds one with the wait for its turn.
	errandTime = 2 * serverprobe.Longest
)

// errands bounds the questions to servers of others.
type errands struct {
	pace *rate.Limiter
	room chan struct{}
}

func newErrands() errands {
	return errands{pace: rate.NewLimiter(rate.Every(errandPause), maxErrands), room: make(chan struct{}, errandsAtOnce)}
}

// askServer asks somebody else's server where the operator allows it; it goes on after the
// order was answered.
func (r *Responder) askServer(s *session, x pairing.Server) error {
	if err := x.CheckBounds(); err != nil {
		return err
	}
	server := x.Check.Server
	if err := r.cfg.Egress.host(server.Host, r.addresses); err != nil {
		return err
	}
	if at := server.GivenResolver(); at.IsValid() {
		if err := r.cfg.Egress.resolver(at.Addr(), r.addresses); err != nil {
			return err
		}
	}
	if !r.errands.pace.Allow() {
		return errTooManyErrands
	}
	if !s.begin(x.Check.ID) {
		return errTooMuch
	}
	r.cfg.Logger.Info("asking a server of others", "run", s.run, "host", server.Host, "port", server.Port, "protocol", server.Protocol)
	go func() {
		ctx, cancel := context.WithTimeout(s.ctx, errandTime)
		defer cancel()
		select {
		case r.errands.room <- struct{}{}:
			defer func() { <-r.errands.room }()
		case <-ctx.Done():
		}
		s.finish(x.Check.ID, serverprobe.Ask(ctx, x.Check, serverprobe.Config{
			Network: r.cfg.Network, Roots: r.cfg.Roots, Software: r.software(),
			Allow: func(a netip.Addr) error { return r.cfg.Egress.address(a, r.addresses) },
		}))
	}()
	return nil
}
