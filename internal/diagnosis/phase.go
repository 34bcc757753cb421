package diagnosis

import (
	"fmt"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// A phase is the part of a call between two things that happened in it, for one direction
// of its audio. Times are milliseconds on the clock of the end that hears.
type phase struct {
	began evidence.Moment // as the end that did it noted it
	// sent is what left one end, received what arrived at the other.
	sent, received int64
	fromMs, toMs   float64
	quietMs        float64 // since the last packet that arrived, at the end of it
}

// phases are those of a call that changed; nil where it did not, or where the two ends do
// not tell the same story of it: then nobody knows which part belongs to which.
func (l leg) phases() []phase {
	if l.sender == nil || l.receiver == nil {
		return nil
	}
	from, to := turns(l.sender), turns(l.receiver)
	if len(to) < 3 || len(from) != len(to) {
		return nil
	}
	out := make([]phase, len(to)-1)
	for i := range out {
		a, b := to[i], to[i+1]
		if a.What != from[i].What || a.By != from[i].By {
			return nil
		}
		p := phase{began: a, sent: from[i+1].Sent - from[i].Sent, received: b.Received - a.Received, fromMs: a.AtMs, toMs: b.AtMs}
		if from[i].Outcome != "" {
			p.began = from[i]
		}
		if i == 0 { // with what came before the answer
			p.sent, p.received = from[1].Sent, b.Received
		}
		p.quietMs = b.AtMs - a.AtMs
		if b.LastMs != nil && *b.LastMs > a.AtMs {
			p.quietMs = b.AtMs - *b.LastMs
		}
		out[i] = p
	}
	return out
}

// turns are the moments that changed a call, from its answer to its end.
func turns(end *evidence.CallEnd) []evidence.Moment {
	var out []evidence.Moment
	for _, m := range end.Moments {
		if m.Took() && m.What != evidence.EarlyMoment && m.What != evidence.RefreshMoment {
			out = append(out, m)
		}
	}
	if n := len(out); n == 0 || out[0].What != evidence.AnswerMoment || out[n-1].What != evidence.OverMoment {
		return nil
	}
	return out
}

// stoppedIn looks for the first phase in which audio that had flowed ended while its
// sender went on. What is not sent, as in a hold, is not missed.
func (l leg) stoppedIn(all []phase) (stop, bool) {
	ptime := l.sender.Media.PtimeMS
	var before, flowed int64
	for i, p := range all {
		missed := p.sent - p.received
		long := float64(missed)*ptime >= minStopMs && p.quietMs >= minStopMs
		if long && max(flowed, p.received) >= minPackets {
			s := stop{afterMs: float64(before+p.received) * ptime, missedMs: float64(missed) * ptime, listenedMs: p.quietMs, missed: missed,
				sinceMs: p.toMs - p.quietMs - p.fromMs}
			if i > 0 {
				s.after, s.flowed, s.got = &all[i].began, flowed, p.received
			}
			return s, true
		}
		before, flowed = before+p.sent, flowed+p.received
	}
	return stop{}, false
}

// laterMs is how long after a thing that happened audio must have gone on for its end not
// to be laid at its door.
const laterMs = 1500

// afterMove says after what of a call the audio stopped.
func (s stop) afterMove() string {
	word := movedBy(*s.after)
	if s.sinceMs >= laterMs {
		return millis(s.sinceMs) + " after " + word
	}
	return "after " + word
}

// movedBy names what happened in a call.
func movedBy(m evidence.Moment) string {
	who := string(m.By)
	switch m.What {
	case evidence.HoldMoment:
		return fmt.Sprintf("the %s put the call on hold (%s)", who, holdWords(m.How))
	case evidence.ResumeMoment:
		return fmt.Sprintf("the %s took the call back from hold", who)
	case evidence.ReinviteMoment, evidence.UpdateMoment:
		name := "re-INVITE"
		if m.What == evidence.UpdateMoment {
			name = "UPDATE"
		}
		if m.Moved {
			return fmt.Sprintf("the %s that moved the %s's media port", name, who)
		}
		return fmt.Sprintf("the %s of the %s", name, who)
	case evidence.RefreshMoment:
		return fmt.Sprintf("the refresh by the %s", who)
	case evidence.EarlyMoment:
		return "the 183"
	case evidence.OverMoment:
		return "the end of the call"
	}
	return "the answer"
}

func holdWords(how scenarios.HoldKind) string {
	if how == scenarios.ZeroAddressHold {
		return "c=0.0.0.0"
	}
	return "a=" + string(how)
}
