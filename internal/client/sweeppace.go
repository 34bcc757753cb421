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
	// slowestPace is what a further sweep of a few ports starts with at least.
	slowestPace = rtpprobe.DefaultSweepRate / 8
)

// nextRate is the pace at which the next window starts: half of what the last one came
// to without losing more than at slower paces, so that each need not find it again.
func nextRate(rate int, last *rtpprobe.SweepSent) int {
	fastest, _ := harmless(last)
	return max(rate, min(int(fastest/2), scenarios.MaxRatePPS))
}

// reached is the pace at which a further sweep of a few ports starts: that of nextRate,
// but slower than the sweep began where that lost too much.
func reached(rate int, last *rtpprobe.SweepSent) int {
	if fastest, limited := harmless(last); limited {
		return min(rate, max(int(fastest/2), slowestPace))
	}
	return nextRate(rate, last)
}

// harmless is the fastest pace of a sweep that lost no more than slower ones, 0 when that
// is unknown; limited says that a faster one did lose more.
func harmless(last *rtpprobe.SweepSent) (fastest float64, limited bool) {
	if last.End == rtpprobe.SweepStopped || last.End == rtpprobe.SweepFull {
		return 0, false
	}
	limit := usualLoss
	var sent, lost int64
	for _, l := range last.LossAt { // slowest first
		sent, lost = sent+l.Sent, lost+l.Lost
		if l.Sent < minPaceSample {
			continue
		}
		if float64(l.Lost) > limit*float64(l.Sent) {
			return fastest, true
		}
		fastest, limit = l.RatePPS, 2*float64(lost)/float64(sent)+moreLoss
	}
	return fastest, false
}
