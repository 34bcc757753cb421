package rtpprobe

import "time"

// age is how long the stream is open, by the clock that times packets and by the wall clock.
func (s *Stream) age() (lasted, byWall time.Duration) {
	now := time.Now()
	return now.Sub(s.opened), now.Round(0).Sub(s.opened.Round(0))
}

// minClockStep is what a wall clock may gain or lose in a call while it is being adjusted.
const minClockStep = 100 * time.Millisecond

// clockStep is what Result.ClockStepMS says of one time by two clocks.
func clockStep(byWall, lasted time.Duration) float64 {
	if step := byWall - lasted; step.Abs() >= minClockStep {
		return millis(step)
	}
	return 0
}
