package diagnosis

import (
	"fmt"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// expired: the session timer of a call ran out at an end, which hung up as it must.
func expired(c call) (account, bool) {
	for _, side := range []scenarios.Side{scenarios.ClientSide, scenarios.ResponderSide} {
		end, other := c.end(side), c.end(opposed(side))
		after, ended := lasted(end)
		if !c.established() || end.Ended != evidence.EndedBySession || !ended {
			continue
		}
		a := account{check: c.check.ID, kind: "session", short: span(float64(after.Milliseconds()))}
		a.long = fmt.Sprintf("%s after the answer the %s hung up since its session timer ran out (RFC 4028)", span(float64(after.Milliseconds())), side)
		if t := c.timer(); t.ExpiresMs != 0 {
			a.long = fmt.Sprintf("%s after the answer the %s hung up, as its session timer of %s wants it without a refresh (RFC 4028)",
				span(float64(after.Milliseconds())), side, span(float64(t.ExpiresMs)))
		}
		method := "UPDATE"
		if c.timer().Method == scenarios.ReinviteMove {
			method = "INVITE"
		}
		if n := refreshes(other); n > 0 {
			a.long += fmt.Sprintf("; the %s had sent its %s to refresh it, and it drew no answer", opposed(side), refreshName(method))
		}
		return a, true
	}
	return account{}, false
}

func refreshName(method string) string {
	if method == "INVITE" {
		return "re-INVITE"
	}
	return method
}

// refreshes counts the requests in a call that drew no answer.
func refreshes(end *evidence.CallEnd) (n int) {
	for _, m := range end.Moments {
		if !m.Took() {
			n++
		}
	}
	return n
}

// unanswered: a request in the call drew no answer, upon which its sender must hang up.
func unanswered(c call) (account, bool) {
	for _, side := range []scenarios.Side{scenarios.ClientSide, scenarios.ResponderSide} {
		end := c.end(side)
		if !c.established() || end.Ended != evidence.EndedUnanswered {
			continue
		}
		for _, m := range end.Moments {
			if m.Took() {
				continue
			}
			word := movedBy(m)
			if m.What == evidence.HoldMoment || m.What == evidence.ResumeMoment {
				word = fmt.Sprintf("the %s's re-INVITE to %s", side, m.What)
			}
			return account{c.check.ID, "unanswered", fmt.Sprintf(
				"%s drew no answer in %s, %s after the answer of the call, and the %s hung up, as it must then (RFC 3261 section 14.1)",
				word, millis(m.TookMs), millis(m.AtMs-m.TookMs-answeredAt(end)), side), word}, true
		}
	}
	return account{}, false
}

// answeredAt is when a call was answered, by the clock of the end's media.
func answeredAt(end *evidence.CallEnd) float64 {
	for _, m := range end.Moments {
		if m.What == evidence.AnswerMoment {
			return m.AtMs
		}
	}
	return 0
}

// end is the record of one side, nil when it is missing.
func (c call) end(side scenarios.Side) *evidence.CallEnd {
	if side == scenarios.ClientSide {
		return c.facts.Client
	}
	return c.facts.Responder
}

func opposed(side scenarios.Side) scenarios.Side {
	if side == scenarios.ClientSide {
		return scenarios.ResponderSide
	}
	return scenarios.ClientSide
}

// timer is the session timer that the scenario asks for, zero when it asks for none.
func (c call) timer() scenarios.SessionTimer {
	if c.check.Call == nil {
		return scenarios.SessionTimer{}
	}
	return c.check.Call.SessionTimer
}

// judgeMoves reports whether what the sides did in the call was answered.
func judgeMoves(out *CheckVerdict, c call) bool {
	for _, side := range []scenarios.Side{scenarios.ClientSide, scenarios.ResponderSide} {
		for _, m := range c.end(side).Moments {
			if m.Took() {
				continue
			}
			how := "drew no answer"
			if m.Status != 0 {
				how = fmt.Sprintf("was answered %d", m.Status)
			}
			name := "re-INVITE"
			if m.Method == "UPDATE" {
				name = "UPDATE"
			}
			out.Verdict, out.Summary = Fail, fmt.Sprintf("the %s's %s in the call %s", side, name, how)
			return false
		}
	}
	return true
}
