package diagnosis_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestChecksAreJudged changes the inbound call, or OPTIONS, of a clean run.
func TestChecksAreJudged(t *testing.T) {
	invite := func(change func(*sipprobe.Exchange)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			f := ev.Checks[1].CallFacts
			f.Client.Established, f.Responder = false, nil
			change(f.Client.Invite)
		}
	}
	options := func(change func(*sipprobe.Exchange)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { change(&ev.Checks[0].Options.Exchange) }
	}
	silent := func(x *sipprobe.Exchange) { x.Outcome, x.Status, x.RTTMs = sipprobe.Silent, 0, nil }
	tests := []struct {
		name    string
		check   int
		change  func(*evidence.Evidence)
		verdict diagnosis.Verdict
		summary string
	}{
		{"nothing changed", 1, func(*evidence.Evidence) {}, diagnosis.Pass,
			"5.0 s both ways; lost 0.0 % in, 0.0 % out; jitter 0.2 / 0.2 ms; tones heard; MOS 4.4 / 4.4"},
		{"no answer", 1, invite(silent), diagnosis.Fail, "not set up: no answer"},
		{"refused", 1, invite(func(x *sipprobe.Exchange) {
			x.Outcome, x.Status, x.Reason = sipprobe.Refused, 486, "Busy Here"
		}), diagnosis.Fail, "not set up: 486 Busy Here in 12.3 ms"},
		{"not sent", 1, invite(func(x *sipprobe.Exchange) {
			x.Outcome, x.Error = sipprobe.NotSent, "no buffers"
		}), diagnosis.Inconclusive, "not set up: this machine could not send it: no buffers"},
		{"closed", 1, invite(func(x *sipprobe.Exchange) { x.Outcome = sipprobe.Closed }),
			diagnosis.Fail, "not set up: the connection was closed before an answer came"},
		{"the responder vanished", 1, func(ev *evidence.Evidence) {
			invite(silent)(ev)
			ev.Responder, ev.Run.Interrupted = nil, "lost"
		}, diagnosis.Inconclusive, "not set up: no answer; the responder was gone before the run was over"},
		{"no ACK", 1, func(ev *evidence.Evidence) { ev.Checks[1].CallFacts.Responder.Established = false },
			diagnosis.Fail, "answered, but the ACK never reached the end that was called"},
		{"a fault", 1, func(ev *evidence.Evidence) {
			f := ev.Checks[1].CallFacts
			f.Responder.Established, f.Responder.Fault = false, "no media port"
		}, diagnosis.Inconclusive, "not done for a local reason: no media port"},
		{"no record of the caller", 2, func(ev *evidence.Evidence) {
			f := ev.Checks[2].CallFacts
			f.Responder, f.Missing = nil, "lost"
		}, diagnosis.Inconclusive, "no record of the end that called: lost"},
		{"no media record", 1, func(ev *evidence.Evidence) { ev.Checks[1].CallFacts.Responder.Media = nil },
			diagnosis.Inconclusive, "inbound audio was not recorded at both ends"},
		{"skipped", 1, func(ev *evidence.Evidence) { ev.Checks[1].Skipped = "not now" }, diagnosis.Skipped, "not now"},
		{"not recorded", 1, func(ev *evidence.Evidence) { ev.Checks[1].CallFacts = nil }, diagnosis.Inconclusive, "nothing was recorded"},
		{"OPTIONS without answer", 0, options(silent), diagnosis.Fail, "no answer"},
		{"OPTIONS with another's answer", 0, options(func(x *sipprobe.Exchange) { x.Outcome = sipprobe.Unproven }),
			diagnosis.Fail, "answered by something that is not the responder (200 OK, Server: bothways-responder/0.1.0)"},
		{"OPTIONS after the connection failed", 0, func(ev *evidence.Evidence) {
			o := ev.Checks[0].Options
			o.Connect, o.Exchange.Outcome = &evidence.Connect{Result: "refused"}, sipprobe.NotReached
		}, diagnosis.Fail, "the TCP connection was refused"},
		{"optional OPTIONS without answer", 0, func(ev *evidence.Evidence) {
			options(silent)(ev)
			ev.Checks[0].Optional = true
		}, diagnosis.Degraded, "no answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := diagnosistest.Site{Transports: udp()}.Run()
			tt.change(ev)
			c := diagnosis.Diagnose(ev).Checks[tt.check]
			if c.Verdict != tt.verdict || c.Summary != tt.summary {
				t.Errorf("%s: %s, want %s: %s", c.Verdict, c.Summary, tt.verdict, tt.summary)
			}
		})
	}
}

// TestForwardNamesTheInsideAddress: a responder that listens on every address still
// gets a rule that can be typed into a router.
func TestForwardNamesTheInsideAddress(t *testing.T) {
	ev := diagnosistest.Site{Closed: udp()}.Run()
	for i := range ev.Responder.Sockets {
		s := &ev.Responder.Sockets[i]
		s.Address = netip.AddrPortFrom(netip.IPv6Unspecified(), s.Address.Port())
	}
	want := "Add this forward on the router: udp 5060 -> 192.168.1.10:5060."
	check := func() {
		t.Helper()
		for _, f := range diagnosis.Diagnose(ev).Findings {
			if f.Code == "port-not-forwarded" && !slices.Contains(f.Remedy, want) {
				t.Errorf("remedy %q lacks %q", f.Remedy, want)
			}
		}
	}
	check()
	for i := range ev.Responder.Tape {
		ev.Responder.Tape[i].Local = netip.AddrPort{}
	}
	ev.Responder.Addresses = []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("fd00::1"), diagnosistest.Inside}
	check()
}

func TestAConnectionSaysHowItEnded(t *testing.T) {
	want := map[string]string{
		"timeout": "timed out after 5.0 s", "refused": "was refused", "unreachable": "found no way",
		"tls-failed": "handshake failed: bad record", "strange": `ended as "strange"`,
	}
	for result, words := range want {
		ev := diagnosistest.Site{Closed: []sipprobe.Transport{sipprobe.TLS}}.Run()
		c := ev.Pairing.Attempts[2].Connect
		c.Result, c.Error = result, "bad record"
		ev.Checks = slices.DeleteFunc(ev.Checks, func(c evidence.Check) bool { return c.Transport == "tls" && c.Kind == scenarios.Options })
		d := diagnosis.Diagnose(ev)
		if len(d.Findings) == 0 || !strings.Contains(d.Findings[0].Evidence[0], words) {
			t.Errorf("%s: findings %+v, want the words %q", result, d.Findings, words)
		}
	}
}
