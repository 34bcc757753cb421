package diagnosis

import "bothways/internal/evidence"

// A Diagnosis is what the evidence of a run proves, and what it leaves open.
type Diagnosis struct {
	Verdict Verdict
	// Summary is the verdict in one sentence.
	Summary string
	// Checks are in the order of the evidence.
	Checks []CheckVerdict
	// Findings are symptoms, then causes, each in the order of the rules.
	Findings  []Finding
	NotTested []NotTested
	// Changes are all differences between SIP messages as sent and as arrived, what SIP
	// hops may do included; nil when they are not known, empty when there are none.
	Changes []SIPChange
}

// Diagnose judges the evidence of a run. It never fails: what it cannot decide is
// inconclusive or not tested. A nil argument is a run without any evidence.
func Diagnose(ev *evidence.Evidence) Diagnosis { return diagnose(ev, rules()) }

func diagnose(ev *evidence.Evidence, rules []Rule) Diagnosis {
	if ev == nil {
		ev = new(evidence.Evidence)
	}
	v := newView(ev)
	var d Diagnosis
	for _, role := range []Role{Symptom, Cause} {
		for _, r := range rules {
			d.Findings = append(d.Findings, r.findings(v, role)...)
		}
	}
	d.Changes = v.sipChanges()
	d.Checks = v.judgeAll(d.Findings)
	d.NotTested = v.notTested(rules, d.Findings)
	d.Verdict = overall(v, d)
	d.Summary = summarise(v, d)
	return d
}
