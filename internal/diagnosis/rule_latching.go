package diagnosis

import (
	"fmt"
	"reflect"

	"bothways/scenarios"
)

// latchingNeeded: audio passes in a direction only where its sender follows the
// source of what it hears.
func latchingNeeded(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: latchers(d)}
		for _, c := range v.calls {
			if a, ok := v.needsLatching(c, d); ok {
				f.tell(a)
			}
		}
		out = append(out, f.found()...)
	}
	return out
}

// latchers names the side that must latch for a direction to work, and the other.
func latchers(d scenarios.Direction) values {
	if d == scenarios.Inbound {
		return values{"side": "the far side", "way": way(d)}
	}
	return values{"side": "the PBX", "way": way(d)}
}

func (v *view) needsLatching(c call, d scenarios.Direction) (account, bool) {
	if c.check.Control != "" {
		return account{}, false
	}
	l := c.leg(d)
	if control, ok := v.control(c); ok && c.established() && control.established() {
		with := control.leg(d)
		if l.state == dead && with.state == alive {
			return account{c.check.ID, "control", fmt.Sprintf("%s; in %s, the same call with latching, %d of %d arrived",
				l.story(), control.check.ID, with.received, with.sent),
				fmt.Sprintf("%s; with latching %d of %d", l.numbers(), with.received, with.sent)}, true
		}
	}
	if !rescued(v.Evidence, l) {
		return account{}, false
	}
	sender, _ := l.ends()
	return account{c.check.ID, "rescued", fmt.Sprintf(
		"the SDP that the %s was given names %s; its audio arrived because it went to %s, where the other end's audio came from (%d of %d packets)",
		sender, l.sender.Heard, l.sender.Media.LatchedTo, l.received, l.sent), l.numbers()}, true
}

// control returns the call that differs from another one in latching alone.
func (v *view) control(c call) (call, bool) {
	for _, other := range v.calls {
		if other.check.Control == c.check.ID && latchingAlone(c, other) {
			return other, true
		}
	}
	return call{}, false
}

// latchingAlone reports whether the control latches at more ends than its check and
// is like it in everything else.
func latchingAlone(c, control call) bool {
	a, b := c.check, control.check
	if a.Call == nil || b.Call == nil || a.Kind != b.Kind || a.Direction != b.Direction || a.Transport != b.Transport {
		return false
	}
	left, right := *a.Call, *b.Call
	if left.Client.Latch == right.Client.Latch && left.Responder.Latch == right.Responder.Latch {
		return false
	}
	left.Client.Latch, left.Responder.Latch = right.Client.Latch, right.Responder.Latch
	left.TalkMs, left.MaxLossPercent = right.TalkMs, right.MaxLossPercent
	return reflect.DeepEqual(left, right)
}

// latchingNeeds: a direction is dead in a call without latching, and no call with it
// was made.
func latchingNeeds(v *view) string {
	if len(v.established()) == 0 {
		return "a call that is set up, recorded at both ends"
	}
	for _, c := range v.established() {
		for _, l := range c.legs() {
			if _, ok := v.control(c); l.state == dead && !ok && !c.behaviour(l.direction == scenarios.Outbound).Latches() {
				return "the same call once more with latching (" + c.check.ID + ")"
			}
		}
	}
	return ""
}
