package rtpprobe_test

import (
	"fmt"
	"net/netip"
	"testing"

	"bothways/rtpprobe"
)

// A flow is where a request comes from and goes to, also for its answer.
type flow [2]netip.AddrPort

func flowOf(p *carried) flow {
	if p.request {
		return flow{p.from, p.to}
	}
	return flow{p.to, p.from}
}

// tableOf passes no more flows than there is room for in a table, which forgets none while a sweep lasts.
func tableOf(room int) func(p *carried) bool {
	seen := map[flow]bool{}
	return func(p *carried) bool {
		if f := flowOf(p); p.request && len(seen) < room {
			seen[f] = true
		}
		return seen[flowOf(p)]
	}
}

// TestSweepFullTable tells a table that is full, as the client's own NAT may have, from a ban: flows that were there go on.
func TestSweepFullTable(t *testing.T) {
	for _, room := range []int{500, 2000, 8000} {
		for _, rate := range []int{0, 5000} {
			tr := trial{ports: "10000-20000", network: sweepNet{carry: tableOf(room)}, cfg: rtpprobe.SweepConfig{Rate: rate}}
			v := tr.run(t)
			if tr.sent.End != rtpprobe.SweepFull || v.StoppedMS != nil || v.RateLimited || v.RequestLost.Len() > 0 || v.Open.Len() != room {
				t.Errorf("room for %d, %d/s: %v, stopped %v, limited %v, %d open, lost %s", room, rate, tr.sent.End, v.StoppedMS, v.RateLimited, v.Open.Len(), v.RequestLost)
			}
		}
	}
}

// TestSweepNewFlows tells a limit of new flows from one of packets: no call suffers by it. About half of the former are not
// taken for a limit at all, hence so many.
func TestSweepNewFlows(t *testing.T) {
	for _, pps := range []float64{300, 300, 300, 1000, 1000, 1000} {
		for _, only := range []bool{true, false} {
			t.Run(fmt.Sprint(pps, only), func(t *testing.T) {
				seen, limit := map[flow]bool{}, policed(pps)
				tr := trial{ports: "10000-20000", network: sweepNet{carry: func(p *carried) bool {
					passes := only && seen[flowOf(p)] || limit(p)
					seen[flowOf(p)] = seen[flowOf(p)] || passes
					return passes
				}}}
				if v := tr.run(t); v.Open.Len() != 10001 || v.RateLimited && v.NewFlowsOnly != only || !only && !v.RateLimited {
					t.Errorf("%d open, limited %v, new flows %v, at %v", v.Open.Len(), v.RateLimited, v.NewFlowsOnly, tr.sent.LossAt)
				}
			})
		}
	}
}
