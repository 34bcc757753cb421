package diagnosis_test

import (
	"net/netip"
	"slices"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func udp() []sipprobe.Transport { return []sipprobe.Transport{sipprobe.UDP} }

// inbound changes the facts of every inbound call.
func inbound(ev *evidence.Evidence, change func(*evidence.CallFacts)) {
	calls(ev, func(c *evidence.Check, f *evidence.CallFacts) {
		if c.Direction == scenarios.Inbound {
			change(f)
		}
	})
}

// calls runs a change over every call of a run.
func calls(ev *evidence.Evidence, change func(*evidence.Check, *evidence.CallFacts)) {
	for i := range ev.Checks {
		if f := ev.Checks[i].CallFacts; f != nil {
			change(&ev.Checks[i], f)
		}
	}
}

// TestNobodyIsAccusedWrongly changes one thing in a run that would otherwise have a
// finding, or none, and says what must be left.
func TestNobodyIsAccusedWrongly(t *testing.T) {
	refused := func(ev *evidence.Evidence) {
		calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
			sent := &f.Client.Media.Sent
			sent.RefusedDestinations, sent.Destinations, sent.Packets = sent.Destinations, nil, 0
		})
	}
	tests := []struct {
		name    string
		site    diagnosistest.Site
		change  func(*evidence.Evidence)
		verdict diagnosis.Verdict
		want    []string
	}{
		{"a dead port without the responder's ledger", diagnosistest.Site{Closed: udp()},
			func(ev *evidence.Evidence) { ev.Responder = nil },
			diagnosis.Fail, []string{"symptom transport-unreachable inbound proven"}},
		{"a dead port and a tape that is not whole", diagnosistest.Site{Closed: udp()},
			func(ev *evidence.Evidence) { ev.Responder.TapeDropped = 1 },
			diagnosis.Fail, []string{"symptom transport-unreachable inbound proven"}},
		{"a port that the responder was told not to use", diagnosistest.Site{Closed: udp()},
			func(ev *evidence.Evidence) { ev.Responder.Sockets = ev.Responder.Sockets[1:] },
			diagnosis.Fail, []string{"symptom transport-unreachable inbound proven"}},
		{"a dead port that the scenario does not use", diagnosistest.Site{Closed: udp(), Transports: []sipprobe.Transport{sipprobe.TLS}},
			func(*evidence.Evidence) {}, diagnosis.Pass, nil},
		{"only optional checks fail", diagnosistest.Site{Closed: udp()},
			func(ev *evidence.Evidence) {
				for i := range ev.Checks {
					ev.Checks[i].Optional = true
				}
			}, diagnosis.Degraded, []string{"symptom transport-unreachable inbound proven", "cause port-not-forwarded inbound proven"}},
		{"a dead port, and a client of which no UDP is known to leave its own network", diagnosistest.Site{Closed: udp(), ClientNAT: true},
			func(ev *evidence.Evidence) {
				for i := range ev.Checks {
					if c := &ev.Checks[i]; c.CallFacts != nil {
						c.CallFacts, c.Skipped = nil, "udp does not answer"
					}
				}
			}, diagnosis.Fail, []string{"symptom transport-unreachable inbound proven", "cause port-not-forwarded inbound likely"}},
		{"the responder's own firewall forbids answers", diagnosistest.Site{OutShut: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
					f.Responder.Media.Sent = rtpprobe.Sent{Errors: []rtpprobe.ErrorCount{{Kind: "not-permitted", Count: 250}}}
				})
			}, diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
		{"ICMP is no local fault", diagnosistest.Site{OutShut: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
					f.Responder.Media.Sent = rtpprobe.Sent{Packets: 125, Errors: []rtpprobe.ErrorCount{{Kind: "connection-refused", Count: 125}}}
				})
			}, diagnosis.Fail, []string{"symptom one-way-audio outbound proven"}},
		{"no route to an address that should not have been advertised", diagnosistest.Site{Private: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
					f.Client.Media.Sent = rtpprobe.Sent{Errors: []rtpprobe.ErrorCount{{Kind: "network-unreachable", Count: 250}}}
				})
			}, diagnosis.Fail, []string{"symptom one-way-audio inbound proven", "cause private-address-advertised outbound proven"}},
		{"an address that was never proven", diagnosistest.Site{Private: true, Transports: udp()}, refused,
			diagnosis.Fail, []string{"symptom one-way-audio inbound proven", "cause private-address-advertised outbound proven"}},
		{"packets without the call's tag reach the port", diagnosistest.Site{InShut: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) { f.Responder.Media.Received.Untagged = 300 })
			}, diagnosis.Fail, []string{"symptom one-way-audio inbound proven"}},
		{"too short a wait is not cold", diagnosistest.Site{ColdShut: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				inbound(ev, func(f *evidence.CallFacts) { f.Responder.Cold.WaitedMs = 100 })
			}, diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"a client that was late to send proves nothing cold", diagnosistest.Site{ColdShut: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				inbound(ev, func(f *evidence.CallFacts) { f.Client.Lead.Packets = 3 })
			}, diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"a responder that stood still while it only listened", diagnosistest.Site{Transports: udp()},
			func(ev *evidence.Evidence) {
				inbound(ev, func(f *evidence.CallFacts) {
					*f.Responder.Cold = evidence.Cold{WaitedMs: 3000, LateMs: 2000}
				})
			}, diagnosis.Pass, nil},
		{"a client that stood still when the call began", diagnosistest.Site{Transports: udp()},
			func(ev *evidence.Evidence) {
				inbound(ev, func(f *evidence.CallFacts) { f.Responder.Cold.Packets, f.Client.Lead.Packets = 0, 1 })
			}, diagnosis.Pass, nil},
		{"a private address in a private network", diagnosistest.Site{Private: true, Latch: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				ev.Run.Address = diagnosistest.Inside
				inbound(ev, func(f *evidence.CallFacts) {
					f.Responder.Cold.Packets = 50
					f.Responder.Media.Received.Packets = f.Client.Media.Sent.Packets
				})
			}, diagnosis.Pass, nil},
		{"a client behind its own NAT that knows no better", diagnosistest.Site{ClientNAT: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
					a := netip.AddrPortFrom(diagnosistest.BehindNAT, f.Client.Advertised.Port())
					f.Client.Advertised, f.Responder.Heard = &a, &a
				})
			}, diagnosis.Pass, nil},
		{"a far side that was told to advertise a private address", diagnosistest.Site{Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(c *evidence.Check, f *evidence.CallFacts) {
					a := netip.AddrPortFrom(diagnosistest.BehindNAT, f.Client.Advertised.Port())
					f.Client.Advertised, f.Responder.Heard = &a, &a
					c.Call.Client.MediaAddress = scenarios.PrivateAddress
				})
			}, diagnosis.Degraded, []string{"cause private-address-advertised inbound proven", "folded latching-needed outbound proven"}},
		{"audio that did not go to the private address of the far side", diagnosistest.Site{ClientNAT: true, OutShut: true, Transports: udp()},
			namesPrivate, diagnosis.Fail, []string{"symptom one-way-audio outbound proven"}},
		{"audio that went to the private address of the far side", diagnosistest.Site{ClientNAT: true, OutShut: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				namesPrivate(ev)
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
					f.Responder.Media.Sent.Destinations[0].Address = *f.Client.Advertised
				})
			}, diagnosis.Fail, []string{"symptom one-way-audio outbound proven", "cause private-address-advertised inbound proven"}},
		{"one stall of a machine in a short call", diagnosistest.Site{Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
					f.Client.Media.Sent.Lateness.P99 = 75_000
					f.Client.Media.Sent.Packets, f.Responder.Media.Received.Packets = 100, 100
					f.Client.Lead = nil
				})
			}, diagnosis.Pass, nil},
		{"a machine that sends late", diagnosistest.Site{Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) { f.Client.Media.Sent.Lateness.P99 = 75_000 })
			}, diagnosis.Degraded, []string{"cause local-fault  proven"}},
		{"a machine that had no room for what arrived", diagnosistest.Site{Loss: 30, Transports: udp()},
			func(ev *evidence.Evidence) {
				missed(ev, func(r *rtpprobe.Result) { r.Received.BufferDrops = new(int64(30)) })
			},
			diagnosis.Degraded, []string{"cause local-fault  proven"}},
		{"a machine that had no room for two packets, on a bad line", diagnosistest.Site{Loss: 30, Transports: udp()},
			func(ev *evidence.Evidence) {
				missed(ev, func(r *rtpprobe.Result) { r.Received.BufferDrops = new(int64(2)) })
			},
			diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"a machine that slept for two seconds of a call", diagnosistest.Site{Loss: 110, Transports: udp()},
			func(ev *evidence.Evidence) { missed(ev, func(r *rtpprobe.Result) { r.ClockStepMS = 2000 }) },
			diagnosis.Degraded, []string{"cause local-fault  proven"}},
		{"a clock that was set by an hour, on a bad line", diagnosistest.Site{Loss: 110, Transports: udp()},
			func(ev *evidence.Evidence) { missed(ev, func(r *rtpprobe.Result) { r.ClockStepMS = 3_600_000 }) },
			diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"a clock of the far side that was set by an hour, and a line that was interrupted", diagnosistest.Site{Loss: 110, Transports: udp()},
			func(ev *evidence.Evidence) {
				missed(ev, func(*rtpprobe.Result) {})
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) { f.Client.Media.ClockStepMS = 3_600_000 })
			}, diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"a far side that slept, and whose link came back later", diagnosistest.Site{Loss: 30, Transports: udp()},
			func(ev *evidence.Evidence) {
				missed(ev, func(*rtpprobe.Result) {})
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) { f.Client.Media.ClockStepMS = 4000 })
			}, diagnosis.Degraded, []string{"cause local-fault  proven"}},
		{"a call that was over before the site had spoken", diagnosistest.Site{Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
					f.Responder.Media.Sent.Packets, f.Client.Media.Received.Packets = 5, 5
				})
			}, diagnosis.Inconclusive, nil},
		{"no rights to send anything", diagnosistest.Site{Off: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				for i := range ev.Pairing.Attempts {
					ev.Pairing.Attempts[i] = evidence.Attempt{
						Transport: ev.Pairing.Attempts[i].Transport, Exchange: &sipprobe.Exchange{Outcome: sipprobe.NotSent, Error: "not permitted"},
					}
				}
			}, diagnosis.Inconclusive, []string{"cause local-fault  proven"}},
		{"a responder that answers and turns the client away", diagnosistest.Site{Off: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				x := ev.Pairing.Attempts[0].Exchange
				x.Outcome, x.Status, x.Reason, x.Error = sipprobe.Refused, 200, "OK", "too many runs at once"
			}, diagnosis.Inconclusive, nil},
		{"no flow to a client that listens and has no NAT", diagnosistest.Site{Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(c *evidence.Check, f *evidence.CallFacts) {
					if c.Direction == scenarios.Outbound {
						f.Flow, f.Reach = "client", &sipprobe.Exchange{Outcome: sipprobe.Silent}
					}
				})
			}, diagnosis.Degraded, nil},
		{"an end whose record is missing", diagnosistest.Site{InShut: true, Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
					f.Responder, f.Missing = nil, "it could not be fetched"
				})
			}, diagnosis.Inconclusive, nil},
		{"packets that come back", diagnosistest.Site{Transports: udp()},
			func(ev *evidence.Evidence) {
				calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) { f.Client.Media.Received.Looped = 290 })
			}, diagnosis.Fail, []string{"cause audio-looped outbound proven"}},
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

// missed changes what the responder recorded in calls whose lost packets were lost in one piece.
func missed(ev *evidence.Evidence, change func(*rtpprobe.Result)) {
	calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
		r := &f.Responder.Media.Received
		lost := f.Client.Media.Sent.Packets - r.Packets
		r.Lost, r.LossRuns, r.LongestLossRun = &lost, 1, lost
		change(f.Responder.Media)
	})
}

// namesPrivate has the client name its own address, before its NAT, in its SDP.
func namesPrivate(ev *evidence.Evidence) {
	calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
		a := netip.AddrPortFrom(diagnosistest.BehindNAT, f.Client.Advertised.Port())
		f.Client.Advertised, f.Responder.Heard = &a, &a
	})
}

func TestSomePortsOfTheRangePass(t *testing.T) {
	ev := diagnosistest.Site{Transports: []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP}}.Run()
	shut := ev.Checks[2].CallFacts.Responder
	shut.Cold.Packets, shut.Media.Received.Packets = 0, 250
	d := diagnosis.Diagnose(ev)
	want := "Only UDP 12004 did not pass; UDP 12008 passed cold in the same run."
	if len(d.Findings) == 0 || d.Findings[0].Code != "rtp-range-not-forwarded" {
		t.Fatalf("findings: %+v", d.Findings)
	}
	if lines := d.Findings[0].Evidence; lines[len(lines)-1] != want {
		t.Errorf("evidence %q, want the last to be %q", lines, want)
	}
}

func TestNotTestedSaysWhatIsNeeded(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosistest.Runs() {
		d := diagnosis.Diagnose(r.Evidence)
		for _, n := range d.NotTested {
			if _, ok := diagnosis.Lookup(n.Code); !ok || n.Needs == "" {
				t.Errorf("%s: %+v", r.Name, n)
			}
		}
	}
}

// TestNotTestedIsWhatWasNotTested looks for causes that a run could decide, and for
// some that it could not.
func TestNotTestedIsWhatWasNotTested(t *testing.T) {
	sweeps := []string{"rtp-range-partly-forwarded", "odd-ports-not-forwarded", "forward-shifts-ports", "egress-filtered", "port-in-use", "ids-ban"}
	calls := []string{"rtp-range-not-forwarded", "private-address-advertised", "latching-needed", "silent-audio"}
	certificates := []string{"tls-version-too-old", "certificate-expired", "certificate-name-mismatch", "certificate-untrusted", "certificate-chain-incomplete"}
	for run, row := range map[string]struct{ open, decided []string }{
		"clean":            {slices.Concat(sweeps, certificates), slices.Concat(calls, []string{"tls-intercepted"})},
		"sweep-clean":      {[]string{"forward-to-wrong-host"}, slices.Concat(calls, sweeps)},
		"port-clean":       {sweeps, []string{"forward-to-wrong-host"}},
		"sweep-one-ledger": {sweeps, calls},
		"tls-clean":        {slices.Concat(sweeps, []string{"tls-intercepted"}), certificates}, // for the port that is not the responder's
		"tls-intercepted":  {certificates[1:], certificates[:1]},
		"carrier-nat":      {slices.Concat(calls, sweeps), nil},
	} {
		var codes []string
		for _, n := range diagnosis.Diagnose(diagnosistest.Find(run)).NotTested {
			codes = append(codes, n.Code)
		}
		for _, code := range row.open {
			if !slices.Contains(codes, code) {
				t.Errorf("%s: %s is missing in %v", run, code, codes)
			}
		}
		for _, code := range row.decided {
			if slices.Contains(codes, code) {
				t.Errorf("%s: %s was decided", run, code)
			}
		}
	}
}
