package rtpprobe_test

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"bothways/rtpprobe"
)

// onTheWay is what both ends of a stream, on one clock, say of the packets' time on the way.
func onTheWay(from, to rtpprobe.Result) (least, mean, most float64) {
	c, in := from.Sent.Clock, to.Received.Transit
	base := float64(to.Opened.Sub(from.Opened).Microseconds())/1000 + float64(int32(c.Timestamp-in.Timestamp))/8 - c.AtMS
	return base + in.MinMS, base + in.MeanMS, base + in.MaxMS
}

// TestTransit holds a call over a path of 30 ms one way, and 70 ms the other, on which
// every tenth packet takes 50 ms longer.
func TestTransit(t *testing.T) {
	c := newCall()
	var n int
	c.network.carry = func(from, _ netip.AddrPort, _ []byte) []time.Duration {
		if from != near {
			return []time.Duration{70 * time.Millisecond}
		}
		if n++; n%10 == 5 {
			return []time.Duration{80 * time.Millisecond}
		}
		return []time.Duration{30 * time.Millisecond}
	}
	one, other := c.run(t)
	for _, row := range []struct {
		from, to          rtpprobe.Result
		least, mean, most float64
	}{{one, other, 30, 35, 80}, {other, one, 70, 70, 70}} {
		least, mean, most := onTheWay(row.from, row.to)
		if math.Abs(least-row.least) > .5 || math.Abs(mean-row.mean) > .5 || math.Abs(most-row.most) > .5 {
			t.Errorf("%.1f, %.1f, %.1f ms on the way, want %v, %v, %v", least, mean, most, row.least, row.mean, row.most)
		}
		if row.to.Received.Transit.SSRC != row.from.SSRC {
			t.Error("of another stream")
		}
	}
}

// What was not sent, and what did not arrive, has no times.
func TestTransitIsUnknown(t *testing.T) {
	c := newCall()
	c.network.carry = func(from, _ netip.AddrPort, _ []byte) []time.Duration { return nil }
	one, other := c.run(t)
	if one.Sent.Clock == nil || other.Received.Transit != nil {
		t.Errorf("%+v, %+v", one.Sent.Clock, other.Received.Transit)
	}
}
