package diagnosis

import (
	"fmt"
	"time"

	"bothways/internal/evidence"
)

// timerH is how long an end that was called waits for the ACK before it gives the call
// up (RFC 3261 section 13.3.1.4: 64×T1).
const timerH = 32 * time.Second

// The end of a call as an end of it records it.
const farEndHungUp = "the far end hung up"

// callDrops: a call that was to go on was ended by a timer, or by something between
// the two ends.
func callDrops(v *view) []Finding {
	f := Finding{}
	for _, c := range v.calls {
		if c.check.Control != "" || c.facts.Client == nil || c.facts.Responder == nil || fault(c) != "" || v.Run.Interrupted != "" {
			continue
		}
		for _, tell := range []func(call) (account, bool){unacknowledged, tornDown, expired, unanswered} {
			if a, ok := tell(c); ok {
				f.Direction = c.check.Direction
				f.tell(a)
			}
		}
	}
	return f.found()
}

// unacknowledged: the end that was called saw no ACK, and hung up when its timer ran out.
func unacknowledged(c call) (account, bool) {
	caller, called := c.caller(), c.called()
	after, ended := lasted(caller)
	if !caller.Established || called.Established || caller.Ended != farEndHungUp || !ended || after < timerH-2*time.Second {
		return account{}, false
	}
	return account{c.check.ID, "ack", fmt.Sprintf(
		"%s after its answer the end that was called hung up, as it must without an ACK (64×T1 = %s): it sent its 200 %s, and the caller sent %s",
		span(float64(after.Milliseconds())), span(float64(timerH.Milliseconds())),
		count(sent(called, "200"), "time"), count(sent(caller, "ACK"), "ACK")),
		span(float64(after.Milliseconds()))}, true
}

// tornDown: each end was told that the other had hung up, and neither had.
func tornDown(c call) (account, bool) {
	if !c.established() || c.check.Call == nil || c.facts.Client.Ended != farEndHungUp || c.facts.Responder.Ended != farEndHungUp {
		return account{}, false
	}
	after, ended := lasted(c.caller())
	if !ended || after > c.check.Call.Length()-time.Second ||
		sent(c.facts.Client, "BYE")+sent(c.facts.Responder, "BYE") > 0 {
		return account{}, false
	}
	return account{c.check.ID, "torn", fmt.Sprintf(
		"after %s each end received a BYE that the other had not sent", span(float64(after.Milliseconds()))), span(float64(after.Milliseconds()))}, true
}

// judgeDrops reports whether nothing between the ends has ended the call.
func judgeDrops(out *CheckVerdict, c call) bool {
	a, torn := tornDown(c)
	if torn {
		out.Verdict, out.Summary = Fail, "ended "+a.short+" after the answer, and by neither end"
	}
	if a, late := expired(c); late {
		out.Verdict, out.Summary = Fail, "ended "+a.short+" after the answer by its session timer, which was not refreshed"
		return false
	}
	return !torn
}

// called is the end that was called, nil when its record is missing.
func (c call) called() *evidence.CallEnd {
	if c.caller() == c.facts.Client {
		return c.facts.Responder
	}
	return c.facts.Client
}

// lasted is the time from the answer to the BYE, to a tenth of a second, as one end
// recorded it; ok is false when it did not.
func lasted(end *evidence.CallEnd) (d time.Duration, ok bool) {
	var answered time.Time
	for _, e := range end.Events {
		switch {
		case e.What == "200" && answered.IsZero():
			answered = e.Time
		case e.What == "BYE" && !answered.IsZero():
			return e.Time.Sub(answered).Round(100 * time.Millisecond), true
		}
	}
	return 0, false
}

// sent counts the messages of a kind that an end sent.
func sent(end *evidence.CallEnd, what string) (n int) {
	for _, e := range end.Events {
		if e.Sent && e.What == what {
			n++
		}
	}
	return n
}
