package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
)

// inbound sweeps the responder's ports, cold: it has sent nothing from them to here.
func (w *sweep) inbound(ctx context.Context) error {
	conns, err := w.openPorts(ctx, sweepSockets)
	if err != nil {
		return err
	}
	defer network.CloseAll(conns)
	w.setup.Conns = conns
	if w.sameHost() {
		own := w.ownPorts()
		for _, c := range conns {
			own.Add(addrPort(c.LocalAddr()).Port())
		}
		w.exclude(own)
	}
	for n := 0; !w.left.IsZero(); n++ {
		if err := w.inboundWindow(ctx, n, 0); err != nil {
			return err
		}
	}
	w.prime(ctx)
	return nil
}

// exclude takes ports out that this end holds itself.
func (w *sweep) exclude(own rtpprobe.PortSet) {
	w.notTried(own.Intersect(w.left), "bothways itself uses the port")
	w.left = w.left.Minus(own)
}

// inboundWindow has the responder listen on some of the ports that are left, and sweeps
// them. With a port to prime, the responder sends from each of its ports first.
func (w *sweep) inboundWindow(ctx context.Context, n int, prime uint16) error {
	terms, err := w.window(n)
	if err != nil {
		return err
	}
	o := pairing.Listen{Terms: terms, Ports: w.left, ProbeBytes: w.setup.ProbeBytes, Prime: prime, RatePPS: w.setup.Rate}
	reply, err := w.order(ctx, pairing.SweepOrder{Listen: &o})
	if err != nil {
		return err
	}
	l := reply.Listening
	if l == nil || w.left.Minus(l.Rest).IsZero() {
		return errors.New("the responder does not say where it listens")
	}
	w.begun()
	w.notTried(l.Own, "the responder itself uses the port")
	window := w.left.Minus(l.Rest).Minus(l.Own)
	w.left = w.left.Intersect(l.Rest)
	if window.IsZero() {
		return nil
	}
	if prime != 0 && l.Primed < window.Len() {
		w.facts.Missing = fmt.Sprintf("the responder could send from %d of %d ports only", l.Primed, window.Len())
	}
	err = w.send(ctx, terms, window, l.Skipped)
	w.arrived(w.collect(ctx, terms).Arrived)
	return err
}

// send sweeps the ports of a window but those that the responder could not open; the
// ledger lists these too, as ports of the sweep.
func (w *sweep) send(ctx context.Context, terms rtpprobe.SweepTerms, window, skipped rtpprobe.PortSet) error {
	cfg := w.setup
	cfg.Terms, cfg.Ports = terms, window.Minus(skipped)
	sent := rtpprobe.SweepSent{ID: terms.ID, Direction: terms.Direction, Remote: cfg.Remote, End: rtpprobe.SweepComplete}
	var err error
	if !cfg.Ports.IsZero() {
		sent, err = rtpprobe.Sweep(ctx, cfg)
	}
	if sent.Direction == terms.Direction { // else there is no ledger, only an error
		sent.Ports = window
		w.sent(&sent)
	}
	return err
}

// sent adds the ledger of a window.
func (w *sweep) sent(ledger *rtpprobe.SweepSent) {
	if ledger == nil {
		return
	}
	if w.facts.Sent == nil {
		w.facts.Sent = &rtpprobe.SweepSent{}
	}
	w.facts.Sent.Join(*ledger)
	w.setup.Rate = nextRate(w.setup.Rate, ledger)
}

func (w *sweep) arrived(ledger *rtpprobe.SweepArrived) {
	if ledger == nil {
		return
	}
	if w.facts.Arrived == nil {
		w.facts.Arrived = &rtpprobe.SweepArrived{}
	}
	w.facts.Arrived.Join(*ledger)
}

// prime sweeps ports that failed cold again, once the responder has sent from each of
// them to the port that the probes then come from: a port of this end that nothing has
// seen before, so that no box on the way remembers anything else of it.
func (w *sweep) prime(ctx context.Context) {
	if w.facts.Sent == nil || w.facts.Arrived == nil || w.facts.Missing != "" {
		return
	}
	cold := rtpprobe.JudgeSweep(*w.facts.Sent, *w.facts.Arrived)
	// A ban is no filter, and from behind a NAT that changes ports nobody knows where to send.
	rewritten := cold.SourcePorts == rtpprobe.SourcePortsRewritten || cold.SourcePorts == rtpprobe.SourcePortsRandomised
	if cold.RequestLost.IsZero() || cold.StoppedMS != nil || rewritten && w.public != w.local {
		return
	}
	again := w.again(cold.RequestLost)
	conns, err := w.openPorts(ctx, 1)
	if err != nil {
		return
	}
	defer network.CloseAll(conns)
	again.setup.Conns = conns
	why := "the responder could not open as many at a time"
	if err := again.inboundWindow(ctx, 0, addrPort(conns[0].LocalAddr()).Port()); err != nil {
		why = reason(ctx, err)
	}
	again.notTried(again.left, why)
	if again.facts.Sent != nil {
		w.facts.Primed = again.facts
	}
}

// again is the sweep of some of the ports that were lost, spread over all of them.
func (w *sweep) again(lost rtpprobe.PortSet) *sweep {
	again := *w
	again.check = &evidence.Check{Check: w.check.Check}
	again.facts = &evidence.SweepFacts{}
	again.setup.Terms.ID = rand.Uint32()
	again.setup.Rate = cmp.Or(w.check.Sweep.RatePPS, rtpprobe.DefaultSweepRate)
	most := min(pairing.MaxPrimed, int(pairing.PrimeTime.Seconds()*float64(again.setup.Rate)))
	again.left = spread(lost, most)
	again.notTried(lost.Minus(again.left), "the ports that were primed stand for all that failed cold")
	again.setup.Ports = again.left
	again.facts.Estimate = again.setup.Estimate()
	again.progress("check-progress", w.check.ID, "%d ports are lost; trying %d again after the site has sent from them", lost.Len(), again.left.Len())
	return &again
}

// spread picks at most n ports, evenly over a set and of both parities.
func spread(ports rtpprobe.PortSet, n int) rtpprobe.PortSet {
	total := ports.Len()
	if total <= n {
		return ports
	}
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		i, taken := 0, 0
		for port := range ports.All() {
			// Every other one is taken a port later, where there is room.
			at := taken * total / n
			if taken&1 == 1 && total >= 2*n {
				at++
			}
			if i == at {
				taken++
				if !yield(port) || taken == n {
					return
				}
			}
			i++
		}
	})
}
