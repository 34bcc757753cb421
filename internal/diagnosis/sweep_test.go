package diagnosis_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// last is the check at the end of a run, and its verdict.
func last(ev *evidence.Evidence) *evidence.Check { return &ev.Checks[len(ev.Checks)-1] }

func lastVerdict(d diagnosis.Diagnosis) diagnosis.CheckVerdict { return d.Checks[len(d.Checks)-1] }

func TestSweepsAreJudged(t *testing.T) {
	outbound := func(s diagnosistest.Sweep) diagnosistest.Sweep {
		s.Direction = scenarios.Outbound
		return s
	}
	tests := []struct {
		name    string
		sweep   diagnosistest.Sweep
		change  func(*evidence.SweepFacts)
		verdict diagnosis.Verdict
		summary string
	}{
		{"all open", diagnosistest.Sweep{}, nil, diagnosis.Pass, "1,001 of 1,001 ports proven, all open"},
		{"a gap", diagnosistest.Sweep{Lost: "10500-11000"}, nil, diagnosis.Fail,
			"10000-10499 open, 10500-11000 request-lost; 500 of 1,001 ports open"},
		{"one hole", diagnosistest.Sweep{Lost: "10500"}, nil, diagnosis.Fail,
			"10000-10499, 10501-11000 open; 10500 request-lost; 1,000 of 1,001 ports open"},
		{"many holes", diagnosistest.Sweep{Lost: "10000,10100,10200,10300,10400,10500,10600,10700,10800-10802"}, nil, diagnosis.Fail,
			"10001-10099, 10101-10199, 10201-10299, 10301-10399, 10401-10499, 10501-10599 and 3 more ranges open; " +
				"10000, 10100, 10200, 10300, 10400, 10500 and 3 more ranges request-lost; 990 of 1,001 ports open"},
		{"answers lost", diagnosistest.Sweep{ReplyLost: "10900-11000"}, nil, diagnosis.Fail,
			"10000-10899 open, 10900-11000 reply-lost; 900 of 1,001 ports open"},
		{"shifted inbound", diagnosistest.Sweep{Shift: -1}, nil, diagnosis.Fail,
			"10000 request-lost, 10001-11000 on the wrong port; 0 of 1,001 ports open"},
		{"moved outbound", outbound(diagnosistest.Sweep{}), func(f *evidence.SweepFacts) {
			f.Arrived.Shifted = []rtpprobe.PortShift{{By: 7, Ports: rtpprobe.PortRangeSet(rtpprobe.PortRange{From: 10000, To: 10001})}}
		}, diagnosis.Degraded, "10002-11000 open, 10000-10001 on the wrong port; 999 of 1,001 ports open"},
		{"held by others", diagnosistest.Sweep{InUse: "10000-10001"}, nil, diagnosis.Pass,
			"999 of 1,001 ports proven, all open; 2 in use on the responder's machine (10000-10001)"},
		{"held on the client's machine", outbound(diagnosistest.Sweep{InUse: "10353"}), nil, diagnosis.Pass,
			"1,000 of 1,001 ports proven, all open; 1 in use on the client's machine (10353)"},
		{"some not tried", diagnosistest.Sweep{NotTried: "10901-11000"}, nil, diagnosis.Pass,
			"901 of 1,001 ports proven, all open; 100 not tried (10901-11000): the client's own NAT does not let it prove them"},
		{"most not tried", diagnosistest.Sweep{NotTried: "10100-11000"}, nil, diagnosis.Degraded,
			"100 of 1,001 ports proven, all open; 901 not tried (10100-11000): the client's own NAT does not let it prove them"},
		{"none tried", diagnosistest.Sweep{NotTried: "10000-11000"}, nil, diagnosis.Inconclusive,
			"nothing could be decided; 1,001 not tried (10000-11000): the client's own NAT does not let it prove them"},
		{"a little doubt", diagnosistest.Sweep{Closed: "10000-10001"}, nil, diagnosis.Degraded,
			"999 of 1,001 ports proven, all open; 10000-10001 inconclusive"},
		{"too much doubt", diagnosistest.Sweep{Closed: "10000-10100"}, nil, diagnosis.Inconclusive,
			"900 of 1,001 ports proven, all open; 10000-10100 inconclusive"},
		{"nothing but doubt", diagnosistest.Sweep{Closed: "10000-11000"}, nil, diagnosis.Inconclusive,
			"nothing could be decided: 10000-11000 inconclusive"},
		{"a limit", diagnosistest.Sweep{LimitPPS: 900}, nil, diagnosis.Degraded,
			"1,001 of 1,001 ports proven, all open; lost 16.5 % of requests, 0.0 % of replies; loss began at 945 packets/s and went away below"},
		{"a line that is full", diagnosistest.Sweep{LimitPPS: 5000}, nil, diagnosis.Pass,
			"1,001 of 1,001 ports proven, all open; lost 16.5 % of requests, 0.0 % of replies; loss began at 5250 packets/s and went away below"},
		{"an interruption", diagnosistest.Sweep{}, func(f *evidence.SweepFacts) {
			f.Sent.Interruptions = []rtpprobe.Interruption{{StartMS: 100, DurationMS: 49, Lost: 40}, {StartMS: 1200, DurationMS: 400, Lost: 300}}
		}, diagnosis.Pass, "1,001 of 1,001 ports proven, all open; nothing came through for 400.0 ms, 1.2 s after the start"},
		{"several", diagnosistest.Sweep{}, func(f *evidence.SweepFacts) {
			f.Sent.Interruptions = []rtpprobe.Interruption{{StartMS: 100, DurationMS: 1100, Lost: 40}, {StartMS: 2000, DurationMS: 400, Lost: 300}}
		}, diagnosis.Pass, "1,001 of 1,001 ports proven, all open; nothing came through 2 times, for 1.1 s at the longest"},
		{"a limit of new flows", diagnosistest.Sweep{LimitPPS: 900}, knownFlowsPass, diagnosis.Pass,
			"1,001 of 1,001 ports proven, all open; lost 15.3 % of requests, 0.0 % of replies; loss began at 945 packets/s and went away below, of new flows alone"},
		{"a table that is full", diagnosistest.Sweep{Closed: "10000-10100"}, func(f *evidence.SweepFacts) { f.Sent.End = rtpprobe.SweepFull }, diagnosis.Inconclusive,
			"900 of 1,001 ports proven, all open; 10000-10100 inconclusive; in the end no new flow got through, while those that were there did: " +
				"a table on the way is full, such as that of a NAT, or new flows are limited"},
		{"stopped", diagnosistest.Sweep{StopAfter: 990}, nil, diagnosis.Degraded,
			"990 of 1,001 ports proven, all open; 10990-11000 inconclusive; everything stopped after 1.1 s"},
		{"primed", diagnosistest.Sweep{Lost: "10990-11000", Primed: true}, nil, diagnosis.Fail,
			"10000-10989 open, 10990-11000 request-lost; 990 of 1,001 ports open; once the site had sent first, 11 of the 11 tried again passed"},
		{"cancelled", diagnosistest.Sweep{}, func(f *evidence.SweepFacts) { f.Sent.End = rtpprobe.SweepCancelled }, diagnosis.Pass,
			"1,001 of 1,001 ports proven, all open; it was ended before its time"},
		{"no ledger of the client", diagnosistest.Sweep{}, func(f *evidence.SweepFacts) { f.Sent, f.Missing = nil, "no sockets" }, diagnosis.Inconclusive,
			"the client's ledger is missing: no sockets"},
		{"no ledger after everything stopped", diagnosistest.Sweep{StopAfter: 876}, func(f *evidence.SweepFacts) { f.Arrived = nil }, diagnosis.Inconclusive,
			"the responder's ledger is missing; everything stopped after 1.0 s"},
		{"no ledger at all", diagnosistest.Sweep{}, func(f *evidence.SweepFacts) { f.Sent, f.Arrived = nil, nil }, diagnosis.Inconclusive,
			"neither end's ledger is there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := diagnosistest.Swept(tt.sweep)
			if tt.change != nil {
				tt.change(last(ev).SweepFacts)
			}
			c := lastVerdict(diagnosis.Diagnose(ev))
			if c.Verdict != tt.verdict || c.Summary != tt.summary {
				t.Errorf("got  %s: %s\nwant %s: %s", c.Verdict, c.Summary, tt.verdict, tt.summary)
			}
		})
	}
}

// TestSweepsAccuseNobodyWrongly changes one thing in a sweep that would otherwise have
// a finding, or none, and says what must be left.
func TestSweepsAccuseNobodyWrongly(t *testing.T) {
	dead := diagnosistest.Sweep{Lost: "10000-11000", Primed: true, LostPrimed: "10000-11000"}
	facts := func(change func(*evidence.SweepFacts)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { change(last(ev).SweepFacts) }
	}
	unchanged := func(*evidence.Evidence) {}
	tests := []struct {
		name   string
		sweep  diagnosistest.Sweep
		change func(*evidence.Evidence)
		want   []string
	}{
		{"dead", dead, unchanged, []string{"cause rtp-range-not-forwarded inbound proven"}},
		{"dead, and not tried primed", diagnosistest.Sweep{Lost: "10000-11000"}, unchanged,
			[]string{"cause rtp-range-not-forwarded inbound likely"}},
		{"dead, and one in ten tried primed", diagnosistest.Sweep{Lost: "10000-11000", Primed: true, PrimeEvery: 9, LostPrimed: "10000-11000"}, unchanged,
			[]string{"cause rtp-range-not-forwarded inbound proven"}},
		{"one in ten tried primed, and they pass", diagnosistest.Sweep{Lost: "10000-11000", Primed: true, PrimeEvery: 9}, unchanged,
			[]string{"cause filtered-until-primed inbound proven"}},
		{"one in ten tried primed, and odd ones pass", diagnosistest.Sweep{Lost: "10000-11000", Primed: true, PrimeEvery: 9, LostPrimed: even()}, unchanged,
			[]string{"cause filtered-until-primed inbound proven"}},
		{"a gap, and the open port beside it is tried with it",
			diagnosistest.Sweep{Lost: "10400-10498", Primed: true, PrimeEvery: 9, LostPrimed: "10400-10498", PrimeOpen: "10399,10499"}, unchanged,
			[]string{"cause rtp-range-partly-forwarded inbound proven"}},
		{"dead, and not all could be primed", dead, facts(func(f *evidence.SweepFacts) { f.Primed.Missing = "some only" }),
			[]string{"cause rtp-range-not-forwarded inbound likely"}},
		{"dead, and primed without a ledger", dead, facts(func(f *evidence.SweepFacts) { f.Primed.Arrived = nil }),
			[]string{"cause rtp-range-not-forwarded inbound likely"}},
		{"dead, and so is all other UDP", dead, func(ev *evidence.Evidence) {
			ev.Checks = ev.Checks[len(ev.Checks)-1:]
			ev.Responder.TapeDropped = 1
		}, []string{"cause rtp-range-not-forwarded inbound likely"}},
		{"dead, and something else arrives", dead, facts(func(f *evidence.SweepFacts) { f.Arrived.Foreign = 1 }),
			[]string{"cause rtp-range-not-forwarded inbound likely"}},
		{"dead, and as much else arrives as was sent", dead, facts(func(f *evidence.SweepFacts) { f.Arrived.Foreign = f.Sent.Packets }), nil},
		{"dead, without the responder's ledger", dead, facts(func(f *evidence.SweepFacts) { f.Arrived = nil }), nil},
		{"a sweep of even ports alone", diagnosistest.Sweep{Ports: "10000,10002,10004,10006,10008,10010", Lost: "10000,10002,10004,10006,10008,10010"},
			unchanged, []string{"cause rtp-range-not-forwarded inbound likely"}},
		{"holes everywhere", diagnosistest.Sweep{Lost: scattered()}, unchanged, nil},
		{"what providers drop, inbound", diagnosistest.Sweep{Ports: "10000-12000", Lost: "11211"}, unchanged,
			[]string{"cause rtp-range-partly-forwarded inbound likely"}},
		{"what providers drop, and its neighbour", diagnosistest.Sweep{Ports: "10000-12000", Lost: "11211-11212"}, unchanged,
			[]string{"cause rtp-range-partly-forwarded inbound proven"}},
		{"what providers drop, outbound", diagnosistest.Sweep{Direction: scenarios.Outbound, Ports: "1025-3000", Lost: "1434,1900"}, unchanged,
			[]string{"cause egress-filtered outbound likely"}},
		{"what providers drop, and more", diagnosistest.Sweep{Direction: scenarios.Outbound, Ports: "1025-3000", Lost: "1434,1900,2000-2100"}, unchanged,
			[]string{"cause egress-filtered outbound proven"}},
		{"a filter on the client's own ports", diagnosistest.Sweep{SilentSources: "40003"}, unchanged, nil},
		{"too few attempts from a source", diagnosistest.Sweep{Direction: scenarios.Outbound, Ports: "10000-10031", SilentSources: "12400"}, unchanged, nil},
		{"ports held on the client's machine", diagnosistest.Sweep{Direction: scenarios.Outbound, InUse: "10100-10120"}, unchanged, nil},
		{"a limit far above what calls need", diagnosistest.Sweep{LimitPPS: 5000}, unchanged, nil},
		{"a limit of new flows, which calls do not meet", diagnosistest.Sweep{LimitPPS: 900}, facts(knownFlowsPass), nil},
		{"a limit while a machine drops packets", diagnosistest.Sweep{LimitPPS: 900},
			facts(func(f *evidence.SweepFacts) { n := int64(200); f.Arrived.LocalDrops = &n }), []string{"cause local-fault  proven"}},
		{"a few local drops that were made good", diagnosistest.Sweep{},
			facts(func(f *evidence.SweepFacts) { n := int64(3); f.Arrived.LocalDrops = &n }), nil},
		{"local drops that are not told", diagnosistest.Sweep{},
			facts(func(f *evidence.SweepFacts) { f.Arrived.LocalDrops, f.Sent.LocalDrops = nil, nil }), nil},
		{"answers that a machine dropped", diagnosistest.Sweep{},
			facts(func(f *evidence.SweepFacts) { n := int64(100); f.Sent.LocalDrops = &n }), []string{"cause local-fault  proven"}},
		{"answers that a machine did not take", diagnosistest.Sweep{ReplyLost: "10100-10200"},
			facts(func(f *evidence.SweepFacts) {
				f.Arrived.Unanswered = rtpprobe.PortRangeSet(rtpprobe.PortRange{From: 10100, To: 10200})
				f.Arrived.Errors = []rtpprobe.ErrorCount{{Kind: "not-permitted", Count: 1616}}
			}), []string{"cause local-fault  proven"}},
		{"no right to open ports", diagnosistest.Sweep{Closed: "10100-10200"},
			facts(func(f *evidence.SweepFacts) {
				f.Arrived.NotPermitted, f.Arrived.NoFiles = f.Arrived.NoFiles, rtpprobe.PortSet{}
			}),
			[]string{"cause local-fault  proven"}},
		{"a stop while a machine could not send", diagnosistest.Sweep{StopAfter: 400, Unsent: "10900-11000"}, unchanged,
			[]string{"cause local-fault  proven"}},
		{"the client's answers are lost outbound", diagnosistest.Sweep{Direction: scenarios.Outbound, ReplyLost: "10000-11000"}, unchanged,
			[]string{"cause reply-path-lost inbound likely"}},
		{"one socket that the NAT had to move", diagnosistest.Sweep{Direction: scenarios.Outbound},
			facts(func(f *evidence.SweepFacts) {
				l := &f.Arrived.Sources
				l.Rewritten, l.Preserved, l.Varying = 60, l.Preserved-60, 1
			}), nil},
		{"a stop, and the responder was gone when a later window's record was fetched", diagnosistest.Sweep{StopAfter: 990},
			facts(func(f *evidence.SweepFacts) {
				f.Missing = "the responder's record could not be fetched: it was restarted"
			}), nil},
		{"a control does not count", dead, func(ev *evidence.Evidence) { last(ev).Control = "another" }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := diagnosistest.Swept(tt.sweep)
			tt.change(ev)
			wantFindings(t, diagnosis.Diagnose(ev), tt.want)
		})
	}
}

// knownFlowsPass has the first round lose none of its controls.
func knownFlowsPass(f *evidence.SweepFacts) {
	f.Sent.Rounds[0].Controls, f.Sent.Rounds[0].ControlsEchoed, f.Arrived.Rounds[0].Controls = 100, 100, 100
}

// scattered are single ports, 7 and 6 apart in turn, so that they are of both parities.
func scattered() string {
	var ports []string
	for port := 10003; port < 11000; port += 7 {
		ports = append(ports, rtpprobe.PortRange{From: uint16(port), To: uint16(port)}.String())
	}
	return strings.Join(ports, ",")
}

func even() string {
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for port := uint16(10000); port <= 11000 && yield(port); port += 2 {
		}
	}).String()
}

// TestSweepsSettleWhatCallsSuppose: a port that a sweep has judged is not judged again
// by a call.
func TestSweepsSettleWhatCallsSuppose(t *testing.T) {
	tests := []struct {
		name  string
		sweep diagnosistest.Sweep
		want  []string
	}{
		{"the sweep found them open", diagnosistest.Sweep{Ports: "10000-13000"}, []string{"symptom one-way-audio inbound proven"}},
		{"the sweep found a gap there", diagnosistest.Sweep{Ports: "10000-13000", Lost: "12000-13000"},
			[]string{"symptom one-way-audio inbound proven", "cause rtp-range-partly-forwarded inbound proven"}},
		{"the sweep was elsewhere", diagnosistest.Sweep{Ports: "10000-11000"},
			[]string{"symptom one-way-audio inbound proven", "cause rtp-range-not-forwarded inbound likely"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := diagnosis.Diagnose(diagnosistest.Site{Transports: udp(), InShut: true, Sweeps: []diagnosistest.Sweep{tt.sweep}}.Run())
			wantFindings(t, d, tt.want)
			if cause := d.Findings[len(d.Findings)-1]; cause.Role == diagnosis.Cause && !slices.Contains(cause.Checks, "call-in-udp") {
				t.Errorf("%s does not explain the call: %v", cause.Code, cause.Checks)
			}
		})
	}
}

// TestSweepsNameTheForward: what must be typed into the router, word for word.
func TestSweepsNameTheForward(t *testing.T) {
	tests := map[string]string{
		"sweep-range-dead":  "udp 10000-20000 -> 192.168.1.10",
		"sweep-partly":      "udp 14322-20000 -> 192.168.1.10",
		"sweep-holes":       "udp 10000-10009, 10500, 10990-11000 -> 192.168.1.10",
		"sweep-odd":         "udp 10000-11000 -> 192.168.1.10",
		"sweep-shifted":     "udp 10000-11000 -> 192.168.1.10",
		"sweep-primed-only": "udp 10000-13000 -> 192.168.1.10",
	}
	for name, want := range tests {
		d := diagnosis.Diagnose(diagnosistest.Find(name))
		named := slices.ContainsFunc(d.Findings, func(f diagnosis.Finding) bool {
			return slices.ContainsFunc(f.Remedy, func(step string) bool { return strings.Contains(step, ": "+want+".") })
		})
		if !named {
			t.Errorf("%s: no remedy names %q: %+v", name, want, d.Findings)
		}
	}
}

// TestAClientBehindNATSkips: what its own NAT hides is skipped, and not held against the site.
func TestAClientBehindNATSkips(t *testing.T) {
	ev := diagnosistest.Find("sweep-behind-nat")
	f := last(ev).SweepFacts
	f.NotTried, f.Sent, f.Arrived = rtpprobe.PortRangeSet(rtpprobe.PortRange{From: 1025, To: 65535}), nil, nil
	d := diagnosis.Diagnose(ev)
	c := lastVerdict(d)
	want := "none of 64,511 ports could be tried: the client's own NAT does not let it prove them"
	if c.Verdict != diagnosis.Skipped || c.Summary != want || d.Verdict != diagnosis.Pass {
		t.Errorf("%s: %s, and the run %s", c.Verdict, c.Summary, d.Verdict)
	}
	*ev.Pairing.ClientBehindNAT = false
	if c := lastVerdict(diagnosis.Diagnose(ev)); c.Verdict != diagnosis.Inconclusive || c.Summary != want {
		t.Errorf("%s: %s", c.Verdict, c.Summary)
	}
}

// TestPairedFromInside: a responder that dialled out brings its ledger, and what does
// not get in is proven although no transport answers.
func TestPairedFromInside(t *testing.T) {
	dead := diagnosistest.Sweep{Lost: "10000-11000", Primed: true, LostPrimed: "10000-11000"}
	ev := diagnosistest.Swept(dead)
	dialled := *ev.Pairing.Attempts[2].Exchange
	ev.Pairing.FromInside = &evidence.FromInside{Exchange: &dialled}
	ev.Pairing.Transport = ""
	ev.Pairing.Attempts[0].Exchange.Outcome = sipprobe.Silent
	for i := range ev.Pairing.Attempts[1:] {
		ev.Pairing.Attempts[i+1].Exchange = nil
		ev.Pairing.Attempts[i+1].Connect.Result = "timeout"
	}
	ev.Checks, ev.Responder.Tape = ev.Checks[len(ev.Checks)-1:], nil
	d := diagnosis.Diagnose(ev)
	want := []string{"symptom no-signalling  proven", "cause port-not-forwarded inbound proven", "cause rtp-range-not-forwarded inbound likely"}
	wantFindings(t, d, want)
	for _, f := range d.Findings {
		if all := strings.Join(f.Evidence, " "); !strings.Contains(all, "opened outward") {
			t.Errorf("%s does not say how the two met: %s", f.Code, all)
		}
	}
}

// TestSweepsNeedNoSIPOverUDP: a scenario of sweeps alone says nothing of SIP over UDP.
func TestSweepsNeedNoSIPOverUDP(t *testing.T) {
	ev := diagnosistest.Site{Closed: udp(), Transports: udp(), Sweeps: []diagnosistest.Sweep{{}}}.Run()
	ev.Checks, ev.Scenario.Checks = ev.Checks[len(ev.Checks)-1:], ev.Scenario.Checks[len(ev.Checks)-1:]
	d := diagnosis.Diagnose(ev)
	if want := "Every port that could be tried is open."; d.Verdict != diagnosis.Pass || d.Summary != want {
		t.Errorf("%s: %s %v, want %s", d.Verdict, d.Summary, findings(d), want)
	}
}

// TestAnswersOfFilteredSources tells what a filter on source ports explains from what it does not.
func TestAnswersOfFilteredSources(t *testing.T) {
	for name, row := range map[string]struct {
		lost, silent string
		want         []string
	}{
		"beside the source":          {"12100-12900", "12400", []string{"cause egress-filtered outbound proven"}},
		"beyond one that passes":     {"12100-13300", "12400", []string{"cause egress-filtered outbound proven", "cause reply-path-lost outbound proven"}},
		"elsewhere":                  {"13300-13400", "12400", []string{"cause egress-filtered outbound proven", "cause reply-path-lost outbound proven"}},
		"where every source passes":  {"12100-12900", "", []string{"cause reply-path-lost outbound proven"}},
		"below the lowest of them":   {"9100-9300", "10000", []string{"cause egress-filtered outbound proven"}},
		"a source without answers":   {"", "12400", []string{"cause egress-filtered outbound proven"}},
		"no answers and no filters ": {"", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Swept(diagnosistest.Sweep{Ports: "9000-14000", ReplyLost: row.lost},
				diagnosistest.Sweep{Direction: scenarios.Outbound, SilentSources: row.silent})
			if diff := cmp.Diff(row.want, findings(diagnosis.Diagnose(ev))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
