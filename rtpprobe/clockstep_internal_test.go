package rtpprobe

import (
	"testing"
	"time"
)

// TestClockStep: a machine that sleeps or whose clock is set is told from one whose clock is being adjusted.
func TestClockStep(t *testing.T) {
	const lasted = 6 * time.Second
	for name, row := range map[string]struct {
		byWall time.Duration
		want   float64
	}{
		"two clocks that agree":   {lasted, 0},
		"adjusted by NTP":         {lasted + 3*time.Millisecond, 0},
		"slept for four seconds":  {lasted + 4*time.Second, 4000},
		"set by an hour":          {lasted + time.Hour, 3_600_000},
		"set back by two seconds": {lasted - 2*time.Second, -2000},
	} {
		if got := clockStep(row.byWall, lasted); got != row.want {
			t.Errorf("%s: %v ms, want %v", name, got, row.want)
		}
	}
}
