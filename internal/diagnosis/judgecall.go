package diagnosis

import (
	"fmt"
	"strings"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func (v *view) judgeCall(out *CheckVerdict, c call) {
	out.Flow = c.facts.Flow
	out.Inbound, out.Outbound = v.audio(c, c.in), v.audio(c, c.out)
	out.Timeline = c.timeline()
	if caller := c.caller(); caller != nil && caller.Invite != nil {
		out.RTTMs = caller.Invite.RTTMs
	}
	if !v.judgeSetup(out, c) {
		return
	}
	if v.judgeExpected(out, c) {
		return
	}
	for _, judge := range []func(*CheckVerdict, call) bool{judgeRecords, judgeDrops, judgeMoves, judgeSilence, v.judgeStops, judgeSound, judgeDigits} {
		if !judge(out, c) {
			return
		}
	}
	v.judgeQuality(out, c)
}

// judgeSetup reports whether the call was set up as both ends saw it, and judges it
// where not.
func (v *view) judgeSetup(out *CheckVerdict, c call) bool {
	caller := c.caller()
	switch {
	case c.established():
		return true
	case caller == nil:
		out.Verdict, out.Summary = Inconclusive, "no record of the end that called"+because(c.facts.Missing)
	case fault(c) != "":
		out.Verdict, out.Summary = Inconclusive, "not done for a local reason: "+fault(c)
	case !caller.Established:
		v.judgeInvite(out, caller)
	case c.facts.Client == nil || c.facts.Responder == nil:
		out.Verdict, out.Summary = Inconclusive, "set up, but the other end's record is missing"+because(c.facts.Missing)
	case v.Run.Interrupted != "":
		out.Verdict, out.Summary = Inconclusive, "the run ended while the call was being set up"
	case v.ackByChance(c):
		out.Verdict, out.Summary = Inconclusive, "answered, and over before an ACK had arrived; so few were lost that it may be chance, since those of other calls arrived"
	default:
		out.Verdict, out.Summary = Fail, "answered, but the ACK never reached the end that was called"
	}
	return false
}

func (v *view) judgeInvite(out *CheckVerdict, caller *evidence.CallEnd) {
	if caller.Invite == nil {
		out.Verdict, out.Summary = Inconclusive, "nothing is known of the INVITE"
		return
	}
	t := try{check: out.ID, exchange: caller.Invite}
	out.Summary = "not set up: " + answered(caller.Invite) + v.lostLarge(out.ID, out.Direction)
	out.Verdict = v.reached(t, out)
	if out.Verdict == Pass { // accepted, and yet not set up
		out.Verdict = Inconclusive
	}
}

// fault is the local reason for which an end could not do its part, empty without one.
func fault(c call) string {
	for _, end := range []*evidence.CallEnd{c.facts.Client, c.facts.Responder} {
		if end != nil && end.Fault != "" {
			return end.Fault
		}
	}
	return ""
}

// judgeRecords reports whether both directions can be judged.
func judgeRecords(out *CheckVerdict, c call) bool {
	for _, l := range c.legs() {
		switch {
		case l.brief:
			sender, _ := l.ends()
			out.Verdict = Inconclusive
			out.Summary = fmt.Sprintf("the call was over before the %s had spoken for half a second (%s); let it last longer", sender, count(l.sent, "packet"))
			return false
		case l.brokenMs > 0:
			sender, _ := l.ends()
			out.Verdict = Inconclusive
			out.Summary = fmt.Sprintf("the line was interrupted: for %s nothing arrived either way, which is about as long as the %s spoke", millis(l.brokenMs), sender)
			return false
		case l.slowByeMs > 0:
			out.Verdict = Inconclusive
			out.Summary = fmt.Sprintf("the line was interrupted when the call was over (the BYE took %s), and so little %s audio tells nothing; let it last longer",
				millis(l.slowByeMs), l.direction)
			return false
		case l.state == unknown:
			out.Verdict = Inconclusive
			out.Summary = string(l.direction) + " audio was not recorded at both ends" + because(c.facts.Missing)
			return false
		case l.state == local:
			sender, _ := l.ends()
			out.Verdict = Inconclusive
			out.Summary = fmt.Sprintf("the %s's own machine could not send its audio", sender)
			return false
		}
	}
	return true
}

// judgeSilence reports whether both directions carried audio.
func judgeSilence(out *CheckVerdict, c call) bool {
	var parts []string
	for _, l := range c.legs() {
		part := hears(l.direction) + " hears the other end"
		if l.state == dead {
			out.Verdict = Fail
			part = fmt.Sprintf("%s hears nothing (%d of %d packets arrived)", hears(l.direction), l.received, l.sent)
		}
		parts = append(parts, part)
	}
	if out.Verdict == Fail {
		out.Summary = strings.Join(parts, "; ")
	}
	return out.Verdict != Fail
}

// judgeSound reports whether each end heard the other.
func judgeSound(out *CheckVerdict, c call) bool {
	var parts []string
	for _, l := range c.legs() {
		switch {
		case l.looped():
			parts = append(parts, fmt.Sprintf("%s hears itself", hears(l.direction)))
		case l.locked():
			parts = append(parts, fmt.Sprintf("%s cannot decrypt the audio that arrives: its SRTP key is not the sender's", hears(l.direction)))
		case l.silent():
			parts = append(parts, fmt.Sprintf("%s hears no tone in the audio that arrives", hears(l.direction)))
		}
	}
	if len(parts) > 0 {
		out.Verdict, out.Summary = Fail, strings.Join(parts, "; ")
	}
	return len(parts) == 0
}

// judgeQuality judges a call in which each end heard the other.
func (v *view) judgeQuality(out *CheckVerdict, c call) {
	out.Verdict = Pass
	parts := []string{
		fmt.Sprintf("%s both ways", c.talk()),
		fmt.Sprintf("lost %s in, %s out", percent(c.in.judgedPercent()), percent(c.out.judgedPercent())),
		fmt.Sprintf("jitter %s / %s ms", number(c.in.jitter()), number(c.out.jitter())),
		c.heardWords(),
	}
	if c.in.limited {
		parts = append(parts, fmt.Sprintf("first packet after %s / %s ms", number(c.in.firstPacket()), number(c.out.firstPacket())))
	}
	if words := c.digitWords(); words != "" {
		parts = append(parts, words)
	}
	if in, outward := out.Inbound.MOS, out.Outbound.MOS; in != nil && outward != nil {
		parts = append(parts, fmt.Sprintf("MOS %s / %s", number(in), number(outward)))
	}
	for _, l := range c.legs() {
		if d := v.delay(l); d != nil && d.ms >= tellingMs && d.ms > 2*d.errorMs {
			parts = append(parts, fmt.Sprintf("%.0f ± %.0f ms on the way %s", d.ms, d.errorMs, way(l.direction)))
		}
		if l.shutOut() {
			parts = append(parts, fmt.Sprintf("%s heard nothing in the first %s", hears(l.direction), millis(l.receiver.Cold.WaitedMs)))
		}
		if c.late(l) {
			parts = append(parts, c.lateWords(l))
		}
		if l.shutOut() && !v.asExpected(c) || len(v.poor(c, l)) > 0 || c.late(l) {
			out.Verdict = Degraded
		}
	}
	if flow := v.flow(c); flow != "" {
		parts = append(parts, flow)
	}
	if v.unreached(c) {
		out.Verdict = Degraded
	}
	out.Summary = strings.Join(parts, "; ")
}

// tellingMs is the time on the way from which a line of a report tells of it.
const tellingMs = 50

// flow says which path an outbound call took, empty for inbound calls.
func (v *view) flow(c call) string {
	switch {
	case c.check.Direction != scenarios.Outbound:
		return ""
	case c.facts.Flow == "new":
		return "over a new flow to the client's port"
	case c.facts.Flow == "client" && v.unreached(c):
		return "over the flow that the client opened; a new flow to its port failed: " + answered(c.facts.Reach)
	case c.facts.Flow == "client":
		return "over the flow that the client opened"
	}
	return ""
}

// unreached reports whether the site could not open a flow to a client that has no
// NAT before it and listened on its port: what a trunk's outbound leg does.
func (v *view) unreached(c call) bool {
	r, nat := c.facts.Reach, v.Pairing.ClientBehindNAT
	return c.facts.Flow == "client" && r != nil && nat != nil && !*nat &&
		(r.Outcome == sipprobe.Silent || r.Outcome == sipprobe.NotReached || r.Outcome == sipprobe.Closed) &&
		v.Client.Listening(sipprobe.Transport(c.check.Transport))
}

// heardWords says by what the ends heard each other.
func (c call) heardWords() string {
	if c.check.Call != nil && c.check.Call.Opaque() {
		return "known by tags and numbers (nobody listens to " + c.check.Call.Codec + ")"
	}
	return "tones heard"
}

func (c call) talk() string {
	if c.check.Call == nil {
		return "audio"
	}
	return fmt.Sprintf("%.1f s", float64(c.check.Call.TalkMs)/1000)
}

func percent(p *float64) string {
	if p == nil {
		return "?"
	}
	return fmt.Sprintf("%.1f %%", *p)
}

func number(n *float64) string {
	if n == nil {
		return "?"
	}
	return fmt.Sprintf("%.1f", *n)
}
