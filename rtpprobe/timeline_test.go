package rtpprobe_test

import (
	"net/netip"
	"testing"
	"time"
)

// TestTimeline holds a call of 5 s over a path of 30 ms that loses everything from
// near to far in the third second of the talk.
func TestTimeline(t *testing.T) {
	c := newCall()
	var n int
	c.network.carry = func(from, _ netip.AddrPort, _ []byte) []time.Duration {
		if from == near {
			if n++; n > 100 && n <= 150 {
				return nil
			}
		}
		return []time.Duration{30 * time.Millisecond}
	}
	one, other := c.run(t)
	sent, received, lost, tone := int64(0), int64(0), int64(0), 0.
	for i, s := range other.Steps {
		sent, received, lost, tone = sent+s.Sent, received+s.Received, lost+s.Lost, tone+s.ToneHeardMS
		want := [...]int64{48, 50, 2, 48, 50, 2, 0}[i]
		if diff := s.Received - want; diff < -2 || diff > 2 {
			t.Errorf("second %d: %+v, want about %d received", i, s, want)
		}
		if (s.JitterMS != nil) != (s.Received > 0) {
			t.Errorf("second %d: %+v", i, s)
		}
	}
	if sent != other.Sent.Packets || received != other.Received.Packets || lost != *other.Received.Lost || lost != 50 || tone != other.Received.ToneHeardMS {
		t.Errorf("%d sent, %d received, %d lost, %v ms of tone; %+v", sent, received, lost, tone, other)
	}
	if got := one.OpenMS; got < 5950 || got > 6050 || len(one.Steps) != 6 || len(other.Steps) != 7 {
		t.Errorf("open for %v ms, %d and %d steps", got, len(one.Steps), len(other.Steps))
	}
	if last := *other.Received.LastSequence - one.Sent.FirstSequence; last != 249 {
		t.Errorf("the last packet is number %d", last)
	}
}
