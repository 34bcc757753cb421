package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe/sipdiff"
)

// ackLost: the caller acknowledged, the end that answered never saw it and repeated
// its 200. Where the ACK went astray by a Contact that is wrong, whoever wrote that
// Contact explains it, so that those calls are told apart.
func ackLost(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, strayed := range []bool{false, true} {
			f := Finding{Direction: d, Confidence: Likely}
			for _, c := range v.calls {
				if c.check.Direction != d || v.strayed(c) != strayed {
					continue
				}
				if a, sure, ok := v.lostAck(c); ok {
					f.tell(a)
					if sure {
						f.Confidence = Proven
					}
				}
			}
			out = append(out, f.found()...)
		}
	}
	return out
}

// messages are those of a call in one direction with a name.
func (v *view) messages(c call, d scenarios.Direction, name string) []passage {
	return v.passed(d, func(p passage) bool { return p.Token == c.check.ID && p.Name() == name })
}

// acks are the ACKs of the call's 200; those of refusals belong to the INVITE's own
// transaction and carry its branch (RFC 3261 section 17.1.1.3).
func (v *view) acks(c call) []passage {
	var branches []string
	for _, name := range []string{"INVITE", "re-INVITE"} {
		for _, p := range v.messages(c, c.check.Direction, name) {
			branches = append(branches, p.Branch)
		}
	}
	return slices.DeleteFunc(v.messages(c, c.check.Direction, "ACK"), func(p passage) bool {
		return slices.Contains(branches, p.Branch)
	})
}

// field is a field of the message as it was sent.
func (p passage) field(name string) string {
	value, _ := sipdiff.Parse(p.Sent.Data).Field(name)
	return value
}

// lostAck tells of a call whose ACK was sent and never seen; sure is false where so few
// copies left that chance may have taken them.
func (v *view) lostAck(c call) (a account, sure, ok bool) {
	acks, accepted := v.acks(c), v.messages(c, opposite(c.check.Direction), "200 to INVITE")
	sent, repeated := 0, 0
	for _, p := range acks {
		if len(p.Arrivals) > 0 {
			return a, false, false
		}
		sent += p.Copies
	}
	for _, p := range accepted {
		repeated += p.Copies
	}
	invites := v.messages(c, c.check.Direction, "INVITE")
	if sent == 0 || repeated < 2 || len(invites) == 0 || v.Run.Interrupted != "" || v.ackByChance(c) {
		return a, false, false
	}
	caller, called := "client", "responder"
	if c.check.Direction == scenarios.Outbound {
		caller, called = called, caller
	}
	a = account{check: c.check.ID, short: fmt.Sprintf("%d sent", sent)}
	a.long = fmt.Sprintf("the %s sent its ACK to %s, %s; none reached the %s, which sent its 200 %d times; the INVITE, to %s, had arrived",
		caller, acks[0].Sent.Remote, copyCount(sent), called, repeated, invites[0].Sent.Remote)
	return a, sent >= minCopies, true
}

// ackByChance reports whether so few ACKs of a call were lost that chance may have taken them, or a moment in
// which the line was interrupted: those of another call, which went the same way, arrived.
func (v *view) ackByChance(c call) bool {
	sent := 0
	var first passage
	for _, p := range v.acks(c) {
		if len(p.Arrivals) > 0 {
			return false
		}
		if sent == 0 {
			first = p
		}
		sent += p.Copies
	}
	if sent == 0 || sent >= minCopies {
		return false
	}
	return slices.ContainsFunc(v.calls, func(other call) bool {
		return other.check.Direction == c.check.Direction && slices.ContainsFunc(v.acks(other), func(p passage) bool {
			return p.Sent.Transport == first.Sent.Transport && p.Sent.Remote == first.Sent.Remote && len(p.Arrivals) > 0
		})
	})
}

// strayed reports whether the ACK went elsewhere than the INVITE because the Contact of
// the 200 was private as it left, or arrived changed: both have rules of their own.
func (v *view) strayed(c call) bool {
	acks, invites := v.acks(c), v.messages(c, c.check.Direction, "INVITE")
	if len(acks) == 0 || len(invites) == 0 || acks[0].Sent.Remote == invites[0].Sent.Remote {
		return false
	}
	for _, p := range v.messages(c, opposite(c.check.Direction), "200 to INVITE") {
		if v.privateContact(p).IsValid() {
			return true
		}
		for _, d := range p.diffs {
			for _, change := range d.changes {
				if strings.HasPrefix(change.Field, "Contact uri") && change.Allowed == sipdiff.NotAllowed {
					return true
				}
			}
		}
	}
	return false
}

// ackNeeds: a call with its ACK is on whole tapes.
func ackNeeds(v *view) string {
	if !v.Whole() {
		return "the whole tapes of both ends"
	}
	for _, c := range v.calls {
		if len(v.acks(c)) > 0 {
			return ""
		}
	}
	return "a call that is answered"
}
