package diagnosis

import "bothways/internal/evidence"

// A Diagnosis is what the evidence of a run proves, and what it leaves open.
type Diagnosis struct {
	Verdict Verdict
	// Summary is the verdict in one sentence.
	Summary string
	// Checks are in the order of the evidence.
	Checks []CheckVerdict
	// Findings are symptoms in the order of the rules, then causes, the most upstream first.
	Findings  []Finding
	NotTested []NotTested
	// Changes are all differences between SIP messages as sent and as arrived, what SIP
	// hops may do included; nil when they are not known, empty when there are none.
	Changes []SIPChange
	// Remarks are things to know that change no verdict.
	Remarks []Remark
	// Differences are the settings of the sides that decide whether calls have audio both ways.
	Differences []Difference
	// Names is null for a target that is an address.
	Names *Names
	// ClientBehindNAT is whether the client is behind a NAT of its own; null when never paired.
	ClientBehindNAT *bool
	// Within is a clause that says by what the client is known not to have been outside the
	// site; empty where that is not known.
	Within string
}

// Diagnose judges the evidence of a run. It never fails: what it cannot decide is
// inconclusive or not tested. A nil argument is a run without any evidence.
func Diagnose(ev *evidence.Evidence) Diagnosis { return diagnose(ev, rules()) }

func diagnose(ev *evidence.Evidence, rules []Rule) Diagnosis {
	if ev == nil {
		ev = new(evidence.Evidence)
	}
	v := newView(ev)
	d := Diagnosis{Findings: v.ranked(v.found(rules))}
	d.Changes, d.Names, d.Within = v.sipChanges(), v.judgeNames(), v.within()
	d.Remarks = v.remarks()
	if v.Pairing.ClientBehindNAT != nil {
		d.ClientBehindNAT = new(v.behindOwnNAT())
	}
	d.Differences = v.differences()
	d.Checks = v.judgeAll(d.Findings)
	d.NotTested = v.notTested(rules, d.Findings)
	d.Verdict = overall(v, d)
	d.Summary = summarise(v, d)
	return d
}

// found is all that the rules find, symptoms first, each in the order of the rules.
func (v *view) found(rules []Rule) []Finding {
	var out []Finding
	for _, role := range []Role{Symptom, Cause} {
		for _, r := range rules {
			out = append(out, r.findings(v, role)...)
		}
	}
	return out
}
