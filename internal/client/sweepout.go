package client

import (
	"context"
	"fmt"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
)

// outbound has the responder sweep this end's ports, a window of them at a time.
func (w *sweep) outbound(ctx context.Context) error {
	if w.behindNAT() {
		return w.outboundBehindNAT(ctx)
	}
	reply, err := w.order(ctx, pairing.SweepOrder{Source: &pairing.Source{Ports: pairing.MaxSources}})
	if err != nil {
		return err
	}
	w.begun()
	own := w.ownPorts()
	if w.sameHost() {
		for _, port := range reply.Sources {
			own.Add(port)
		}
	}
	w.exclude(own)
	for n := 0; !w.left.IsZero(); n++ {
		if err := w.sweepWindow(ctx, n, rtpprobe.PlanWindows(w.left, rtpprobe.OpenFileBudget())[0]); err != nil {
			return err
		}
	}
	_, err = w.order(ctx, pairing.SweepOrder{Finish: true})
	return err
}

// sweepWindow listens on some of the ports that are left while the responder sweeps them.
func (w *sweep) sweepWindow(ctx context.Context, n int, window rtpprobe.PortSet) error {
	terms, err := w.window(n)
	if err != nil {
		return err
	}
	open, within := network.UDPPorts(ctx, w.cfg.Network, w.local)
	reflector, err := rtpprobe.OpenReflector(rtpprobe.ReflectorConfig{
		Terms: terms, Address: w.local, Ports: window, Open: open, Within: within, Allow: w.maySend, ProbeBytes: w.setup.ProbeBytes,
	})
	if err != nil {
		return err
	}
	w.left = w.left.Minus(window)
	sent, err := w.sendOut(ctx, terms, window, reflector)
	arrived := reflector.Close()
	w.arrived(&arrived)
	if sent != nil {
		sent.Ports = window
	}
	w.sent(sent)
	return err
}

// sendOut has the responder sweep what is open, and waits for its ledger.
func (w *sweep) sendOut(ctx context.Context, terms rtpprobe.SweepTerms, window rtpprobe.PortSet, reflector *rtpprobe.Reflector) (*rtpprobe.SweepSent, error) {
	ports := reflector.Listening()
	if len(ports.Ranges()) > pairing.MaxOrderRanges {
		ports = window // too scattered for an order: those that are in use are tried in vain
	}
	if ports.IsZero() {
		return &rtpprobe.SweepSent{ID: terms.ID, Direction: terms.Direction, Remote: w.setup.Remote, End: rtpprobe.SweepComplete}, nil
	}
	o := pairing.Send{Terms: terms, Ports: ports, RatePPS: w.setup.Rate, ProbeBytes: w.setup.ProbeBytes}
	if _, err := w.order(ctx, pairing.SweepOrder{Send: &o}); err != nil {
		return nil, fmt.Errorf("the responder could not be told to send: %w", err)
	}
	rec, err := w.link.FetchSweep(ctx, pairing.PartOf(terms), func() {
		w.progress("check-progress", w.check.ID, "%d of %d ports have heard the site, %d are left for later", reflector.Heard(), ports.Len(), w.left.Len())
	})
	if err != nil && ctx.Err() != nil { // what was sent until now is worth having
		return w.collect(ctx, terms).Sent, err
	}
	if err != nil {
		w.missing(err)
	}
	return rec.Sent, err
}
