package diagnosis

import (
	"fmt"
	"strings"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// Limits of what a sweep may leave open.
const (
	// maxDoubt is the share of tried ports, one in so many, that may be inconclusive
	// before the sweep is.
	maxDoubt = 20
	// minProven is the share of the check's ports, one in so many, below which the
	// rest was not enough to pass.
	minProven = 2
)

func (v *view) judgeSweep(out *CheckVerdict, s sweep) {
	out.Sweep = s.measured()
	out.Verdict, out.Summary = s.verdict(), s.summary()
	if v.hidden(s) {
		out.Verdict = Skipped
		out.Summary = fmt.Sprintf("none of %s could be tried", amount(s.all.Len(), "port")) + because(s.facts.WhyNot)
		if s.shutBehindNAT() {
			out.Summary = fmt.Sprintf("none of %s that were tried could be proven", amount(s.facts.Sent.Ports.Len(), "port")) + because(s.facts.WhyNot)
		}
	}
}

// hidden reports whether nothing of an outbound sweep was tried since the client is
// behind a NAT of its own: then the check was skipped, and no one could have run it.
func (v *view) hidden(s sweep) bool {
	nat, sent := v.Pairing.ClientBehindNAT, s.facts.Sent
	return s.check.Direction == scenarios.Outbound && nat != nil && *nat && s.facts.WhyNot != "" &&
		(sent == nil || sent.Ports.IsZero() || s.shutBehindNAT())
}

// verdict judges what was tried. Ports that another program held, or that could not be
// tried from where the client is, are no fault of the site: they are listed and leave
// a pass a pass, as skipped checks do, unless they are more than half of all.
func (s sweep) verdict() Verdict {
	undecided := s.Inconclusive.Len()
	switch {
	case !s.known || s.decided().IsZero():
		return Inconclusive
	case !s.wrong().IsZero(), !s.silentSources().IsZero():
		return Fail
	case undecided*maxDoubt > undecided+s.decided().Len():
		return Inconclusive
	case undecided > 0, !s.WrongPort.IsZero(), s.choked(), s.StoppedMS != nil:
		return Degraded
	case s.facts.OwnNAT == nil && s.decided().Len()*minProven < s.all.Len():
		return Degraded
	}
	return Pass
}

// wrong are the ports that fail the check. What reaches the client on another of its
// ports was moved by a NAT before the client: it did leave the site.
func (s sweep) wrong() rtpprobe.PortSet {
	lost := s.RequestLost.Union(s.ReplyLost)
	if s.check.Direction == scenarios.Inbound {
		lost = lost.Union(s.WrongPort)
	}
	return lost
}

// silentSources are the site's own ports that nothing left it from. Those of the client are
// no fault of the site.
func (s sweep) silentSources() rtpprobe.PortSet {
	if s.check.Direction == scenarios.Inbound {
		return rtpprobe.PortSet{}
	}
	return s.SilentSources
}

// summary says it in one line, ports first.
func (s sweep) summary() string {
	if !s.known {
		return s.missing()
	}
	parts := []string{s.sampled() + s.outcome()}
	parts = append(parts, s.remarks()...)
	if note := s.untested(); note != "" {
		parts = append(parts, note)
	}
	return strings.Join(parts, "; ")
}

// missing says whose ledger is not there.
func (s sweep) missing() string {
	sender, receiver := s.ends()
	line := fmt.Sprintf("the %s's ledger is missing", receiver) + because(s.facts.Missing)
	switch {
	case s.facts.Sent == nil && s.facts.Arrived == nil && s.facts.Missing == "" && s.facts.WhyNot != "":
		return fmt.Sprintf("none of %s could be tried", amount(s.all.Len(), "port")) + because(s.facts.WhyNot)
	case s.facts.Sent == nil && s.facts.Arrived == nil:
		return "neither end's ledger is there" + because(s.facts.Missing)
	case s.facts.Sent == nil:
		return fmt.Sprintf("the %s's ledger is missing", sender) + because(s.facts.Missing)
	case s.facts.Sent.StoppedMS != nil:
		line += fmt.Sprintf("; everything stopped after %s", millis(*s.facts.Sent.StoppedMS))
	}
	return line
}

// outcome names the ports by what became of them.
func (s sweep) outcome() string {
	open, all := grouped(s.Open.Len()), amount(s.all.Len(), "port")
	switch {
	case s.decided().IsZero():
		return "nothing could be decided" + s.doubts(": ")
	case s.decided().Equal(s.Open):
		return fmt.Sprintf("%s of %s proven, all open", open, all) + s.doubts("; ")
	}
	var groups []string
	separator := ", "
	for _, g := range []struct {
		ports rtpprobe.PortSet
		name  string
	}{{s.Open, "open"}, {s.RequestLost, "request-lost"}, {s.ReplyLost, "reply-lost"}, {s.WrongPort, "on the wrong port"}} {
		if g.ports.IsZero() {
			continue
		}
		words := portWords(s.span(g.ports), maxRangesInRow)
		if strings.Contains(words, ",") {
			separator = "; "
		}
		groups = append(groups, words+" "+g.name)
	}
	return strings.Join(groups, separator) + s.doubts("; ") + fmt.Sprintf("; %s of %s open", open, all)
}

// doubts lists the ports that were tried in vain.
func (s sweep) doubts(lead string) string {
	ports := s.Inconclusive
	if ports.IsZero() {
		return ""
	}
	return lead + portWords(ports, maxRangesInRow) + " inconclusive"
}

// remarks are what the path did to the sweep as a whole.
func (s sweep) remarks() []string {
	var out []string
	if n, of := s.tried(s.woken); n > 0 {
		out = append(out, fmt.Sprintf("once the site had sent first, %s of the %s tried again passed", grouped(n), grouped(of)))
	}
	if silent := s.silentSources(); !silent.IsZero() {
		out = append(out, fmt.Sprintf("nothing came from %d of the %d ports that the site sent from (%s)",
			silent.Len(), len(s.facts.Sent.Locals), portWords(silent, maxRangesInRow)))
	}
	if requests, replies := losses(s.Rounds); worthTelling(requests) || worthTelling(replies) {
		out = append(out, fmt.Sprintf("lost %s of requests, %s of replies", percent(requests), percent(replies)))
	}
	if line := interruptions(s.facts.Sent.Interruptions); line != "" {
		out = append(out, line)
	}
	if s.RateLimited && s.LimitedPPS != nil {
		line := fmt.Sprintf("loss began at %.0f packets/s and went away below", *s.LimitedPPS)
		if s.NewFlowsOnly {
			line += ", of new flows alone"
		}
		out = append(out, line)
	}
	if s.StoppedMS != nil {
		out = append(out, fmt.Sprintf("everything stopped after %s", millis(*s.StoppedMS)))
	}
	if s.facts.Sent.End == rtpprobe.SweepFull {
		out = append(out, "in the end no new flow got through, while those that were there did: a table on the way is full, such as that of a NAT, or new flows are limited")
	}
	if s.facts.Sent.End == rtpprobe.SweepCancelled {
		out = append(out, "it was ended before its time")
	}
	if s.facts.Missing != "" {
		out = append(out, s.facts.Missing)
	}
	return out
}

// toldInterruption is the shortest that is told, in ms: a word of speech may be lost in it.
const toldInterruption = 50

// interruptions tells those that somebody would hear.
func interruptions(all []rtpprobe.Interruption) string {
	var longest rtpprobe.Interruption
	n := 0
	for _, i := range all {
		if i.DurationMS < toldInterruption {
			continue
		}
		if n++; i.DurationMS > longest.DurationMS {
			longest = i
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("nothing came through for %s, %s after the start", millis(longest.DurationMS), millis(longest.StartMS))
	}
	return fmt.Sprintf("nothing came through %d times, for %s at the longest", n, millis(longest.DurationMS))
}

func worthTelling(loss *float64) bool { return loss != nil && *loss >= .05 }

// untested lists what was left out, and why.
func (s sweep) untested() string {
	var parts []string
	if !s.held.IsZero() {
		_, receiver := s.ends()
		parts = append(parts, fmt.Sprintf("%s in use on the %s's machine (%s)", grouped(s.held.Len()), receiver, portWords(s.held, maxRangesInRow)))
	}
	switch {
	case s.untried.IsZero():
	case s.facts.OwnNAT != nil:
		parts = append(parts, grouped(s.untried.Len())+" not tried"+because(s.facts.WhyNot))
	default:
		parts = append(parts, fmt.Sprintf("%s not tried (%s)%s", grouped(s.untried.Len()), portWords(s.untried, maxRangesInRow), because(s.facts.WhyNot)))
	}
	return strings.Join(parts, "; ")
}
