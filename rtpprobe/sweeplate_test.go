package rtpprobe_test

import (
	"testing"
	"time"

	"bothways/rtpprobe"
)

// stalled holds back what one end sends while its machine stands still, at each of some times since the first packet.
func stalled(requests bool, length time.Duration, at ...time.Duration) func(p *carried) bool {
	var first time.Time
	return func(p *carried) bool {
		if first.IsZero() {
			first = time.Now()
		}
		p.delay = time.Millisecond
		if p.request != requests {
			return true
		}
		since := time.Since(first)
		for _, from := range at {
			if since >= from && since < from+length {
				p.delay += from + length - since
			}
		}
		return true
	}
}

// TestSweepStalled holds that a machine which stands still for a moment costs a moment: nothing was lost.
func TestSweepStalled(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		carry func(p *carried) bool
		rate  int
	}{
		"answers":              {stalled(false, 600*ms, 5*ms), 20_000},
		"answers, unthrottled": {stalled(false, 300*ms, 5*ms), rtpprobe.MaxSweepRate},
		"answers, as it rises": {stalled(false, 300*ms, 1000*ms, 2000*ms), 0},
		"requests":             {stalled(true, 600*ms, 5*ms), 20_000},
		"again and again":      {stalled(false, 150*ms, 30*ms, 230*ms, 430*ms, 630*ms), 20_000},
		"0.9 s":                {stalled(false, 900*ms, 100*ms), 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			tr := trial{ports: "10000-20000", network: sweepNet{carry: c.carry}, cfg: rtpprobe.SweepConfig{Rate: c.rate}}
			v := tr.run(t)
			if v.Open.Len() != 10001 || v.RateLimited || v.StoppedMS != nil || tr.took > 6*time.Second {
				t.Errorf("%d open, limited %v, %v after %v in %d rounds, at %v", v.Open.Len(), v.RateLimited, tr.sent.End, tr.took, len(tr.sent.Rounds), tr.sent.LossAt)
			}
			t.Log(tr.took, tr.sent.Packets, len(tr.sent.Rounds))
		})
	}
}
