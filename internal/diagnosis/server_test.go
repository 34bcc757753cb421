package diagnosis_test

import (
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
)

// TestServersOfOthers: each run's first failing or only check is judged as it should, and
// no cause is named, whatever was seen: there is one ledger only.
func TestServersOfOthers(t *testing.T) {
	want := map[string]struct {
		verdict diagnosis.Verdict
		says    string
	}{
		"asked-clean":           {diagnosis.Pass, ""},
		"asked-blocked":         {diagnosis.Fail, "; the same server answers on port 80; from the client's side it answers"},
		"asked-down":            {diagnosis.Fail, "; from the client's side it fails too"},
		"asked-unknown-name":    {diagnosis.Fail, "the DNS server 192.0.2.53 knows no address of pbx.example.com"},
		"asked-not-allowed":     {diagnosis.Inconclusive, "not allowed"},
		"asked-untrusted":       {diagnosis.Fail, "the responder's machine does not know"},
		"asked-expired":         {diagnosis.Fail, "expired"},
		"asked-own-clock":       {diagnosis.Pass, "8 days left"},
		"asked-no-roots":        {diagnosis.Inconclusive, "no root certificates"},
		"asked-login":           {diagnosis.Fail, "a login is needed on the way (HTTP 511)"},
		"asked-unavailable":     {diagnosis.Degraded, "HTTP 503"},
		"asked-no-ipv6":         {diagnosis.Pass, ""},
		"asked-ipv6-dead":       {diagnosis.Degraded, "2001:db8:d::11: the TCP connection timed out"},
		"asked-no-time":         {diagnosis.Fail, "asked 3 times"},
		"asked-kiss":            {diagnosis.Pass, "asks to be left alone (RATE)"},
		"asked-provider-silent": {diagnosis.Inconclusive, "the provider may ignore them, or something on the way may drop them"},
	}
	seen := 0
	for _, r := range diagnosistest.Runs() {
		w, ours := want[r.Name]
		if !ours {
			if strings.HasPrefix(r.Name, "asked-") {
				t.Error("nothing is expected of", r.Name)
			}
			continue
		}
		seen++
		d := diagnosis.Diagnose(r.Evidence)
		said := ""
		for _, c := range d.Checks {
			said += c.Summary + "\n"
		}
		if d.Verdict != w.verdict || !strings.Contains(said, w.says) || len(d.Findings) != 0 {
			t.Errorf("%s: %s, %d findings, %q; want %s, %q", r.Name, d.Verdict, len(d.Findings), said, w.verdict, w.says)
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d runs", seen, len(want))
	}
}
