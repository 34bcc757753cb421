package diagnosis

import (
	"fmt"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// egressFiltered: the responder sent to ports of the client, which listened, and
// nothing arrived; or nothing did of what it sent from some of its own ports, while from
// others the same ports were reached.
func egressFiltered(v *view) []Finding {
	f := Finding{Direction: scenarios.Outbound, values: values{}}
	var notes, where, what []string
	for _, s := range v.swept(scenarios.Outbound) {
		holes := gaps(s.RequestLost, s.undecided())
		if holes.IsZero() || scattered(holes) || s.dead() && s.drowned() {
			continue
		}
		f.tell(s.lostAccount("egress", s.RequestLost))
		f.Checks = append(f.Checks, ids(v.deafAt(s.RequestLost))...)
		notes = append(notes, s.icmpLines(s.RequestLost)...)
		where, what = append(where, "to UDP "+portWords(holes, maxRangesInRow)), append(what, "UDP "+portWords(holes, maxRangesInRow))
		notes = append(notes, s.others()...)
		note, all := s.ofProviders(holes)
		if notes = append(notes, note...); all {
			f.Confidence = Likely
		}
		if s.facts.OwnNAT != nil {
			f.Confidence = Likely
			notes = append(notes, fmt.Sprintf("%s: the client is behind a NAT of its own, which it opened for each port first, by packets that ended before they reached the site.", s.check.ID))
		}
		if s.arrived().IsZero() {
			f.Confidence = Likely
			notes = append(notes, fmt.Sprintf("%s: no UDP of the sweep arrived at all, while signalling passed over %s. Whether the site's firewall drops it or the client's own, these facts do not tell.",
				s.check.ID, v.working()))
		}
	}
	if from := v.filteredSources(); !from.IsZero() {
		f.tell(v.sourceAccounts()...)
		words := "its own UDP ports " + portWords(from, maxRangesInRow)
		where, what = append(where, "from "+words), append(what, "what it sent from "+words)
	}
	if len(where) > 0 {
		f.values["where"], f.values["what"] = list(where), list(what)
	}
	return append(f.foundWith(notes...), knocksNotOut(v)...)
}

// replyLost: requests arrive, their echoes leave and do not, and no gap of the other
// direction explains it.
func replyLost(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: opposite(d), values: values{"who": "responder"}}
		if d == scenarios.Outbound { // the client's own firewall may do this
			f.Confidence, f.values["who"] = Likely, "client"
		}
		var notes []string
		for _, s := range v.swept(d) {
			s.ReplyLost = s.ReplyLost.Minus(v.unanswering(s))
			if s.ReplyLost.IsZero() || v.wayBackBarred(s) {
				continue
			}
			f.tell(s.replyAccount())
			if n := s.Open.Len(); n > 0 {
				notes = append(notes, fmt.Sprintf("%s: the answers for %s came back.", s.check.ID, amount(n, "other port")))
			}
		}
		out = append(out, f.foundWith(notes...)...)
	}
	return append(out, answersLost(v)...)
}

func (s sweep) replyAccount() account {
	sender, receiver := s.ends()
	a := account{check: s.check.ID, kind: "reply", short: sized(s.ReplyLost)}
	a.long = fmt.Sprintf("what the %s sent to %s arrived and was answered (the %s sent %s in all); no answer for them came back to the %s",
		sender, sized(s.ReplyLost), receiver, amount(s.facts.Arrived.Echoes, "answer"), sender)
	return a
}

// wayBackBarred reports whether the other direction does not let packets through to
// the ports that the sweep was sent from, so that no answer can reach them.
func (v *view) wayBackBarred(s sweep) bool {
	var barred rtpprobe.PortSet
	for _, other := range v.swept(opposite(s.check.Direction)) {
		barred = barred.Union(other.barred())
	}
	for _, port := range s.facts.Sent.Locals {
		if !barred.Contains(port) {
			return false
		}
	}
	return len(s.facts.Sent.Locals) > 0
}

// outboundNeeds: no sweep shows what the site lets out.
func outboundNeeds(v *view) string {
	return v.sweepNeeds(scenarios.Outbound, "a sweep of the client's ports, outbound, recorded at both ends, as in the scenario ports")
}

// replyNeeds: no sweep shows whether answers come back.
func replyNeeds(v *view) string {
	if v.sweepNeeds(scenarios.Outbound, "one") == "" {
		return ""
	}
	return inboundNeeds(v)
}
