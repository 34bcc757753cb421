package diagnosis_test

import (
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/scenarios"
)

// TestSeverity: what a check may do to a run, when it fails and when it is undecided.
func TestSeverity(t *testing.T) {
	lost := diagnosistest.Port{Number: 80, Fate: diagnosistest.Lost}
	for _, tt := range []struct {
		name   string
		change func(*evidence.Check)
		failed diagnosis.Verdict
		unsure diagnosis.Verdict
	}{
		{"as it is", func(*evidence.Check) {}, diagnosis.Fail, diagnosis.Inconclusive},
		{"degraded", func(c *evidence.Check) { c.Severity = scenarios.DegradedSeverity }, diagnosis.Degraded, diagnosis.Inconclusive},
		{"optional", func(c *evidence.Check) { c.Optional = true }, diagnosis.Degraded, diagnosis.Pass},
	} {
		ev := diagnosistest.Knocked(lost, diagnosistest.Port{Number: 5222})
		change := func() {
			for i := range ev.Checks {
				if c := &ev.Checks[i]; c.Port != nil && c.Port.Number == 80 {
					tt.change(c)
				}
			}
		}
		if change(); diagnosis.Diagnose(ev).Verdict != tt.failed {
			t.Errorf("%s: %s", tt.name, diagnosis.Diagnose(ev).Verdict)
		}
		ev = diagnosistest.Knocked(diagnosistest.Port{Number: 80, Transport: knock.UDP, Fate: diagnosistest.Changed}, diagnosistest.Port{Number: 5222})
		if change(); diagnosis.Diagnose(ev).Verdict != tt.unsure {
			t.Errorf("%s, undecided: %s", tt.name, diagnosis.Diagnose(ev).Verdict)
		}
	}
}

// TestSeverityOfCalls: a symptom of such a check alone degrades.
func TestSeverityOfCalls(t *testing.T) {
	ev := diagnosistest.Site{InShut: true, OutShut: true}.Run()
	if v := diagnosis.Diagnose(ev).Verdict; v != diagnosis.Fail {
		t.Fatal(v)
	}
	for i := range ev.Checks {
		if ev.Checks[i].Call != nil {
			ev.Checks[i].Severity = scenarios.DegradedSeverity
		}
	}
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Degraded || len(d.Findings) == 0 {
		t.Errorf("%s %+v", d.Verdict, d.Findings)
	}
}
