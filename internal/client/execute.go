package client

import (
	"context"
	"errors"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/pairing"
)

// execute runs the checks, until the end or until the responder is lost.
func (r *run) execute(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer r.work.Wait()
	defer cancel(nil)
	r.work.Go(func() {
		if err := r.link.KeepAlive(ctx); err != nil {
			r.progress("lost", "", "%v", err)
			cancel(err)
		}
	})
	r.proveSecond(ctx)
	r.runChecks(ctx)
	if err := context.Cause(ctx); err != nil {
		r.ev.Run.Interrupted = interruption(err)
	}
	r.fetchLedger(ctx)
}

func interruption(err error) string {
	if errors.Is(err, context.Canceled) {
		return evidence.StoppedByUser
	}
	return err.Error()
}

// Bounds of the last conversation with the responder; whoever stops the program does
// not wait as long.
const (
	ledgerTimeout  = 60 * time.Second
	stoppedTimeout = 5 * time.Second
)

// fetchLedger brings home the responder's ledger and says goodbye.
func (r *run) fetchLedger(ctx context.Context) {
	ctx, cancel := lastWords(ctx, ledgerTimeout)
	defer cancel()
	var l evidence.Ledger
	if err := r.link.Fetch(ctx, "", &l); err == nil {
		r.ev.Responder = &l
	} else if r.ev.Run.Interrupted == "" {
		r.ev.Run.Interrupted = "the responder's ledger could not be fetched: " + err.Error()
	}
	r.goodbye(ctx)
}

// lastWords limits what is asked of the responder at the end of a call or run. Where
// the run was stopped it still has a short time of its own.
func lastWords(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return context.WithTimeout(ctx, limit)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), stoppedTimeout)
}

// goodbye lets the responder forget this run at once.
func (r *run) goodbye(ctx context.Context) {
	if r.link == nil {
		return
	}
	ctx, cancel := lastWords(ctx, stoppedTimeout)
	defer cancel()
	r.link.Do(ctx, pairing.Order{End: true})
}
