package diagnosis_test

import (
	"slices"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// tlsCheck is the last check of a run.
func tlsCheck(ev *evidence.Evidence) *evidence.Check { return &ev.Checks[len(ev.Checks)-1] }

// overTLS changes all that was asked over TLS, and skips the calls.
func overTLS(ev *evidence.Evidence, change func(*sipprobe.Exchange)) {
	change(ev.Pairing.Attempts[2].Exchange)
	for i := range ev.Checks {
		switch c := &ev.Checks[i]; {
		case c.Transport != "tls":
		case c.Options != nil:
			change(&c.Options.Exchange)
		case c.CallFacts != nil:
			c.CallFacts, c.Skipped = nil, "tls does not answer"
		}
	}
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// ahead has the client ask a TLS port with a clock that is ahead of the true time, and the
// responder's ahead of the client's.
func ahead(client, responder time.Duration) func(*evidence.Evidence) {
	return func(ev *evidence.Evidence) {
		r := &tlsCheck(ev).TLSFacts.Result
		r.Time = r.Time.Add(client)
		ev.Clocks = []evidence.ClockSample{{At: r.Time, OffsetMs: float64(responder.Milliseconds()), ErrorMs: 4}}
	}
}

// askTime has a time server say what is to be added to the clock of the end that asks.
func askTime(ev *evidence.Evidence, d scenarios.Direction, off time.Duration) {
	ms, rtt := float64(off.Milliseconds()), 12.5
	asked := diagnosistest.ServerAsked("time", scenarios.NTPProtocol, 123,
		evidence.ServerTrial{NTP: &evidence.NTPAnswer{Answered: true, OffsetMs: &ms, RTTMs: &rtt, Stratum: 2, Sent: 1}})
	asked.Direction = d
	ev.Checks = append(ev.Checks, asked)
}

// TestDisputedDates: what the line of a check and the causes that were not tested say where
// the two clocks do not agree.
func TestDisputedDates(t *testing.T) {
	ev := diagnosistest.Site{TLS: []diagnosistest.TLSServer{{Port: 443}}}.Run()
	ahead(5*year, -5*year)(ev)
	d := diagnosis.Diagnose(ev)
	const clocks = "by the client's clock it was 2031-03-01 09:30 UTC, by the responder's 2026-03-02 09:30 UTC"
	want := "TLS 1.2 and 1.3 accepted, 1.0 and 1.1 refused; certificate pbx.example.com; " +
		"whether pbx.example.com is valid now, which it is from 2026-01-02 09:30 UTC to 2026-04-02 09:30 UTC, is not known: " + clocks
	if got := d.Checks[len(d.Checks)-1].Summary; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	needs := diagnosis.NotTested{Code: "certificate-expired", Needs: "two clocks that are right: " + clocks}
	if !slices.Contains(d.NotTested, needs) {
		t.Errorf("not tested: %+v", d.NotTested)
	}
}

// TestNoTLSServerIsAccusedWrongly changes one thing in a run of a TLS check.
func TestNoTLSServerIsAccusedWrongly(t *testing.T) {
	intercepted := diagnosistest.Site{Intercepted: true, TLS: []diagnosistest.TLSServer{{}}}
	own := diagnosistest.Site{TLS: []diagnosistest.TLSServer{{}}}
	https := func(s diagnosistest.TLSServer) diagnosistest.Site {
		s.Port = 443
		return diagnosistest.Site{TLS: []diagnosistest.TLSServer{s}}
	}
	same := func(*evidence.Evidence) {}
	tests := []struct {
		name    string
		site    diagnosistest.Site
		change  func(*evidence.Evidence)
		verdict diagnosis.Verdict
		want    []string
	}{
		{"another certificate, and no ledger", intercepted, func(ev *evidence.Evidence) { ev.Responder = nil }, diagnosis.Pass, nil},
		{"another certificate, and a responder too old to name its own", intercepted,
			func(ev *evidence.Evidence) { ev.Responder.Sockets[2].Presented = nil }, diagnosis.Pass, nil},
		{"another machine on the port", intercepted,
			func(ev *evidence.Evidence) {
				overTLS(ev, func(x *sipprobe.Exchange) { x.Outcome, x.Status = sipprobe.Unproven, 403 })
			}, diagnosis.Fail, []string{"symptom transport-unreachable inbound proven"}},
		{"another machine that says nothing", intercepted,
			func(ev *evidence.Evidence) { overTLS(ev, func(x *sipprobe.Exchange) { x.Outcome = sipprobe.Silent }) },
			diagnosis.Fail, []string{"symptom transport-unreachable inbound proven"}},
		{"another certificate once, and the responder's own for the pairing", intercepted,
			func(ev *evidence.Evidence) {
				own := ev.Responder.Sockets[2].Presented.SHA256[0]
				ev.Pairing.Attempts[2].Connect.PeerSHA256 = own
				for i := range ev.Checks {
					if o := ev.Checks[i].Options; o != nil && o.Connect != nil {
						o.Connect.PeerSHA256 = own
					}
				}
			}, diagnosis.Pass, nil},
		{"the responder's own certificate, of another name, self-signed and expired", own,
			func(ev *evidence.Evidence) {
				tlsCheck(ev).TLSFacts.Result.Time = diagnosistest.Started.AddDate(5, 0, 0)
			}, diagnosis.Pass, nil},
		{"the same where the scenario wants a public one", own,
			func(ev *evidence.Evidence) { tlsCheck(ev).TLS.Trust = scenarios.TrustPublic }, diagnosis.Inconclusive, nil},
		{"self-signed where anything goes", https(diagnosistest.TLSServer{Flaw: "self-signed"}), same, diagnosis.Pass, nil},
		{"a private authority where anything goes", https(diagnosistest.TLSServer{Flaw: "private"}), same, diagnosis.Pass, nil},
		{"another name, and dialled by its address", https(diagnosistest.TLSServer{Flaw: "other-name"}),
			func(ev *evidence.Evidence) { tlsCheck(ev).TLSFacts.Name = "" }, diagnosis.Pass, nil},
		{"a machine without roots", https(diagnosistest.TLSServer{Flaw: "private", Trust: scenarios.TrustPublic}),
			func(ev *evidence.Evidence) { tlsCheck(ev).TLSFacts.Result.Trust = nil }, diagnosis.Inconclusive, nil},
		{"old versions that the scenario allows", https(diagnosistest.TLSServer{Old: []string{"1.0", "1.1"}}),
			func(ev *evidence.Evidence) { tlsCheck(ev).TLS.MinVersion = "1.0" }, diagnosis.Pass, nil},
		{"old versions that were not offered", https(diagnosistest.TLSServer{}),
			func(ev *evidence.Evidence) {
				for i := range 2 {
					tlsCheck(ev).TLSFacts.Result.Versions[i].Outcome = tlsprobe.NotTested
				}
			}, diagnosis.Pass, nil},
		{"old versions after which the connection was closed", https(diagnosistest.TLSServer{}),
			func(ev *evidence.Evidence) { tlsCheck(ev).TLSFacts.Result.Versions[0].Outcome = tlsprobe.Closed }, diagnosis.Pass, nil},
		{"nobody on the PBX's port", https(diagnosistest.TLSServer{}),
			func(ev *evidence.Evidence) {
				f := tlsCheck(ev).TLSFacts
				f.Connect = &evidence.Connect{Result: "refused", Error: "connection refused"}
				f.Result = tlsprobe.Result{Ordinary: tlsprobe.Handshake{Outcome: tlsprobe.NotConnected}}
			}, diagnosis.Fail, nil},
		{"an expired certificate, and two clocks that agree", https(diagnosistest.TLSServer{Flaw: "expired"}), ahead(0, 3*time.Second),
			diagnosis.Fail, []string{"cause certificate-expired inbound proven"}},
		{"a client's clock that is years ahead", https(diagnosistest.TLSServer{}), ahead(5*year, -5*year), diagnosis.Inconclusive, nil},
		{"a client's clock that was never set", https(diagnosistest.TLSServer{}), ahead(-50*year, 50*year), diagnosis.Inconclusive, nil},
		{"a client's clock that hides an expired certificate", https(diagnosistest.TLSServer{Flaw: "expired"}), ahead(-30*day, 30*day), diagnosis.Inconclusive, nil},
		{"two clocks that were not compared", https(diagnosistest.TLSServer{Flaw: "expired"}), same,
			diagnosis.Fail, []string{"cause certificate-expired inbound proven"}},
		{"a clock that is wrong, and a time server that the client has asked", https(diagnosistest.TLSServer{}), func(ev *evidence.Evidence) {
			ahead(5*year, -5*year)(ev)
			askTime(ev, scenarios.Inbound, -5*year)
		}, diagnosis.Pass, nil},
		{"a responder's clock that is wrong, and a time server that the responder has asked", https(diagnosistest.TLSServer{Flaw: "expired"}), func(ev *evidence.Evidence) {
			ahead(0, -30*day)(ev)
			askTime(ev, scenarios.Outbound, 30*day)
		}, diagnosis.Fail, []string{"cause certificate-expired inbound proven"}},
		{"no file descriptors", https(diagnosistest.TLSServer{}),
			func(ev *evidence.Evidence) {
				f := tlsCheck(ev).TLSFacts
				f.Connect = &evidence.Connect{Result: "local", Error: "too many open files"}
				f.Result = tlsprobe.Result{Ordinary: tlsprobe.Handshake{Outcome: tlsprobe.NotConnected}}
			}, diagnosis.Inconclusive, nil},
		{"a dead port of the PBX says nothing of SIP over TLS", func() diagnosistest.Site {
			s := https(diagnosistest.TLSServer{})
			s.Transports, s.Closed = udp(), []sipprobe.Transport{sipprobe.TLS}
			return s
		}(), same, diagnosis.Pass, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := tt.site.Run()
			tt.change(ev)
			d := diagnosis.Diagnose(ev)
			wantFindings(t, d, tt.want)
			if d.Verdict != tt.verdict {
				t.Errorf("verdict %s, want %s (%s)", d.Verdict, tt.verdict, d.Summary)
			}
		})
	}
}

// TestNothingIsClaimedThatWasNotTested: a run of TLS checks alone says nothing of audio.
func TestNothingIsClaimedThatWasNotTested(t *testing.T) {
	ev := diagnosistest.Find("tls-clean")
	ev.Checks = ev.Checks[len(ev.Checks)-2:]
	want := "TLS and certificates are in order in all of 2 checks."
	if got := diagnosis.Diagnose(ev).Summary; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestTLSSummaries are the lines that people read.
func TestTLSSummaries(t *testing.T) {
	const versions = "TLS 1.2 and 1.3 accepted, 1.0 and 1.1 refused; "
	for run, want := range map[string]string{
		"tls-clean":                 versions + "certificate pbx.example.com, 31 days left",
		"tls-given":                 versions + "the responder's certificate pbx.example.com arrives unchanged, 31 days left",
		"tls-intercepted":           versions + "the certificate is not the one that the responder presents, but one of Example Firewall Inspection CA",
		"certificate-expired":       versions + "certificate pbx.example.com; it expired on 2026-02-18 09:30 UTC, 12 days ago",
		"certificate-not-yet-valid": versions + "certificate pbx.example.com; it is valid from 2026-03-04 09:30 UTC on, in 2 days",
		"certificate-soon":          versions + "certificate pbx.example.com; it expires on 2026-04-02, in 31 days",
		"tls-version-too-old":       "TLS 1.0, 1.1, 1.2 and 1.3 accepted; certificate pbx.example.com, 31 days left",
	} {
		checks := diagnosis.Diagnose(diagnosistest.Find(run)).Checks
		if got := checks[len(checks)-1].Summary; got != want {
			t.Errorf("%s:\n got %s\nwant %s", run, got, want)
		}
	}
}
