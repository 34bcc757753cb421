package report_test

import (
	"bytes"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/report"
)

func TestCauses(t *testing.T) {
	var b bytes.Buffer
	if err := report.WriteCauses(&b, diagnosis.Catalogue(), report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "causes.txt", b.Bytes())
}

func TestCause(t *testing.T) {
	for _, code := range []string{"rtp-range-not-forwarded", "double-nat"} {
		e, ok := diagnosis.Lookup(code)
		if !ok {
			t.Fatal("no such code")
		}
		var b bytes.Buffer
		if err := report.WriteCause(&b, e, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, "cause-"+code+".txt", b.Bytes())
	}
}
