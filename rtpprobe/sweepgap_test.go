package rtpprobe_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"bothways/rtpprobe"
)

// interrupted loses everything in between two times since the first packet.
func interrupted(from, to time.Duration) func(p *carried) bool {
	var first time.Time
	return func(p *carried) bool {
		if first.IsZero() {
			first = time.Now()
		}
		since := time.Since(first)
		return since < from || since >= to
	}
}

// TestSweepInterrupted holds that an interruption, which loses everything, tells no pace: the sweep soon goes on as
// before, and names no limit.
func TestSweepInterrupted(t *testing.T) {
	const ms = time.Millisecond
	for _, rate := range []int{0, 5000, 20_000} {
		for _, from := range []time.Duration{10 * ms, 150 * ms} {
			for _, long := range []time.Duration{55 * ms, 400 * ms, 1500 * ms} {
				tr := trial{ports: "10000-20000", network: sweepNet{carry: interrupted(from, from+long)}, cfg: rtpprobe.SweepConfig{Rate: rate}}
				v := tr.run(t)
				if v.Open.Len() != 10001 || v.StoppedMS != nil || v.RateLimited || tr.took > long+5*time.Second {
					t.Errorf("%d/s, %v at %v: %d open, %v after %v, at %v", rate, long, from, v.Open.Len(), tr.sent.End, tr.took, tr.sent.LossAt)
				}
				if n := len(tr.sent.Interruptions); n != 1 || !covers(tr.sent.Interruptions[0], from, long) {
					t.Errorf("%d/s, %v at %v: interruptions %+v", rate, long, from, tr.sent.Interruptions)
				}
			}
		}
	}
}

// covers reports whether an interruption is the one that was planted, within the 40 ms that a packet and its answer
// may be under way on either side, and the half second for which, before the first answer, no more is sent than there is
// room for answers.
func covers(i rtpprobe.Interruption, from, long time.Duration) bool {
	const round, pause = 40, 500
	start, end := i.StartMS, i.StartMS+i.DurationMS
	first, last := float64(from.Milliseconds()), float64((from + long).Milliseconds())
	return start >= max(first-round, 0) && start <= first && end >= last-round && end <= last+round+pause
}

// policedBy passes so many packets of each direction in each length of time, and then none until the next begins.
func policedBy(packets int, each time.Duration) func(p *carried) bool {
	var passed [2]int
	var window time.Time
	return func(p *carried) bool {
		if time.Since(window) >= each {
			window, passed = time.Now(), [2]int{}
		}
		way := 0
		if p.request {
			way = 1
		}
		passed[way]++
		return passed[way] <= packets
	}
}

// TestSweepPolicedByWindow tells a policer that lets nothing through for most of each second from interruptions; now and
// then it leaves that open.
func TestSweepPolicedByWindow(t *testing.T) {
	limited := 0
	for _, rate := range []int{0, 5000, 20_000} {
		tr := trial{ports: "10000-20000", network: sweepNet{carry: policedBy(900, time.Second)}, cfg: rtpprobe.SweepConfig{Rate: rate}}
		v := tr.run(t)
		if v.RequestLost.Len() > 0 {
			t.Errorf("%d/s: %d lost", rate, v.RequestLost.Len())
		}
		if v.RateLimited {
			limited++
		}
		t.Log(rate, tr.took, v.Open.Len(), v.RateLimited, tr.sent.LossAt, tr.sent.Interruptions)
	}
	if limited == 0 {
		t.Error("no limit was found")
	}
}

// jittery holds each packet back for as long as it happens to, so that they overtake each other.
func jittery(base, spread time.Duration, carry func(p *carried) bool) func(p *carried) bool {
	return func(p *carried) bool {
		p.delay = base + rand.N(spread)
		return carry(p)
	}
}

// TestSweepInterruptedAmongJitter holds that answers which overtake each other, at the ends of an interruption and at any
// other time, hide none.
func TestSweepInterruptedAmongJitter(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		base, spread, from, long time.Duration
	}{{10 * ms, 15 * ms, 150 * ms, 200 * ms}, {10 * ms, 15 * ms, 1000 * ms, 400 * ms}, {20 * ms, 600 * ms, 5000 * ms, 3000 * ms}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			tr := trial{ports: "10000-20000", network: sweepNet{carry: jittery(c.base, c.spread, interrupted(c.from, c.from+c.long))}}
			v := tr.run(t)
			if v.Open.Len() != 10001 || tight(v) || v.StoppedMS != nil {
				t.Errorf("%d open, limited %v, stopped %v, at %+v", v.Open.Len(), v.RateLimited, v.StoppedMS, tr.sent.LossAt)
			}
			told := 0
			for _, i := range tr.sent.Interruptions {
				if i.DurationMS >= float64(c.long.Milliseconds())/2 { // beside it, some may be lost at its edges
					told++
				}
			}
			if told != 1 {
				t.Errorf("interruptions %+v", tr.sent.Interruptions)
			}
		})
	}
}

// TestSweepSleeps has this machine stand still while all that is under way is lost, as in a pause of a virtual machine:
// that is no interruption of the path.
func TestSweepSleeps(t *testing.T) {
	var start time.Time
	var asleep atomic.Pointer[time.Time]
	tr := trial{ports: "10000-20000", cfg: rtpprobe.SweepConfig{Rate: 5000, Progress: func(rtpprobe.SweepProgress) {
		if now := time.Now(); start.IsZero() {
			start = now
		} else if asleep.Load() == nil && now.Sub(start) > 300*time.Millisecond {
			asleep.Store(&now)
			<-time.After(3 * time.Second)
		}
	}}}
	tr.network.carry = func(p *carried) bool {
		p.delay = 50 * time.Millisecond
		since := asleep.Load()
		return since == nil || p.request || time.Since(*since) > 3*time.Second
	}
	v := tr.run(t)
	if v.Open.Len() != 10001 || v.RateLimited || v.StoppedMS != nil || len(tr.sent.Interruptions) > 0 {
		t.Errorf("%d open, limited %v, stopped %v, interruptions %+v", v.Open.Len(), v.RateLimited, v.StoppedMS, tr.sent.Interruptions)
	}
}
