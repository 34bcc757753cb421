package diagnosis

import (
	"slices"
	"strings"

	"bothways/scenarios"
)

// A condition says whether a cause explains a finding in this run, beyond what their
// checks and directions say.
type condition func(v *view, cause, f Finding) bool

// conditions are those that the data file names.
func conditions() map[string]condition {
	return map[string]condition{
		"nothing-gets-in": nothingGetsIn,
		"port-kept":       portKept,
		"media-rewritten": rewrittenFor,
		"unread":          unreadIn,
		"ack-strays":      ackStrays,
		"off-the-end":     offTheEnd,
		"went-there":      wentThere,
	}
}

// nothingGetsIn: the site lets in nothing that it did not ask for, as far as was tried.
func nothingGetsIn(v *view, _, _ Finding) bool {
	if v.answers() {
		return false
	}
	for _, c := range v.calls {
		if r := c.facts.Responder; r != nil && r.Cold != nil && r.Cold.Packets > 0 {
			return false
		}
	}
	for _, s := range v.swept(scenarios.Inbound) {
		if !s.arrived().IsZero() {
			return false
		}
	}
	return len(v.tested(scenarios.Inbound, PortOpen, PortReplyLost, PortWrong)) == 0
}

// portKept: the audio that shows the way comes from the port that the SDP names, so that
// the address alone is wrong. Where the NAT changes the port too, a right address would
// not be enough.
func portKept(v *view, _, f Finding) bool {
	return v.everyCall(f, func(c call) bool {
		l := c.leg(f.Direction)
		if control, ok := v.control(c); ok && l.state == dead {
			l = control.leg(f.Direction)
		}
		if l.state != alive || l.sender.Heard == nil || l.sender.Media.LatchedTo == nil {
			return false
		}
		return l.sender.Media.LatchedTo.Port() == l.sender.Heard.Port()
	})
}

// rewrittenFor: of a symptom one call, of a cause every one, was given another media
// address than was sent.
func rewrittenFor(v *view, cause, f Finding) bool {
	is := func(c call) bool { return v.mediaRewritten(c.check.ID, opposite(cause.Direction)) }
	if f.Role == Symptom {
		return v.someCall(f, is)
	}
	return v.everyCall(f, is)
}

// ackStrays: the ACK of the calls went elsewhere than their INVITE. A Contact is written
// by the end that was called.
func ackStrays(v *view, cause, f Finding) bool {
	is := func(c call) bool { return v.strayed(c) && cause.Direction == opposite(c.check.Direction) }
	if f.Role == Symptom {
		return v.someCall(f, is)
	}
	return v.everyCall(f, is)
}

// unreadIn: a message of the symptom's checks was rewritten so that its receiver could
// not use it.
func unreadIn(v *view, _, f Finding) bool {
	return slices.ContainsFunc(v.passages, func(p passage) bool {
		return slices.Contains(f.Checks, p.check) && slices.ContainsFunc(p.diffs, func(d diff) bool {
			return d.rewritten() && strings.HasPrefix(d.note, "not handled")
		})
	})
}

// offTheEnd: what is shut are ports from which the shift leads out of the range.
func offTheEnd(v *view, _, f Finding) bool {
	sweeps := slices.DeleteFunc(v.swept(scenarios.Inbound), func(s sweep) bool { return !slices.Contains(f.Checks, s.check.ID) })
	return len(sweeps) > 0 && !slices.ContainsFunc(sweeps, func(s sweep) bool { return !s.woken.Minus(s.shiftedAway()).IsZero() })
}

// wentThere: the audio that is missing went to the address that the SDP names. What the
// sender sent to the source of what it heard is lost for another reason.
func wentThere(v *view, cause, f Finding) bool {
	return v.someCall(f, func(c call) bool {
		l := c.leg(opposite(cause.Direction))
		if l.receiver == nil || l.receiver.Advertised == nil {
			return true
		}
		return l.wentTo(l.receiver.Advertised.Addr())
	})
}

// everyCall reports whether something is true of each check of a finding, all of them
// being calls; someCall whether it is of one.
func (v *view) everyCall(f Finding, is func(call) bool) bool {
	for _, id := range f.Checks {
		i := slices.IndexFunc(v.calls, func(c call) bool { return c.check.ID == id })
		if i < 0 || !is(v.calls[i]) {
			return false
		}
	}
	return len(f.Checks) > 0
}

func (v *view) someCall(f Finding, is func(call) bool) bool {
	return slices.ContainsFunc(v.calls, func(c call) bool { return slices.Contains(f.Checks, c.check.ID) && is(c) })
}
