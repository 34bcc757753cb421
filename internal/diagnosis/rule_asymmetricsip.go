package diagnosis

import (
	"fmt"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// asymmetricSIP: an end answers from another port than the one that was asked, and no
// such answer arrives, while what it sends from the port that was asked does.
func asymmetricSIP(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: values{"who": senderOf(d), "role": roleOf(d)}}
		answers := v.answersBy(d)
		for _, q := range v.asked(opposite(d)) {
			if a, ok := v.answeredAside(q, answers[q.branch]); ok {
				f.tell(a)
			}
		}
		out = append(out, f.found()...)
	}
	return out
}

// answeredAside tells of a question whose answers left from another port and were all
// lost, which by their number is no chance.
func (v *view) answeredAside(q question, answers []passage) (account, bool) {
	var first passage
	var names []string
	copies := 0
	for _, p := range answers {
		if p.Sent.Local.Port() == q.local.Port() || q.misses(p) {
			continue
		}
		if len(p.Arrivals) > 0 {
			return account{}, false
		}
		if copies == 0 {
			first = p
		}
		names, copies = append(names, fmt.Sprint(p.Status)), copies+p.Copies
	}
	if copies < minCopies || !v.arrivedFrom(opposite(q.way), q) {
		return account{}, false
	}
	return account{check: first.about(), short: copyCount(copies), long: fmt.Sprintf(
		"%s arrived at %s; the %s sent its %s, %s, from %s, and none arrived, while what it sent there from %s did",
		q.name, q.local, senderOf(opposite(q.way)), list(unique(names)), copyCount(copies), first.Sent.Local, q.local)}, true
}

// arrivedFrom reports whether anything arrived that left the port that was asked, for the
// one that asked.
func (v *view) arrivedFrom(d scenarios.Direction, q question) bool {
	return len(v.passed(d, func(p passage) bool {
		return p.Sent.Transport == sipprobe.UDP && p.Sent.Local.Port() == q.local.Port() && p.Sent.Remote == q.source && len(p.Arrivals) > 0
	})) > 0
}

// asymmetricSIPNeeds: no answer shows from where an end sends.
func asymmetricSIPNeeds(v *view) string {
	if !v.Whole() {
		return "the whole tapes of both ends"
	}
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		answers := v.answersBy(opposite(d))
		for _, q := range v.asked(d) {
			if len(answers[q.branch]) > 0 {
				return ""
			}
		}
	}
	return "requests over UDP that arrived and were answered"
}
