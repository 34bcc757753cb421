package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
)

// Bounds of an outbound sweep from behind the client's own NAT, whose table may hold a
// few thousand flows: one for each port and source.
const (
	maxBehindNAT    = 2000 // ports
	natBlock        = 10   // of them side by side
	natSources      = 2    // ports that the responder sends from
	maxNATWindow    = 500  // ports, opened at once and swept before the NAT forgets
	leastOpen       = 50   // one in so many ports of the first window must be reached
	natDefaultPause = time.Second / rtpprobe.DefaultSweepRate
)

var errNATShut = errors.New("hardly anything came through the client's own NAT, although it had sent from each port first: that NAT, or the site's, may change ports, or the site lets nothing out")

// errConcealed says why nothing can reach this end of which it has not spoken first, where that
// is not for a NAT of its own.
var errConcealed = errors.New("the site hides from the responder where the client is: it sees a private address in the client's place, and can send nothing to the client of its own accord")

// unreachable is why the responder can send nothing to this end of its own accord; nil where it can.
func (r *run) unreachable() error {
	switch {
	case r.public == r.local:
		return nil
	case network.Private(r.public) && r.local.IsGlobalUnicast() && !network.Private(r.local):
		return errConcealed
	}
	return errBehindNAT
}

// behindNAT reports whether this end has a NAT of its own.
func (r *run) behindNAT() bool { return r.public != r.local }

// sampleOf is what is tried of the ports from behind the client's own NAT: all, or
// blocks of some, spread evenly.
func sampleOf(ports rtpprobe.PortSet) rtpprobe.PortSet {
	total := ports.Len()
	if total <= maxBehindNAT {
		return ports
	}
	const blocks = maxBehindNAT / natBlock
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		i, block := 0, 0
		for port := range ports.All() {
			from := block * total / blocks
			if i >= from && !yield(port) {
				return
			}
			if i++; i == from+natBlock {
				block++
			}
		}
	})
}

// outboundBehindNAT has the responder sweep ports of this end that its own NAT lets it
// prove: from each, a packet goes out towards each of the responder's sources that ends
// before it reaches the site, so that this NAT lets in what comes from there, and the
// site's firewall has seen nothing.
func (w *sweep) outboundBehindNAT(ctx context.Context) error {
	nat, err := w.learnNAT(ctx)
	if err != nil {
		w.begun()
		return err
	}
	reply, err := w.order(ctx, pairing.SweepOrder{Source: &pairing.Source{Ports: natSources}})
	if err != nil {
		return err
	}
	w.begun()
	w.facts.OwnNAT = nat
	own := w.ownPorts().Intersect(w.left)
	sample := sampleOf(w.left.Minus(own))
	rest := w.left.Minus(own).Minus(sample)
	w.left = sample
	if err := w.punched(ctx, reply.Sources, nat.HopLimit); err != nil {
		w.left = w.left.Union(rest).Union(own)
		return err
	}
	w.notTried(rest, "a few ports stand for all, since that NAT's table may be small")
	w.notTried(own, "bothways itself uses the port")
	_, err = w.order(ctx, pairing.SweepOrder{Finish: true})
	return err
}

// punched opens the NAT for the ports that are left, a window at a time, and has each swept.
func (w *sweep) punched(ctx context.Context, sources []uint16, limit int) error {
	for n, window := range natWindows(w.left, min(maxNATWindow, rtpprobe.OpenFileBudget())) {
		w.progress("check-progress", w.check.ID, "opening the client's own NAT for %d ports, by packets that end before they reach the site", window.Len())
		if err := w.punch(ctx, window, sources, limit); err != nil {
			return err
		}
		if err := w.sweepWindow(ctx, n, window); err != nil {
			return err
		}
		if n == 0 && w.shut(window) {
			w.facts.OwnNAT.Shut = true
			return errNATShut
		}
	}
	return nil
}

// shut reports whether hardly any port of a window was reached. Where the site's NAT
// gives its packets random ports, one now and then is by chance the one that was opened.
func (w *sweep) shut(window rtpprobe.PortSet) bool {
	if w.facts.Arrived == nil || w.facts.Sent == nil {
		return true
	}
	v := rtpprobe.JudgeSweep(*w.facts.Sent, *w.facts.Arrived)
	return v.Open.Union(v.ReplyLost).Len()*leastOpen < window.Len()
}

// natWindows parts a sample into windows that each lie all over it, so that one range
// which a filter drops is never all of a window.
func natWindows(sample rtpprobe.PortSet, limit int) []rtpprobe.PortSet {
	count := (sample.Len() + limit - 1) / limit
	var windows []rtpprobe.PortSet
	for n := range count {
		windows = append(windows, rtpprobe.PortSetOf(func(yield func(uint16) bool) {
			i := 0
			for port := range sample.All() {
				if i/natBlock%count == n && !yield(port) {
					return
				}
				i++
			}
		}))
	}
	return windows
}

// punch sends a packet from each of the ports to each of the responder's sources, that
// passes as many routers as the hop limit says. Ports that cannot be opened are left:
// the sweep finds them in use.
func (w *sweep) punch(ctx context.Context, ports rtpprobe.PortSet, sources []uint16, limit int) error {
	pause := natDefaultPause
	if w.setup.Rate > 0 {
		pause = time.Second / time.Duration(w.setup.Rate)
	}
	tick := time.NewTicker(max(pause, time.Microsecond))
	defer tick.Stop()
	for port := range ports.All() {
		if err := w.punchFrom(ctx, port, sources, limit, tick.C); err != nil {
			return err
		}
	}
	return nil
}

func (w *sweep) punchFrom(ctx context.Context, port uint16, sources []uint16, limit int, tick <-chan time.Time) error {
	conn, err := w.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(w.local, port))
	if err != nil {
		return nil
	}
	defer conn.Close()
	if err := network.SetHopLimit(conn, limit); err != nil {
		return err
	}
	for _, source := range sources {
		to := netip.AddrPortFrom(w.cfg.Address, source)
		if _, err := conn.WriteTo(make([]byte, 1), net.UDPAddrFromAddrPort(to)); err != nil {
			return fmt.Errorf("open the client's own NAT towards %v: %w", to, err)
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
