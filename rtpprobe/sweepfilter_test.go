package rtpprobe_test

import (
	"testing"
	"time"

	"bothways/rtpprobe"
)

// fromSources loses requests from some of the client's ports.
func fromSources(blocked rtpprobe.PortSet, next func(p *carried) bool) func(p *carried) bool {
	return func(p *carried) bool {
		if p.request && blocked.Contains(p.from.Port()) {
			return false
		}
		return next == nil || next(p)
	}
}

// TestSweepSourceFilter loses everything from some local ports: the filter is named, and no port of the far end is.
func TestSweepSourceFilter(t *testing.T) {
	hole := func(p *carried) bool { return portOf(p) < 10500 || portOf(p) > 10509 }
	for name, c := range map[string]struct {
		blocked, lost string
		next          func(p *carried) bool
		took          time.Duration // of fake time, and generous: the order is random
	}{
		"one":             {"40004", "", nil, 10 * time.Second},
		"most":            {"40001,40004,40007", "", nil, 15 * time.Second},
		"two, and a hole": {"40001,40010", "10500-10509", hole, 15 * time.Second},
		"one, and loss":   {"40004", "", lossy(.05, 3, nil), 20 * time.Second},
		"none, and loss":  {"", "", lossy(.2, 3, nil), time.Minute},
		"policed":         {"40007", "", policed(900), 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			blocked := portSet(t, c.blocked)
			tr := trial{ports: "10000-13999", network: sweepNet{carry: fromSources(blocked, c.next)}}
			v := tr.run(t)
			if !v.SilentSources.Equal(blocked) || v.RequestLost.String() != c.lost || v.Open.Len()+v.RequestLost.Len() != 4000 || tr.took > c.took {
				t.Errorf("silent %s, want %s; lost %s; %d open, inconclusive %s; %v after %v in %d rounds, at %v",
					v.SilentSources, blocked, v.RequestLost, v.Open.Len(), v.Inconclusive, tr.sent.End, tr.took, len(tr.sent.Rounds), tr.sent.LossAt)
			}
			// Beyond some 10,000 packets a second the queues of this network are full now and then.
			if limited := v.RateLimited && *v.LimitedPPS < 5000; limited != (name == "policed") {
				t.Errorf("limited %v, at %v", v.RateLimited, tr.sent.LossAt)
			}
			ledgersSurviveJSON(t, &tr)
			t.Log(tr.took, len(tr.sent.Rounds), tr.sent.Packets)
		})
	}
}

// TestSweepSourceFilterNeedsProof holds that ports which nothing else reaches, or too few attempts, blame no source.
func TestSweepSourceFilterNeedsProof(t *testing.T) {
	few := trial{ports: "10000-10003", network: sweepNet{carry: fromSources(portSet(t, "40004"), nil)}}
	if v := few.run(t); !v.SilentSources.IsZero() || v.RequestLost.Len() > 0 {
		t.Errorf("few: %+v", v)
	}
	all := trial{ports: "10000-10399", network: sweepNet{carry: fromSources(portSet(t, "40001,40004,40007,40010"), nil)}}
	if v := all.run(t); !v.SilentSources.IsZero() || v.RequestLost.Len() != 400 {
		t.Errorf("all: %+v", v)
	}
}

// TestSweepReplyFilter loses the echoes to some local ports: no port of the far end is blamed.
func TestSweepReplyFilter(t *testing.T) {
	tr := trial{ports: "10000-13999", network: sweepNet{carry: func(p *carried) bool { return p.request || p.to.Port() != 40004 && p.to.Port() != 40007 }}}
	if v := tr.run(t); v.Open.Len() != 4000 || !v.SilentSources.IsZero() {
		t.Errorf("%d open, reply lost %s, silent %s", v.Open.Len(), v.ReplyLost, v.SilentSources)
	}
}
