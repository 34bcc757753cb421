package client

import (
	"testing"

	"bothways/rtpprobe"
)

func TestNextRate(t *testing.T) {
	at := func(rate float64, sent, lost int64) rtpprobe.RateLoss {
		return rtpprobe.RateLoss{RatePPS: rate, Sent: sent, Lost: lost}
	}
	for name, row := range map[string]struct {
		losses  []rtpprobe.RateLoss
		end     rtpprobe.SweepEnd
		want    int
		reached int
	}{
		"nothing known": {nil, rtpprobe.SweepSilent, 876, 876},
		"clean":         {[]rtpprobe.RateLoss{at(861, 100, 0), at(20_000, 5000, 0)}, rtpprobe.SweepComplete, 10_000, 10_000},
		"random loss":   {[]rtpprobe.RateLoss{at(861, 100, 9), at(20_000, 5000, 510)}, rtpprobe.SweepComplete, 10_000, 10_000},
		"policed":       {[]rtpprobe.RateLoss{at(861, 500, 0), at(2048, 500, 230), at(4096, 500, 400)}, rtpprobe.SweepComplete, 876, 430},
		"few packets":   {[]rtpprobe.RateLoss{at(4000, 500, 0), at(30_000, 19, 0)}, rtpprobe.SweepComplete, 2000, 2000},
		"hardly a path": {[]rtpprobe.RateLoss{at(4000, 500, 300)}, rtpprobe.SweepDecided, 876, 109},
		"a ban":         {[]rtpprobe.RateLoss{at(4000, 500, 0)}, rtpprobe.SweepStopped, 876, 876},
		"very fast":     {[]rtpprobe.RateLoss{at(8_000_000, 500, 0)}, rtpprobe.SweepComplete, 1_000_000, 1_000_000},
	} {
		if got := nextRate(876, &rtpprobe.SweepSent{LossAt: row.losses, End: row.end}); got != row.want {
			t.Errorf("%s: %d, want %d", name, got, row.want)
		}
		if got := reached(876, &rtpprobe.SweepSent{LossAt: row.losses, End: row.end}); got != row.reached {
			t.Errorf("%s: a further sweep starts at %d, want %d", name, got, row.reached)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, row := range []struct {
		ports      string
		n, want    int
		bothParity bool
	}{
		{"10000-20000", 200, 200, true},
		{"10000-10399", 200, 200, true},
		{"10000-10299", 200, 200, true},
		{"10000-10099", 200, 100, true},
		{"10000,10002,10004", 2, 2, false},
		{"10000-10002", 1, 1, false},
	} {
		var ports rtpprobe.PortSet
		if err := ports.UnmarshalText([]byte(row.ports)); err != nil {
			t.Fatal(err)
		}
		got := spread(ports, row.n)
		odd := 0
		for port := range got.All() {
			odd += int(port & 1)
		}
		if got.Len() != row.want || !got.Minus(ports).IsZero() || row.bothParity && (odd < got.Len()/4 || odd > 3*got.Len()/4) {
			t.Errorf("%s: %d, %d odd: %v", row.ports, got.Len(), odd, got)
		}
	}
}
