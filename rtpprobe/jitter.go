package rtpprobe

import "time"

// maxTransitChange is where a change of transit time is a new timeline of the sender, not jitter.
const maxTransitChange = 3 * time.Second

// A jitter is the interarrival jitter of RFC 3550 section 6.4.1, as computed in A.8.
type jitter struct {
	packets   int64
	timestamp uint32
	arrived   time.Time
	mean      float64 // seconds
}

// add takes a packet with a timestamp of a clock of so many Hz.
func (j *jitter) add(timestamp uint32, clock int, arrived time.Time) {
	if j.packets++; j.packets > 1 {
		sent := time.Duration(int32(timestamp-j.timestamp)) * time.Second / time.Duration(clock)
		change := (arrived.Sub(j.arrived) - sent).Abs()
		if change < maxTransitChange {
			j.mean += (change.Seconds() - j.mean) / 16
		}
	}
	j.timestamp, j.arrived = timestamp, arrived
}
