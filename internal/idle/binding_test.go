package idle_test

import (
	"context"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/idle"
	"bothways/scenarios"
)

func terms(t scenarios.Traffic) idle.Terms {
	return idle.Terms{Key: []byte("k"), Check: 7, Trial: 3, Traffic: t}
}

// try runs one trial through a NAT, in no time.
func try(ctx context.Context, n *nat, traffic scenarios.Traffic, wait time.Duration) (evidence.BindingInside, evidence.BindingOutside) {
	inside := make(chan evidence.BindingInside, 1)
	go func() {
		inside <- idle.Inside(ctx, n.inside, addrPort(n.outside.at.String()), terms(traffic), wait)
	}()
	outside := idle.Outside(ctx, n.outside, terms(traffic), wait)
	return <-inside, outside
}

func TestBindings(t *testing.T) {
	for _, row := range []struct {
		lifetime, idle time.Duration
		traffic        scenarios.Traffic
		probes         int
	}{
		{120 * time.Second, 119 * time.Second, scenarios.StreamTraffic, 3},
		{120 * time.Second, 121 * time.Second, scenarios.StreamTraffic, 0},
		{120 * time.Second, 300 * time.Second, scenarios.StreamTraffic, 0},
		{30 * time.Second, 29 * time.Second, scenarios.ExchangeTraffic, 3},
		{30 * time.Second, 31 * time.Second, scenarios.ExchangeTraffic, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			in, out := try(t.Context(), newNAT(row.lifetime), row.traffic, row.idle)
			openers := 1
			if row.traffic == scenarios.StreamTraffic {
				openers = 14
			}
			if in.Openers != openers || in.Answers != openers || in.Probes != row.probes || in.Fault != "" {
				t.Errorf("%+v: inside %+v", row, in)
			}
			if out.Openers != openers || out.Answers != openers || out.Probes != 3 || out.Mapped.String() != "203.0.113.10:40001" {
				t.Errorf("%+v: outside %+v", row, out)
			}
			if off := out.IdledMs - float64(row.idle.Milliseconds()); off < 0 || off > 1 {
				t.Errorf("%+v: idle for %v ms", row, out.IdledMs)
			}
		})
	}
}

// A lost packet must neither shorten the idle time nor end the trial.
func TestBindingsUnderLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNAT(time.Minute)
		n.drop = func(inwards bool, n int) bool { return n == 0 }
		in, out := try(t.Context(), n, scenarios.ExchangeTraffic, 50*time.Second)
		if in.Openers != 3 || in.Answers != 1 || in.Probes != 3 || out.Openers != 2 {
			t.Errorf("%+v, %+v", in, out)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		n := newNAT(time.Minute)
		n.drop = func(inwards bool, _ int) bool { return !inwards }
		in, out := try(t.Context(), n, scenarios.StreamTraffic, 10*time.Second)
		if in.Openers != 14 || in.Answers != 0 || out.Openers != 0 || out.Probes != 0 || out.Mapped.IsValid() {
			t.Errorf("%+v, %+v", in, out)
		}
	})
}

func TestBindingsAreStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start := time.Now()
		in, out := try(ctx, newNAT(time.Hour), scenarios.StreamTraffic, time.Minute)
		if took := time.Since(start); took > 21*time.Second || out.Probes != 0 || in.Probes != 0 {
			t.Errorf("after %v: %+v, %+v", took, in, out)
		}
	})
}

// A sleeper is the socket of a machine that stands still in a read which begins after a time.
type sleeper struct {
	*conn
	after, until time.Time
}

func (s *sleeper) ReadFrom(b []byte) (int, net.Addr, error) {
	if now := time.Now(); now.Before(s.after) || !now.Before(s.until) {
		return s.conn.ReadFrom(b)
	}
	time.Sleep(time.Until(s.until))
	return 0, nil, os.ErrDeadlineExceeded // Go looks at the deadline first
}

// TestBindingsOutliveAStandstill: what came while a machine stood still is read before it gives up.
func TestBindingsOutliveAStandstill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNAT(time.Minute)
		asleep := &sleeper{conn: n.inside, after: time.Now().Add(3400 * time.Millisecond), until: time.Now().Add(45 * time.Second)}
		inside := make(chan evidence.BindingInside, 1)
		go func() {
			inside <- idle.Inside(t.Context(), asleep, addrPort(n.outside.at.String()), terms(scenarios.StreamTraffic), 20*time.Second)
		}()
		out := idle.Outside(t.Context(), n.outside, terms(scenarios.StreamTraffic), 20*time.Second)
		if in := <-inside; in.Probes != 3 || out.Probes != 3 {
			t.Errorf("%+v, %+v", in, out)
		}
	})
}

// Strangers' packets, and those of another trial, count for nothing.
func TestBindingsIgnoreStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNAT(time.Hour)
		other := terms(scenarios.StreamTraffic)
		other.Trial++
		done := make(chan evidence.BindingOutside, 1)
		go func() { done <- idle.Outside(t.Context(), n.outside, terms(scenarios.StreamTraffic), time.Second) }()
		n.inside.WriteTo([]byte("hello"), nil)
		n.inside.WriteTo(make([]byte, 20), nil)
		idle.Inside(t.Context(), n.inside, addrPort(n.outside.at.String()), other, time.Second)
		if out := <-done; out.Openers != 0 || out.Answers != 0 {
			t.Errorf("%+v", out)
		}
	})
}
