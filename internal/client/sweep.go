package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// sweepSockets is how many ports of this end an inbound sweep goes out from.
const sweepSockets = 16

// maxWindows is how many windows of ports one sweep can have.
const maxWindows = 256

// A sweep is one check of a range of ports, under way.
type sweep struct {
	*run
	check *evidence.Check
	facts *evidence.SweepFacts
	// setup is what all windows have in common.
	setup rtpprobe.SweepConfig
	// left are the ports that are still to be tried.
	left  rtpprobe.PortSet
	shown time.Time
}

func (r *run) sweep(ctx context.Context, c *evidence.Check) {
	w, err := r.newSweep(c)
	if err == nil {
		w.announce()
		if c.Direction == scenarios.Inbound {
			err = w.inbound(ctx)
		} else {
			err = w.outbound(ctx)
		}
	}
	switch {
	case err == nil:
		w.begun() // also when there was no port to try
	case c.SweepFacts == nil:
		c.Skipped = "the sweep could not begin: " + reason(ctx, err)
	default:
		w.notTried(w.left, reason(ctx, err))
	}
}

// reason is why a sweep ended early; where the run was stopped, that is the reason.
func reason(ctx context.Context, err error) string {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return interruption(err)
}

// newSweep reads a check. The facts of the check are set once something was tried.
func (r *run) newSweep(c *evidence.Check) (*sweep, error) {
	w := &sweep{run: r, check: c, facts: &evidence.SweepFacts{}}
	if err := w.left.UnmarshalText([]byte(c.Sweep.Ports)); err != nil {
		return nil, err
	}
	w.setup = rtpprobe.SweepConfig{
		Terms:  rtpprobe.SweepTerms{ID: rand.Uint32(), Direction: rtpprobe.SweepInbound, Key: pairing.MediaKey(r.cfg.Key, r.ev.Run.ID)},
		Remote: r.cfg.Address, Ports: w.left, Rate: c.Sweep.RatePPS, ProbeBytes: c.Sweep.ProbeBytes, Progress: w.show,
	}
	if c.Direction == scenarios.Outbound {
		w.setup.Terms.Direction, w.setup.Remote = rtpprobe.SweepOutbound, r.public
		if r.behindNAT() {
			w.setup.Ports = sampleOf(w.left)
		}
	}
	w.facts.Estimate = w.setup.Estimate()
	return w, nil
}

// begun makes the facts part of the evidence.
func (w *sweep) begun() { w.check.SweepFacts = w.facts }

// announce says what is going to be sent, before it is.
func (w *sweep) announce() {
	e := w.facts.Estimate
	w.progress("check-progress", w.check.ID, "%d ports: %d packets, %.1f MB, %.0f s or less at this pace; lost ones are tried again",
		w.setup.Ports.Len(), e.Packets, float64(e.Bytes)/1e6, max(e.Seconds, 1))
}

// showEvery is how often the progress of a sweep is told.
const showEvery = time.Second

// show tells how far the sending end is.
func (w *sweep) show(p rtpprobe.SweepProgress) {
	if time.Since(w.shown) < showEvery {
		return
	}
	w.shown = time.Now()
	try := ""
	if p.Round > 0 {
		try = fmt.Sprintf(", try %d", p.Round+1)
	}
	w.progress("check-progress", w.check.ID, "%d of %d ports answer%s, %.0f packets/s, %.0f s left",
		p.Answered, p.Ports, try, p.RatePPS, p.Left.Seconds())
}

func (w *sweep) notTried(ports rtpprobe.PortSet, why string) {
	switch {
	case ports.IsZero():
		return
	case w.facts.WhyNot == "":
		w.facts.WhyNot = why
	case w.facts.WhyNot != why:
		w.facts.WhyNot += "; " + why
	}
	w.facts.NotTried = w.facts.NotTried.Union(ports)
}

// window numbers the next window.
func (w *sweep) window(n int) (rtpprobe.SweepTerms, error) {
	if n >= maxWindows {
		return rtpprobe.SweepTerms{}, errors.New("too few ports can be open at a time: the limit of open files is too low (ulimit -n raises it)")
	}
	terms := w.setup.Terms
	terms.Window = uint8(n)
	return terms, nil
}

// What another client tests with the same ports is waited for, but not for ever.
const (
	busyWait  = 2 * time.Minute
	busyPause = time.Second
)

// patiently gives an order, again while other clients have what it needs.
func (r *run) patiently(ctx context.Context, check string, o pairing.Order) (pairing.Reply, error) {
	for start := time.Now(); ; {
		reply, err := r.link.Do(ctx, o)
		switch {
		case err == nil || !reply.Busy():
			return reply, err
		case time.Since(start) > busyWait:
			return reply, fmt.Errorf("%w, for longer than %v: run this again later", err, busyWait)
		}
		r.progress("check-progress", check, "waiting: %v", err)
		select {
		case <-ctx.Done():
			return reply, context.Cause(ctx)
		case <-time.After(busyPause):
		}
	}
}

// order gives an order.
func (w *sweep) order(ctx context.Context, o pairing.SweepOrder) (pairing.SweepReply, error) {
	reply, err := w.patiently(ctx, w.check.ID, pairing.Order{Sweep: &o})
	switch {
	case err != nil:
		return pairing.SweepReply{}, err
	case reply.Sweep == nil:
		return pairing.SweepReply{}, errors.New("the responder knows no sweeps; its version is older")
	}
	return *reply.Sweep, nil
}

// sweepRecordTimeout is for what a datagram at a time brings home of scattered ports.
const sweepRecordTimeout = 2 * time.Minute

// collect has the responder close what it has open, and brings home its record of a
// window, also when the run was stopped; the facts say why it could not.
func (w *sweep) collect(ctx context.Context, terms rtpprobe.SweepTerms) (rec pairing.SweepRecord) {
	ctx, cancel := lastWords(ctx, sweepRecordTimeout)
	defer cancel()
	_, err := w.order(ctx, pairing.SweepOrder{Finish: true})
	if err == nil {
		rec, err = w.link.FetchSweep(ctx, pairing.PartOf(terms), func() {})
	}
	if err != nil {
		w.missing(err)
	}
	return rec
}

func (w *sweep) missing(err error) {
	if w.facts.Missing == "" {
		w.facts.Missing = "the responder's record could not be fetched: " + err.Error()
	}
}
