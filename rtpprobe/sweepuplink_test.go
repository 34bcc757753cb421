package rtpprobe_test

import (
	"testing"
	"time"

	"bothways/rtpprobe"
)

// uplink carries requests at a number of bits a second, through a buffer of so much time.
func uplink(bps float64, buffer time.Duration) (carry func(p *carried) bool, worst *time.Duration, lost *int) {
	var free time.Time // when the link is
	worst, lost = new(time.Duration), new(int)
	return func(p *carried) bool {
		if !p.request {
			return true
		}
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		wait := free.Sub(now)
		if wait > buffer {
			*lost++
			return false
		}
		*worst = max(*worst, wait)
		const overhead = 14 + 28
		free = free.Add(time.Duration(float64(len(p.data)+overhead) * 8 / bps * float64(time.Second)))
		p.delay += free.Sub(now)
		return true
	}, worst, lost
}

// TestSweepUplink goes through an uplink of 2 Mbit/s at the default pace: it fills the link, and its buffer
// only for a while.
func TestSweepUplink(t *testing.T) {
	for _, buffer := range []time.Duration{20 * time.Millisecond, 100 * time.Millisecond, time.Second} {
		carry, worst, lost := uplink(2e6, buffer)
		tr := trial{ports: "10000-20000", network: sweepNet{carry: carry}}
		v := tr.run(t)
		if v.Open.Len() != 10001 || tr.took > 20*time.Second || *worst > 900*time.Millisecond || v.StoppedMS != nil {
			t.Errorf("buffer %v: %d open after %v, waited %v, %d lost, %v, %v", buffer, v.Open.Len(), tr.took, *worst, *lost, tr.sent.End, tr.sent.LossAt)
		}
		t.Log(buffer, tr.took, *worst, *lost, v.RateLimited, len(tr.sent.Rounds))
	}
}

// TestSweepRises on a path that loses nothing: it takes a fraction of the time of the pace at the start.
func TestSweepRises(t *testing.T) {
	tr := trial{ports: "10000-20000"}
	v := tr.run(t)
	if v.Open.Len() != 10001 || tr.took > 4*time.Second {
		t.Errorf("%d open after %v", v.Open.Len(), tr.took)
	}
	capped := trial{ports: "10000-20000", cfg: rtpprobe.SweepConfig{MaxRate: rtpprobe.DefaultSweepRate}}
	capped.run(t)
	if r := capped.sent.Rounds[0]; capped.took < 11*time.Second || r.MaxPPS > 900 {
		t.Errorf("%v, up to %v a second, under a ceiling", capped.took, r.MaxPPS)
	}
	t.Log(tr.took, capped.took)
}

// TestSweepGap decides on a gap in a few round trips where nothing else is lost, and no sooner than chance is
// out of the question.
func TestSweepGap(t *testing.T) {
	for _, rate := range []int{0, 100_000} {
		tr := trial{ports: "10000-20000", cfg: rtpprobe.SweepConfig{Rate: rate}, network: sweepNet{carry: func(p *carried) bool {
			return portOf(p) < 14322 || portOf(p) > 17000
		}}}
		v := tr.run(t)
		limit := 2500 * time.Millisecond
		if rate == 0 {
			limit = 3500 * time.Millisecond
		}
		if v.RequestLost.String() != "14322-17000" || v.Open.Len() != 7322 || tr.took > limit {
			t.Errorf("rate %d: lost %s, %d open, after %v in %d rounds", rate, v.RequestLost, v.Open.Len(), tr.took, len(tr.sent.Rounds))
		}
		t.Log(rate, tr.took, len(tr.sent.Rounds))
	}
}
