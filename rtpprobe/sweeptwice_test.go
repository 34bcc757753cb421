package rtpprobe_test

import (
	"testing"
	"time"
)

// TestSweepTwice has a path deliver packets twice that it does not lose: that makes good for none of those that it does.
func TestSweepTwice(t *testing.T) {
	for seed := range sweepSeeds {
		carry := lossy(.35, uint64(seed), nil)
		tr := trial{ports: "10000-10999"}
		tr.network.carry = func(p *carried) bool {
			passes := carry(p)
			if passes {
				again := *p
				time.AfterFunc(p.delay+time.Millisecond, func() { tr.network.deliver(again) })
			}
			return passes
		}
		v := tr.run(t)
		var requests, lost int64
		for _, r := range v.Rounds {
			requests, lost = requests+r.Requests, lost+r.RequestsLost
		}
		share := float64(lost) / float64(requests)
		if v.RequestLost.Len()+v.ReplyLost.Len() > 0 || share < .25 || share > .45 {
			t.Errorf("lost %s, replies %s, %.2f of requests", v.RequestLost, v.ReplyLost, share)
		}
	}
}
