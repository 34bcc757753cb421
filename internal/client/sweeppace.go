package client

import (
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// What it takes to call a pace of the last window harmless.
const (
	minPaceSample = 20
	usualLoss     = .25 // at the slowest pace: more is no path to hurry on
	moreLoss      = .02 // than twice that of slower ones
)

// nextRate is the pace at which the next window starts: half of what the last one came
// to without losing more than at slower paces, so that each need not find it again.
func nextRate(rate int, last *rtpprobe.SweepSent) int {
	if last.End == rtpprobe.SweepStopped {
		return rate
	}
	fastest, limit := 0.0, usualLoss
	var sent, lost int64
	for _, l := range last.LossAt { // slowest first
		sent, lost = sent+l.Sent, lost+l.Lost
		if l.Sent < minPaceSample {
			continue
		}
		if float64(l.Lost) > limit*float64(l.Sent) {
			break
		}
		fastest, limit = l.RatePPS, 2*float64(lost)/float64(sent)+moreLoss
	}
	return max(rate, min(int(fastest/2), scenarios.MaxRatePPS))
}
