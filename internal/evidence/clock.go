package evidence

import (
	"slices"
	"time"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// A ClockSample is how far the responder's clock was ahead of the client's, from one
// request of the client and its answer, as NTP estimates it (RFC 5905 section 8).
type ClockSample struct {
	// At is when the answer arrived, by the client's clock.
	At time.Time `json:"at"`
	// OffsetMs is the responder's clock less the client's. It is wrong by at most
	// ErrorMs: half the round trip, without the time that the responder took.
	OffsetMs  float64            `json:"offset_ms"`
	ErrorMs   float64            `json:"error_ms"`
	Transport sipprobe.Transport `json:"transport"`
}

const (
	// clockEvery is the time from which the best sample is kept.
	clockEvery = 10 * time.Second
	// maxClockSamples are those of more than half an hour.
	maxClockSamples = 200
	// clockGrainMs is what a sample is wrong by in any case: the clocks' own grain.
	clockGrainMs = 0.1
)

// ClockSamples compares the two ends' clocks by every request of the client that was
// sent and answered once, and keeps the best of each ten seconds. Nil without both
// tapes, or when one is not whole.
func (ev *Evidence) ClockSamples() []ClockSample {
	asked := make(map[string]Passage)
	var out []ClockSample
	for _, p := range ev.Passages() {
		if p.Copies != 1 || p.Arrived() != 1 {
			continue
		}
		key := p.exchange()
		if p.Direction == scenarios.Inbound && p.Status == 0 {
			asked[key] = p
			continue
		}
		if request, ok := asked[key]; ok && p.Direction == scenarios.Outbound && p.Status != 0 {
			out = keepBest(out, sampleOf(request, p))
		}
	}
	return out[:min(len(out), maxClockSamples)]
}

// exchange is what a request and its answers have in common, as they were sent.
func (p Passage) exchange() string {
	if p.Branch == "" {
		return ""
	}
	return string(p.Sent.Transport) + " " + p.Branch + " " + p.Method
}

func sampleOf(request, answer Passage) ClockSample {
	t1, t2 := request.Sent.Time, request.Arrivals[0].Received.Time
	t3, t4 := answer.Sent.Time, answer.Arrivals[0].Received.Time
	there, back := t2.Sub(t1), t3.Sub(t4)
	return ClockSample{
		At: t4, Transport: request.Sent.Transport,
		OffsetMs: Millis(there+back) / 2, ErrorMs: Millis(there-back)/2 + clockGrainMs,
	}
}

// keepBest adds a sample in the order of time, or replaces a worse one of the same ten
// seconds. One whose answer was there before its question is none: a clock was set.
func keepBest(all []ClockSample, s ClockSample) []ClockSample {
	if s.ErrorMs < clockGrainMs {
		return all
	}
	same := func(other ClockSample) bool { return other.At.Truncate(clockEvery).Equal(s.At.Truncate(clockEvery)) }
	if i := slices.IndexFunc(all, same); i >= 0 {
		if s.ErrorMs < all[i].ErrorMs {
			all[i] = s
		}
		return all
	}
	i, _ := slices.BinarySearchFunc(all, s, func(a, b ClockSample) int { return a.At.Compare(b.At) })
	return slices.Insert(all, i, s)
}

// Millis is a duration in milliseconds, to the microsecond, as the fields whose names end
// in Ms keep it.
func Millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
