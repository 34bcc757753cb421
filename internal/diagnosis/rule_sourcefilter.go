package diagnosis

import (
	"fmt"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// filteredSources are the responder's own ports that nothing leaves the site from: those
// that an outbound sweep was sent from, and what the answers of an inbound one show
// between and beside them.
func (v *view) filteredSources() (ports rtpprobe.PortSet) {
	for _, s := range v.swept(scenarios.Outbound) {
		ports = ports.Union(s.SilentSources)
	}
	answers := v.unanswered()
	if answers.IsZero() || !ports.Minus(answers).IsZero() {
		return ports.Union(answers)
	}
	return answers // which show the edges
}

// unanswered are the ports of inbound sweeps whose answers the filter on source ports explains.
func (v *view) unanswered() (ports rtpprobe.PortSet) {
	for _, s := range v.swept(scenarios.Inbound) {
		ports = ports.Union(v.unanswering(s))
	}
	return ports
}

// unanswering are the ports whose answers did not come back since nothing leaves the site
// from there: an outbound sweep was sent from one beside them in vain, and from none
// between with success.
func (v *view) unanswering(s sweep) rtpprobe.PortSet {
	if s.check.Direction != scenarios.Inbound || s.ReplyLost.IsZero() {
		return rtpprobe.PortSet{}
	}
	var silent, passing rtpprobe.PortSet
	for _, out := range v.swept(scenarios.Outbound) {
		for _, local := range out.facts.Sent.Locals {
			passing.Add(local)
		}
		silent = silent.Union(out.SilentSources)
	}
	return s.ReplyLost.Intersect(shadow(silent, passing.Minus(silent)))
}

// shadow is the set of the ports next to which, below or above, is one of a set, with none
// of the others between.
func shadow(set, others rtpprobe.PortSet) (out rtpprobe.PortSet) {
	from, hit := 1, false // the first port after the last of the others; whether one of the set came since
	for port := range set.Union(others).All() {
		if !others.Contains(port) {
			hit = true
			continue
		}
		out = out.Union(shaded(from, int(port)-1, hit))
		from, hit = int(port)+1, false
	}
	return out.Union(shaded(from, 65535, hit))
}

func shaded(from, to int, hit bool) rtpprobe.PortSet {
	if !hit || from > to {
		return rtpprobe.PortSet{}
	}
	return rtpprobe.PortRangeSet(rtpprobe.PortRange{From: uint16(from), To: uint16(to)})
}

// sourceAccounts tell of the ports that nothing left the site from.
func (v *view) sourceAccounts() (out []account) {
	for _, s := range v.swept(scenarios.Outbound) {
		if s.SilentSources.IsZero() {
			continue
		}
		n, all := s.SilentSources.Len(), len(s.facts.Sent.Locals)
		a := account{check: s.check.ID, kind: "sources", short: fmt.Sprintf("%d of %d source ports", n, all)}
		a.long = fmt.Sprintf("the responder sent to the client's ports from %d ports of its own in turn; nothing that it sent from %s arrived, and to the same ports it passed from the %d others",
			all, portWords(s.SilentSources, maxRangesInRow), all-n)
		out = append(out, a)
	}
	for _, s := range v.swept(scenarios.Inbound) {
		if ports := v.unanswering(s); !ports.IsZero() {
			out = append(out, account{check: s.check.ID, kind: "answers", short: sized(ports), long: fmt.Sprintf(
				"the responder's answers from %s did not come back either; those for %s did", sized(ports), amount(s.Open.Len(), "other port"))})
		}
	}
	return out
}
