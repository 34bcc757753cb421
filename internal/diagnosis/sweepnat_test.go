package diagnosis_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
)

// TestSweepsThroughTheClientsOwnNAT accuses the site only of what that NAT cannot have done.
func TestSweepsThroughTheClientsOwnNAT(t *testing.T) {
	shut := func(ev *evidence.Evidence) {
		f := last(ev).SweepFacts
		f.WhyNot, f.OwnNAT.Shut = "nothing came through", true
	}
	for name, row := range map[string]struct {
		sweep   diagnosistest.Sweep
		change  func(*evidence.Evidence)
		verdict diagnosis.Verdict
		summary string
		want    []string
	}{
		"clean": {diagnosistest.Sweep{}, nil, diagnosis.Pass,
			"300 of 3,000 ports tried from behind the client's own NAT: 300 of 3,000 ports proven, all open; 2,700 not tried: the client's own NAT does not let it prove them", nil},
		"a range in a row": {diagnosistest.Sweep{Lost: "11000-11109"}, nil, diagnosis.Fail,
			"300 of 3,000 ports tried from behind the client's own NAT: 10000-10909, 11200-12909 open; 11000-11109 request-lost; 280 of 3,000 ports open; 2,700 not tried: the client's own NAT does not let it prove them",
			[]string{"cause egress-filtered outbound likely"}},
		"one short of that": {diagnosistest.Sweep{Lost: "11001-11109"}, nil, diagnosis.Inconclusive,
			"300 of 3,000 ports tried from behind the client's own NAT: 281 of 3,000 ports proven, all open; 11001-11009, 11100-11109 inconclusive; 2,700 not tried: the client's own NAT does not let it prove them", nil},
		"a few here and there": {diagnosistest.Sweep{Lost: "10005,10507,12003"}, nil, diagnosis.Degraded,
			"300 of 3,000 ports tried from behind the client's own NAT: 297 of 3,000 ports proven, all open; 10005, 10507, 12003 inconclusive; 2,700 not tried: the client's own NAT does not let it prove them", nil},
		"a source that the site's NAT moves": {diagnosistest.Sweep{SilentSources: "10600"}, nil, diagnosis.Pass,
			"300 of 3,000 ports tried from behind the client's own NAT: 300 of 3,000 ports proven, all open; 2,700 not tried: the client's own NAT does not let it prove them", nil},
		"nothing came through": {diagnosistest.Sweep{Lost: "10000-12999"}, shut, diagnosis.Skipped,
			"none of 300 ports that were tried could be proven: nothing came through", nil},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.ThroughOwnNAT(row.sweep)
			if row.change != nil {
				row.change(ev)
			}
			d := diagnosis.Diagnose(ev)
			if c := lastVerdict(d); c.Verdict != row.verdict || c.Summary != row.summary {
				t.Errorf("got  %s: %s\nwant %s: %s", c.Verdict, c.Summary, row.verdict, row.summary)
			}
			if diff := cmp.Diff(row.want, findings(d)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
