package rtpprobe_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// TestLossRuns loses packets alone and in a row, and delays one so that it is late.
func TestLossRuns(t *testing.T) {
	c := newCall()
	var n int
	c.network.carry = func(from, _ netip.AddrPort, _ []byte) []time.Duration {
		delay := 30 * time.Millisecond
		if from != near {
			return []time.Duration{delay}
		}
		switch n++; {
		case slices.Contains([]int{20, 50, 100, 101, 102, 103, 104}, n):
			return nil
		case n == 200:
			delay += 50 * time.Millisecond
		}
		return []time.Duration{delay}
	}
	_, other := c.run(t)
	if r := other.Received; *r.Lost != 7 || r.LossRuns != 3 || r.LongestLossRun != 5 || r.OutOfOrder != 1 {
		t.Errorf("lost %d in %d runs, at most %d; %d out of order", *r.Lost, r.LossRuns, r.LongestLossRun, r.OutOfOrder)
	}
}
