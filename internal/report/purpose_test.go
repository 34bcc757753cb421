package report_test

import (
	"bytes"
	"strings"
	"testing"

	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/report"
	"bothways/scenarios"
)

// TestPurposes: what a check is for stands beside it, once, in text and in JSON.
func TestPurposes(t *testing.T) {
	ev := diagnosistest.Knocked(diagnosistest.Port{})
	for i := range ev.Checks {
		if c := &ev.Checks[i]; c.Call != nil {
			c.Purpose, c.Severity = "Customers reach the hotline.", scenarios.DegradedSeverity
			break
		}
	}
	r := build(ev)
	var text, data bytes.Buffer
	if err := report.WriteText(&text, r, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteJSON(&data, r); err != nil {
		t.Fatal(err)
	}
	if strings.Count(text.String(), "Customers reach the hotline.") != 1 || strings.Count(text.String(), "web interface") != 1 {
		t.Errorf("%s", text.String())
	}
	if s := data.String(); !strings.Contains(s, `"purpose": "Customers reach the hotline."`) || !strings.Contains(s, `"severity": "degraded"`) || !strings.Contains(s, `"severity": "fail"`) {
		t.Errorf("%s", s)
	}
	if err := compile(t).Validate(parse(t, data.Bytes())); err != nil {
		t.Error(err)
	}
}
