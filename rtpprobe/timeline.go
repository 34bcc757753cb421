package rtpprobe

import "time"

// A Step is one second of a stream at one end; the first begins at Result.Opened.
type Step struct {
	// Sent and Received count packets, Received unique ones.
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
	// Lost is by how much the loss grew (RFC 3550 A.3); it falls below 0 where packets
	// arrive a step late.
	Lost int64 `json:"lost"`
	// ToneHeardMS is how much of the wanted tone arrived.
	ToneHeardMS float64 `json:"tone_heard_ms"`
	// JitterMS is the interarrival jitter after the last packet, nil when none arrived.
	JitterMS *float64 `json:"jitter_ms"`
}

// maxSteps bounds the timeline; what comes later counts for the last step.
const maxSteps = 1800

// stepOf is the number of the step that a time since Opened falls into.
func stepOf(since time.Duration) int {
	return int(min(max(since/time.Second, 0), maxSteps-1))
}

// An arrivalStep is what the inbox keeps of one step.
type arrivalStep struct {
	received int64
	lost     int64 // up to its last packet, from the beginning
	tone     int   // samples
	jitter   float64
	judged   bool // jitter is known
}

// note accounts for a unique packet that was just accepted, with the samples of the
// tone that it brought.
func (in *inbox) note(at time.Time, tone int) {
	n := stepOf(at.Sub(in.opened))
	for len(in.steps) <= n {
		in.steps = append(in.steps, arrivalStep{})
	}
	s := &in.steps[n]
	s.received++
	s.tone += tone
	s.lost = 0
	for _, r := range in.receptions {
		s.lost += r.sequence.expected() - r.sequence.packets()
	}
	if r := in.current; r != nil && r.jitter.packets > 1 {
		s.jitter, s.judged = r.jitter.mean, true
	}
}

// timeline joins what arrived and what was sent, for as long as the stream was open.
func timeline(open time.Duration, arrived []arrivalStep, sent []int64) []Step {
	steps := make([]Step, max(stepOf(open)+1, len(arrived), len(sent)))
	for n, count := range sent {
		steps[n].Sent = count
	}
	lost := int64(0)
	for n, a := range arrived {
		if a.received == 0 {
			continue
		}
		steps[n].Received, steps[n].ToneHeardMS = a.received, ms(a.tone)
		steps[n].Lost = a.lost - lost
		lost = a.lost
		if a.judged {
			steps[n].JitterMS = new(round(a.jitter * 1000))
		}
	}
	return steps
}
