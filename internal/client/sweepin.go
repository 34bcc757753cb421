package client

import (
	"context"
	"errors"
	"fmt"

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
			own.Add(network.PortOf(c))
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
	cfg.Terms, cfg.Ports, cfg.Arrived = terms, window.Minus(skipped), w.heard
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

// heard asks the responder on how many ports of the window requests have arrived.
func (w *sweep) heard(ctx context.Context) (int, error) {
	reply, err := w.link.Do(ctx, pairing.Order{Sweep: &pairing.SweepOrder{Heard: true}})
	if err != nil {
		return 0, err
	}
	if reply.Sweep == nil || reply.Sweep.Heard == nil {
		return 0, errors.New("the responder does not say what has arrived")
	}
	return *reply.Sweep.Heard, nil
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
