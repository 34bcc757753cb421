package diagnosis

import (
	"fmt"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A repeat is a question over UDP that was asked again from the client's own SIP port,
// and from the first port once more where that met silence.
type repeat struct {
	fresh, same *evidence.Check
	again       *evidence.Check // nil when there was no need
	once        *evidence.Check // once more from the own port; nil when it was not asked
}

func (v *view) repeats() []repeat {
	byID := make(map[string]*evidence.Check)
	for i := range v.Checks {
		if c := &v.Checks[i]; c.Options != nil && c.Transport == scenarios.Transport(sipprobe.UDP) {
			byID[c.ID] = c
		}
	}
	var out []repeat
	for i := range v.Checks {
		same := &v.Checks[i]
		fresh := byID[same.Control]
		if byID[same.ID] == nil || fresh == nil || fresh.Control != "" || fresh.Options.Exchange.Remote != same.Options.Exchange.Remote {
			continue
		}
		r := repeat{fresh: fresh, same: same}
		for _, c := range byID {
			if c.Control == same.ID {
				r.again = c
			}
		}
		for _, c := range byID {
			if r.again != nil && c.Control == r.again.ID {
				r.once = c
			}
		}
		out = append(out, r)
	}
	return out
}

// staleState: from the client's own port nothing reached the responder, and from a fresh
// one it did, before and after.
func staleState(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, Confidence: Likely, values: values{}}
	for _, r := range v.repeats() {
		sent, arrived := v.traced(r.same)
		if r.same.Options.Exchange.Outcome != sipprobe.Silent || r.again == nil || sent < minAtMachine || arrived != 0 || v.atMachine() {
			continue
		}
		if r.fresh.Options.Exchange.Outcome != sipprobe.Accepted || r.again.Options.Exchange.Outcome != sipprobe.Accepted {
			continue
		}
		if r.once != nil && r.once.Options.Exchange.Outcome != sipprobe.Silent {
			continue // the line was interrupted when it was asked first
		}
		x, y := r.same.Options.Exchange, r.again.Options.Exchange
		f.values["flow"] = fmt.Sprintf("UDP from %s to %s", x.Local, x.Remote)
		f.Checks = append(f.Checks, r.same.ID)
		f.Evidence = append(f.Evidence,
			fmt.Sprintf("%s: the client sent %s from %s to %s; the responder, listening on %s, received none of them.",
				r.same.ID, count(sent, "request"), x.Local, x.Remote, v.inside(sipprobe.UDP)),
			fmt.Sprintf("The same question from %s to the same port was answered before (%s) and after (%s).", y.Local, r.fresh.ID, r.again.ID),
			r.askedOnceMore()+"A filter on that source port would look the same.")
	}
	return f.found()
}

// askedOnceMore says that the own port stayed dead, where that was tried.
func (r repeat) askedOnceMore() string {
	if r.once == nil {
		return ""
	}
	return fmt.Sprintf("Asked from %s once more after that, it met silence again. ", r.same.Options.Exchange.Local)
}

// traced counts the requests of a check: what left the client, and what arrived at the
// responder, -1 when that is not known.
func (v *view) traced(c *evidence.Check) (sent, arrived int) {
	token := v.Run.Token(c.ID)
	sent, arrived = v.Client.Trace(token, sipprobe.UDP).SentRequests, -1
	if v.Responder != nil && v.Responder.TapeDropped == 0 {
		arrived = v.Responder.Trace(token, sipprobe.UDP).ReceivedRequests
	}
	return sent, arrived
}

// atMachine reports whether messages are known to have reached the responder's machine
// that the responder did not get.
func (v *view) atMachine() bool {
	seen := v.captured()
	return seen != nil && seen.SIP-v.received(sipprobe.UDP) >= minAtMachine
}

// staleNeeds: the same question from a fixed port was not asked, or does not tell.
func staleNeeds(v *view) string {
	for _, r := range v.repeats() {
		_, arrived := v.traced(r.same)
		if r.same.Options.Exchange.Outcome == sipprobe.Accepted || r.again != nil && arrived >= 0 {
			return ""
		}
	}
	return "OPTIONS over UDP that is answered, from a client with a public address that has its own SIP port (5060) to send from too"
}
