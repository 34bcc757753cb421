package report_test

import (
	"bytes"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/report"
	"bothways/sipprobe/tlsprobe"
)

// server is what bothways tls would have said of the last check of a run.
func server(run string, change func(*tlsprobe.Result)) diagnosis.Server {
	checks := diagnosistest.Find(run).Checks
	r := checks[len(checks)-1].TLSFacts.Result
	if change != nil {
		change(&r)
	}
	return diagnosis.JudgeServer("pbx.example.com:443", r,
		tlsprobe.Terms{Name: "pbx.example.com", MinVersion: "1.2", MinDaysLeft: 14, Trusted: true})
}

func servers() map[string]diagnosis.Server {
	return map[string]diagnosis.Server{
		"good":       server("tls-clean", nil),
		"expired":    server("certificate-expired", nil),
		"self":       server("certificate-self-signed", nil),
		"private":    server("certificate-private", nil),
		"incomplete": server("certificate-incomplete", nil),
		"order":      server("certificate-order", nil),
		"name":       server("certificate-name-mismatch", nil),
		"old":        server("tls-version-too-old", nil),
		"rootless":   server("tls-clean", func(r *tlsprobe.Result) { r.Trust = nil }),
		"unreadable": server("tls-clean", func(r *tlsprobe.Result) {
			r.Chain = []tlsprobe.Certificate{tlsprobe.ParseCertificate([]byte("no certificate"))}
		}),
		"unshared": server("tls-clean", func(r *tlsprobe.Result) {
			h := tlsprobe.Handshake{Outcome: tlsprobe.Refused, Alert: "handshake_failure"}
			r.Ordinary, r.Chain, r.Trust, r.Versions = h, nil, nil, []tlsprobe.Handshake{h}
		}),
		"nobody": server("tls-clean", func(r *tlsprobe.Result) {
			*r = tlsprobe.Result{Remote: r.Remote, Time: r.Time, Ordinary: tlsprobe.Handshake{Outcome: tlsprobe.NotConnected, Error: "refused"}}
		}),
	}
}

func TestServers(t *testing.T) {
	want := map[string]diagnosis.Verdict{
		"good": diagnosis.Pass, "order": diagnosis.Degraded, "rootless": diagnosis.Inconclusive, "unshared": diagnosis.Inconclusive,
		"nobody": diagnosis.Inconclusive,
	}
	for name, s := range servers() {
		verdict := want[name]
		if verdict == "" {
			verdict = diagnosis.Fail
		}
		if s.Verdict != verdict || s.Summary == "" {
			t.Errorf("%s: %s, want %s: %s", name, s.Verdict, verdict, s.Summary)
		}
		for _, i := range s.Issues {
			if i.Text == "" || i.Severity != tlsprobe.Note && i.Code != tlsprobe.Unreadable && len(i.Remedy) == 0 {
				t.Errorf("%s: no words for %+v", name, i)
			}
		}
		for _, width := range []int{60, 80} {
			var b bytes.Buffer
			if err := report.WriteServer(&b, s, report.TextOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if w := lipgloss.Width(strings.TrimSuffix(line, "\n")); w > width {
					t.Errorf("%s: %d columns, want at most %d: %s", name, w, width, line)
				}
			}
			if width == 80 {
				golden(t, "server-"+name+".txt", b.Bytes())
			}
		}
	}
}
