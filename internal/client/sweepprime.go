package client

import (
	"cmp"
	"context"
	"math/rand/v2"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
)

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
	again := w.again(cold.RequestLost, cold.Open)
	conns, err := w.openPorts(ctx, 1)
	if err != nil {
		return
	}
	defer network.CloseAll(conns)
	again.setup.Conns = conns
	why := "the responder could not open as many at a time"
	if err := again.inboundWindow(ctx, 0, network.PortOf(conns[0])); err != nil {
		why = reason(ctx, err)
	}
	again.notTried(again.left, why)
	if again.facts.Sent != nil {
		w.facts.Primed = again.facts
	}
}

// again is the sweep of some of the ports that were lost, spread over all of them, and of
// a few that are open: these tell the loss and the round trip. It goes at the pace that
// the cold sweep came to.
func (w *sweep) again(lost, open rtpprobe.PortSet) *sweep {
	again := *w
	again.check = &evidence.Check{Check: w.check.Check}
	again.facts = &evidence.SweepFacts{}
	again.setup.Terms.ID = rand.Uint32()
	again.setup.Rate = reached(cmp.Or(w.check.Sweep.RatePPS, rtpprobe.DefaultSweepRate), w.facts.Sent)
	most := min(pairing.MaxPrimed, max(int(pairing.PrimeTime.Seconds()*float64(again.setup.Rate)), 1))
	known := spread(open, most/primeControls)
	tried := spread(lost, most-known.Len())
	again.left = tried.Union(known)
	again.notTried(lost.Minus(tried), "the ports that were primed stand for all that failed cold")
	again.setup.Ports = again.left
	again.facts.Estimate = again.setup.Estimate()
	again.progress("check-progress", w.check.ID, "%d ports are lost; trying %d again after the site has sent from them", lost.Len(), tried.Len())
	return &again
}

// primeControls is how many ports of a primed sweep there are to one that is open.
const primeControls = 5

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
