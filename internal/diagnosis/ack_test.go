package diagnosis_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestAFewLostACKsMayBeChance: two ACKs of one call are lost, and whoever sees that of another call arrive by the
// same way accuses nobody.
func TestAFewLostACKsMayBeChance(t *testing.T) {
	for name, row := range map[string]struct {
		others  bool // arrive
		verdict diagnosis.Verdict
		want    []string
	}{
		"the ACK of another call arrives": {true, diagnosis.Inconclusive, nil},
		"no ACK arrives":                  {false, diagnosis.Fail, []string{"cause ack-lost inbound likely"}},
	} {
		ev := diagnosistest.Site{Control: true, Transports: udp(), Path: func(_ scenarios.Direction, _ sipprobe.Transport, m string) string {
			if strings.HasPrefix(m, "ACK ") && (!row.others || !strings.Contains(m, "call-in-udp-latched")) {
				return ""
			}
			return m
		}}.Run()
		for i := range ev.Checks {
			if c := &ev.Checks[i]; c.ID == "call-in-udp" {
				c.CallFacts.Responder.Established = false
			}
		}
		for _, tape := range []*[]sipprobe.Record{&ev.Client.Tape, &ev.Responder.Tape} {
			for _, r := range slices.Clone(*tape) {
				if m := string(r.Data); !strings.Contains(m, "call-in-udp-latched") && strings.Contains(m, "call-in-udp") &&
					(strings.HasPrefix(m, "ACK ") || strings.HasPrefix(m, "SIP/2.0 200") && strings.Contains(m, " INVITE\r\n")) {
					*tape = append(*tape, r)
				}
			}
		}
		d := diagnosis.Diagnose(ev)
		if diff := cmp.Diff(row.want, findings(d)); diff != "" || d.Checks[1].Verdict != row.verdict {
			t.Errorf("%s: %s, %q %s", name, d.Checks[1].Verdict, d.Checks[1].Summary, diff)
		}
	}
}
