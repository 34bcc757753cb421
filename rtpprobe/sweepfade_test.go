package rtpprobe_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"bothways/rtpprobe"
)

// fading loses a share of all packets in between two times since the first.
func fading(loss float64, from, to time.Duration) func(p *carried) bool {
	whole := interrupted(from, to)
	return func(p *carried) bool { return whole(p) || rand.Float64() >= loss }
}

// tight reports whether a sweep met a limit that calls may meet too, some fifty of them.
func tight(v rtpprobe.SweepVerdict) bool {
	return v.LimitedPPS != nil && *v.LimitedPPS <= 3*rtpprobe.DefaultSweepRate
}

// TestSweepFades holds that a moment of bad radio, in which part of the packets is lost, is no limit of the pace: the
// sweep is as fast again later, and loses nothing.
func TestSweepFades(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		loss     float64
		from, to time.Duration
	}{{.5, 200 * ms, 1200 * ms}, {.3, 100 * ms, 600 * ms}, {.9, 1000 * ms, 1500 * ms}, {.15, 300 * ms, 3300 * ms}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			tr := trial{ports: "10000-20000", network: sweepNet{carry: fading(c.loss, c.from, c.to)}}
			if v := tr.run(t); v.Open.Len() != 10001 || tight(v) || v.StoppedMS != nil {
				t.Errorf("%d open, %v, limited %v, stopped %v, at %+v", v.Open.Len(), tr.sent.End, v.RateLimited, v.StoppedMS, tr.sent.LossAt)
			}
		})
	}
}
