package rtpprobe_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/rtpprobe"
)

const tick = 20 * time.Millisecond

// paced runs one stream on a fake clock and returns when, after its start, each packet was sent. stall
// says how long a packet takes to send.
func paced(t *testing.T, n int, stall map[int]time.Duration) (at []time.Duration, late rtpprobe.Lateness) {
	synctest.Test(t, func(t *testing.T) {
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		var err error
		var start time.Time
		late, err = pacer.Run(t.Context(), tick, n, func(k int, due time.Time) {
			if k == 0 {
				start = due
			}
			if want := start.Add(time.Duration(k) * tick); !due.Equal(want) {
				t.Errorf("packet %d is due at %v, not %v", k, due, want)
			}
			at = append(at, time.Since(start))
			if d := stall[k]; d > 0 {
				pass(d)
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
	return at, late
}

func milliseconds(at ...float64) (d []time.Duration) {
	for _, x := range at {
		d = append(d, time.Duration(x*float64(time.Millisecond)))
	}
	return d
}

func TestPacerExact(t *testing.T) {
	at, late := paced(t, 5, nil)
	if diff := cmp.Diff(milliseconds(0, 20, 40, 60, 80), at); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(rtpprobe.Lateness{Count: 5}, late); diff != "" {
		t.Error(diff)
	}
}

// TestPacerCatchesUp stalls for 70 ms: packets 2 and 3 are late, then each follows 5 ms after the one
// before until the schedule is met again at packet 5.
func TestPacerCatchesUp(t *testing.T) {
	at, late := paced(t, 7, map[int]time.Duration{1: 70 * time.Millisecond})
	if diff := cmp.Diff(milliseconds(0, 20, 90, 95, 100, 105, 120), at); diff != "" {
		t.Error(diff)
	}
	if late.Max != 50*time.Millisecond || late.CatchUps != 3 {
		t.Errorf("lateness %+v", late)
	}
}

// TestPacerSpreads checks that streams which begin together do not send together.
func TestPacerSpreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		const streams = 200
		var mu sync.Mutex
		var all sync.WaitGroup
		perMS := map[int64]int{}
		for range streams {
			all.Go(func() {
				pacer.Run(t.Context(), tick, 1, func(_ int, due time.Time) {
					mu.Lock()
					defer mu.Unlock()
					perMS[due.UnixMicro()/1000%20]++
				})
			})
		}
		all.Wait()
		for slot, n := range perMS {
			if n < 7 || n > 13 {
				t.Errorf("%d of %d streams begin in millisecond %d of 20", n, streams, slot)
			}
		}
	})
}

func TestPacerEnds(t *testing.T) {
	cause := errors.New("enough")
	for name, c := range map[string]struct {
		end  func(pacer *rtpprobe.Pacer, cancel context.CancelCauseFunc)
		want error
	}{
		"cancelled": {func(_ *rtpprobe.Pacer, cancel context.CancelCauseFunc) { cancel(cause) }, cause},
		"closed":    {func(pacer *rtpprobe.Pacer, _ context.CancelCauseFunc) { pacer.Close() }, rtpprobe.ErrPacerClosed},
	} {
		synctest.Test(t, func(t *testing.T) {
			pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
			defer pacer.Close()
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			time.AfterFunc(time.Second, func() { c.end(pacer, cancel) })
			late, err := pacer.Run(ctx, tick, 1000, func(int, time.Time) {})
			if !errors.Is(err, c.want) || late.Count < 49 || late.Count > 51 {
				t.Errorf("%s: %v after %d packets", name, err, late.Count)
			}
		})
	}
}

func TestPacerRefuses(t *testing.T) {
	pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{})
	if _, err := pacer.Run(t.Context(), 0, 1, func(int, time.Time) {}); err == nil {
		t.Error("an interval of 0 is accepted")
	}
	if late, err := pacer.Run(t.Context(), tick, 0, nil); err != nil || late != (rtpprobe.Lateness{}) {
		t.Errorf("no packets: %+v, %v", late, err)
	}
	pacer.Close()
	pacer.Close()
	if _, err := pacer.Run(t.Context(), tick, 1, func(int, time.Time) {}); !errors.Is(err, rtpprobe.ErrPacerClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestPacerReal runs on the kernel's clock: nothing is early, the sums agree, no goroutine stays.
func TestPacerReal(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, portable := range []bool{false, true} {
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: portable})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				var k int
				late, err := pacer.Run(t.Context(), tick, 10, func(got int, due time.Time) {
					if early := time.Until(due); got != k || early > time.Millisecond {
						t.Errorf("packet %d, wanted %d, %v early", got, k, early)
					}
					k++
				})
				if err != nil || late.Count != 10 || late.P50 > late.P99 || late.P99 > late.Max {
					t.Errorf("%+v, %v", late, err)
				}
			})
		}
		all.Wait()
		if late := pacer.Lateness(); late.Count != 500 {
			t.Errorf("the pacer sent %d", late.Count)
		}
		pacer.Close()
	}
	poll(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}
