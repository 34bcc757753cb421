package client

import (
	"bothways/internal/evidence"
	"bothways/scenarios"
)

// control returns a call that repeats a strict one of which one direction was dead,
// with the sender of that direction latching instead.
func (r *run) control(in func(scenarios.Check) bool) (evidence.Check, bool) {
	for _, c := range r.ev.Checks {
		if !in(c.Check) || c.Control != "" || c.CallFacts == nil || c.FromSecond() {
			continue
		}
		if latched, ok := latchedCall(c); ok {
			return latched, true
		}
	}
	return evidence.Check{}, false
}

// deadBelow is the number of packets under which a direction carried no audio.
const deadBelow = 10

func latchedCall(c evidence.Check) (evidence.Check, bool) {
	client, responder := c.CallFacts.Client, c.CallFacts.Responder
	if client == nil || responder == nil || client.Media == nil || responder.Media == nil {
		return evidence.Check{}, false
	}
	if c.Call.Expect != "" { // it is known why
		return evidence.Check{}, false
	}
	in, out := responder.Media.Received.Arrived() >= deadBelow, client.Media.Received.Arrived() >= deadBelow
	changed := *c.Call
	switch {
	case out && !in && changed.Client.Latch == scenarios.LatchNever:
		changed.Client.Latch = scenarios.LatchAlways
	case in && !out && changed.Responder.Latch == scenarios.LatchNever:
		changed.Responder.Latch = scenarios.LatchAlways
	default:
		return evidence.Check{}, false
	}
	control := evidence.Check{Check: c.Check, Control: c.ID}
	control.ID, control.Call = c.ID+"-latched", &changed
	return control, true
}
