package lab

import (
	"slices"
	"sync"
	"testing"
)

// TestTheLongStartFirst holds the order in which faults are started, and that each is.
func TestTheLongStartFirst(t *testing.T) {
	var started []string
	var mu sync.Mutex
	Sides(Faults(), 1, func(f Fault) {
		mu.Lock()
		defer mu.Unlock()
		started = append(started, f.Name)
	})
	if len(started) != len(Faults()) {
		t.Errorf("%d of %d were started", len(started), len(Faults()))
	}
	for _, pair := range [][2]string{{"session-drops", "clean"}, {"clean", "port-clean"}, {"call-drops", "tls-not-forwarded"}, {"load-clean", "sweep-shifted"}} {
		if a, b := slices.Index(started, pair[0]), slices.Index(started, pair[1]); a < 0 || a > b {
			t.Errorf("%s is number %d, %s number %d", pair[0], a, pair[1], b)
		}
	}
	if last := (Fault{Scenario: "no-such-scenario"}).lasts(); last != 0 {
		t.Errorf("what cannot be read lasts %v", last)
	}
}
