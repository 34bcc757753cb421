package lab_test

import (
	"strings"
	"sync"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/scenarios"
)

// rowsOf runs a fault, and returns its checks by their IDs.
func rowsOf(t *testing.T, f lab.Fault) map[string]diagnosis.CheckVerdict {
	t.Helper()
	c := lab.Try(t.Context(), f, lab.Options{Version: "test"})
	if c.Err != nil {
		t.Error(f.Name, c.Err)
	}
	out := make(map[string]diagnosis.CheckVerdict)
	for _, row := range c.Diagnosis.Checks {
		out[row.ID] = row
	}
	if len(c.Diagnosis.Findings) > 0 || len(c.Unplanted()) > 0 {
		t.Errorf("%s: findings %v, never acted %v", f.Name, c.Diagnosis.Findings, c.Unplanted())
	}
	return out
}

func find(t *testing.T, name string) lab.Fault {
	t.Helper()
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	f, err := lab.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// side starts functions, DefaultParallel of them side by side: they wait more than they work.
type side struct {
	sync.WaitGroup
	room chan struct{}
}

func newSide() *side { return &side{room: make(chan struct{}, lab.DefaultParallel)} }

func (s *side) start(f func()) {
	s.room <- struct{}{}
	s.Go(func() {
		f()
		<-s.room
	})
}

// TestEachServerOfTheTable breaks one row of the vendor's tables after the other: that
// row says so, and the others pass.
func TestEachServerOfTheTable(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]diagnosis.Verdict{"servers-clean": diagnosis.Fail, "connect-clean": diagnosis.Inconclusive} {
		clean := find(t, name)
		s, err := scenarios.Named(clean.Scenario)
		if err != nil {
			t.Fatal(err)
		}
		runs := newSide()
		for _, broken := range s.Checks {
			runs.start(func() {
				f := clean
				f.Name += " without " + broken.ID
				f.Topology.Rules = lab.Blocking(broken)
				for id, row := range rowsOf(t, f) {
					switch {
					case id == broken.ID && row.Verdict != want:
						t.Errorf("%s: %s, want %s: %s", f.Name, row.Verdict, want, row.Summary)
					case id != broken.ID && row.Verdict != diagnosis.Pass:
						t.Errorf("%s: %s is %s: %s", f.Name, id, row.Verdict, row.Summary)
					}
				}
			})
		}
		runs.Wait()
	}
}

// TestServerSummaries: what was seen is told with its controls, and the rows that have
// nothing to do with it pass.
func TestServerSummaries(t *testing.T) {
	t.Parallel()
	runs := newSide()
	for fault, want := range map[string]map[string]string{
		"servers-name-missing": {"update-http": "the DNS server 192.0.2.53 knows no address of update.starface.de; on port 80 3 other servers answer; from the client's side it fails too",
			"update-https": "knows no address"},
		"servers-port-dropped":  {"license-8383": " s to port 8383; the same server answers on port 80 and 443; from the client's side it answers"},
		"servers-port-rejected": {"license-8383": "the TCP connection was refused to port 8383; the same server answers on port 80 and 443; from the client's side it answers"},
		"servers-intercepted":   {"portal": "was signed by Lab Firewall Inspection CA, which the server did not send and the responder's machine does not know; on port 443 5 other servers answer; from the client's side it answers"},
		"servers-expired":       {"push": "expired"},
		"servers-other-name":    {"push": "push.starface.de"},
		"servers-unavailable":   {"portal": "answers that it cannot serve (HTTP 503)"},
		"servers-not-http":      {"portal": "gives no answer in HTTP"},
		"servers-ntp-dropped":   {"time": "no valid answer to NTP on port 123, asked 3 times"},
		"servers-time-refused":  {"time": "NTP on port 123 is refused, as ICMP says"},
		"servers-ipv6-dropped":  {"cdn-http": "192.0.2.13: HTTP 200; 2001:db8:d::13: the TCP connection timed out", "cdn-https": "2001:db8:d::13"},
		"connect-ignored":       {"connect-3-udp": "does not answer OPTIONS: the provider may ignore them"},
		"connect-closed":        {"connect-5-udp": "SIP on port 5060 is refused, as ICMP says"},
	} {
		f := find(t, fault)
		runs.start(func() {
			for id, row := range rowsOf(t, f) {
				text, named := want[id]
				if named && !strings.Contains(row.Summary, text) || !named && row.Verdict != diagnosis.Pass {
					t.Errorf("%s: %s is %s: %q, want %q", fault, id, row.Verdict, row.Summary, text)
				}
			}
		})
	}
	runs.Wait()
}

// TestServersNeedConsent: without it nothing is asked, and the reason says what to do.
func TestServersNeedConsent(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"servers-not-allowed", "connect-not-allowed"} {
		for id, row := range rowsOf(t, find(t, fault)) {
			if row.Verdict != diagnosis.Skipped || !strings.Contains(row.Summary, "--allow-egress-checks") || row.Server != nil {
				t.Errorf("%s: %s %q %+v", id, row.Verdict, row.Summary, row.Server)
			}
		}
	}
}
