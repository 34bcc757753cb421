package diagnosis

import (
	"fmt"

	"bothways/internal/evidence"
)

// missedHere counts the packets that the machines at the ends missed, at most those that did not arrive. The path
// is not at fault for them.
func (l leg) missedHere() int64 {
	return min(l.dropped()+l.overslept(), max(l.sent-l.received-l.spurned(), 0))
}

// dropped counts packets that reached the receiver's machine and found no room there.
func (l leg) dropped() (n int64) {
	for _, s := range l.receiver.Streams() {
		if d := s.Received.BufferDrops; d != nil {
			n += max(*d, 0)
		}
	}
	return min(n, max(l.sent-l.received-l.spurned(), 0))
}

// The steps of a machine's clock that may be sleep in a call. No call outlives a longer one: that is a clock that
// was set.
const (
	minSleepMs = 500
	maxSleepMs = 120_000
)

// asleepMs is by how much the clock of an end's machine stepped forward in the call, 0 when by little: for so long
// the machine slept, unless its clock was set.
func asleepMs(end *evidence.CallEnd) (ms float64) {
	for _, s := range end.Streams() {
		ms = max(ms, s.ClockStepMS)
	}
	if ms < minSleepMs || ms > maxSleepMs {
		return 0
	}
	return ms
}

// overslept counts the packets that were lost in one piece while an end slept. What reaches a machine that sleeps
// is lost for as long at least; one that wakes up may send for a while before its link is back.
func (l leg) overslept() int64 {
	if asleep := asleepMs(l.receiver); asleep > 0 && l.hole() >= sameTime*asleep || asleepMs(l.sender) > 0 && l.hole() >= minBreakMs {
		return l.lostInARow()
	}
	return 0
}

// saySlept tells of an end whose machine slept in the call where that cost packets, empty when it did not.
func (c call) saySlept(name string) string {
	end := c.sentBy(name).sender
	step := asleepMs(end)
	if step == 0 {
		return ""
	}
	for _, l := range c.legs() {
		if n := l.overslept(); l.state == alive && n > 0 {
			return fmt.Sprintf("the %s's machine slept in the call, or its clock was set: %s more went by on it than packets were timed by; %s in a row were missed then, %s",
				name, millis(step), count(n, "packet"), way(l.direction))
		}
	}
	return ""
}
