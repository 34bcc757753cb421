package diagnosis_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/internal/knock"
)

// TestPortsAreNotAccusedWrongly changes one thing in a run whose knocks would otherwise
// have a finding, and says what must be left.
func TestPortsAreNotAccusedWrongly(t *testing.T) {
	xmpp := diagnosistest.Port{Number: 5222}
	ntp := func(f diagnosistest.Fate) diagnosistest.Port {
		return diagnosistest.Port{Transport: knock.UDP, Number: 123, Fate: f}
	}
	web := func(f diagnosistest.Fate) diagnosistest.Port { return diagnosistest.Port{Fate: f} }
	tests := []struct {
		name   string
		port   diagnosistest.Port
		change func(*evidence.Evidence, *evidence.PortFacts)
		result diagnosis.PortResult
		want   []string
	}{
		{"the bell's ledger is missing", web(diagnosistest.Answered),
			func(_ *evidence.Evidence, f *evidence.PortFacts) { f.Heard = nil }, diagnosis.PortInconclusive, nil},
		{"the knocker's ledger is missing", web(diagnosistest.Lost),
			func(_ *evidence.Evidence, f *evidence.PortFacts) { f.Knocked = nil }, diagnosis.PortInconclusive, nil},
		{"strangers rang while knocks were lost", web(diagnosistest.Lost),
			func(_ *evidence.Evidence, f *evidence.PortFacts) { f.Heard.Strangers = 1 }, diagnosis.PortInconclusive, nil},
		{"strangers rang while another answered", web(diagnosistest.Answered),
			func(_ *evidence.Evidence, f *evidence.PortFacts) { f.Heard.Strangers = 1 }, diagnosis.PortInconclusive, nil},
		{"the bell fell down", web(diagnosistest.Lost),
			func(_ *evidence.Evidence, f *evidence.PortFacts) { f.Heard.Error = "no buffers" }, diagnosis.PortInconclusive,
			[]string{"cause local-fault  proven"}},
		{"a knock arrived after all", ntp(diagnosistest.Answered),
			func(_ *evidence.Evidence, f *evidence.PortFacts) {
				f.Heard.Arrivals = []knock.Arrival{{Local: f.Heard.Local, Port: 123, Knocks: 1, Answered: 1}}
			}, diagnosis.PortReplyLost, nil},
		{"one attempt was lost and the next was proven", web(diagnosistest.Lost),
			func(_ *evidence.Evidence, f *evidence.PortFacts) {
				f.Knocked.Attempts[1].Outcome, f.Knocked.Attempts[1].ArrivedOn = knock.Proven, 443
			}, diagnosis.PortOpen, nil},
		{"nothing of the client's UDP ever reached the site", ntp(diagnosistest.Lost),
			func(ev *evidence.Evidence, _ *evidence.PortFacts) {
				ev.Checks = ev.Checks[3:]
				ev.Scenario.Checks = ev.Scenario.Checks[3:]
				for i := range ev.Responder.Tape {
					if ev.Responder.Tape[i].Transport == "udp" {
						ev.Responder.Tape[i].Data = nil
					}
				}
			}, diagnosis.PortRequestLost, []string{"cause port-not-forwarded inbound likely"}},
		{"the two ends never met", web(diagnosistest.Answered),
			func(ev *evidence.Evidence, _ *evidence.PortFacts) {
				*ev = *diagnosistest.Site{Off: true, Ports: []diagnosistest.Port{web(diagnosistest.Answered)}}.Run()
			}, "", []string{"symptom no-signalling  proven"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := diagnosistest.Knocked(tt.port, xmpp)
			tt.change(ev, portFacts(ev))
			d := diagnosis.Diagnose(ev)
			wantFindings(t, d, tt.want)
			for _, c := range d.Checks {
				if c.Port != nil && c.Port.Number != xmpp.Number && c.Port.Result != tt.result {
					t.Errorf("%s: %s, want %s: %s", c.ID, c.Port.Result, tt.result, c.Summary)
				}
			}
		})
	}
}

// portFacts are those of the first check of a port.
func portFacts(ev *evidence.Evidence) *evidence.PortFacts {
	for i := range ev.Checks {
		if f := ev.Checks[i].PortFacts; f != nil {
			return f
		}
	}
	return nil
}

// TestAnswersThatASweepExplains: what a sweep has shown to be shut is not said again.
func TestAnswersThatASweepExplains(t *testing.T) {
	lost := diagnosistest.Port{Transport: knock.UDP, Number: 123, Fate: diagnosistest.AnswerLost}
	sweep := diagnosistest.Sweep{Direction: "outbound", Ports: "39000-42000", Lost: "39500-42000"}
	ev := diagnosistest.Site{Sweeps: []diagnosistest.Sweep{sweep}, Ports: []diagnosistest.Port{lost}}.Run()
	want := []string{"cause egress-filtered outbound proven"}
	if diff := cmp.Diff(want, findings(diagnosis.Diagnose(ev))); diff != "" {
		t.Error(diff)
	}
}

// TestForwardsOfPorts: rules that can be typed into a router, also where a bell hung at
// every address.
func TestForwardsOfPorts(t *testing.T) {
	ev := diagnosistest.Knocked(diagnosistest.Port{Fate: diagnosistest.Lost}, diagnosistest.Port{Number: 80, Fate: diagnosistest.Lost})
	f := portFacts(ev)
	f.Heard.Local = netip.AddrPortFrom(netip.IPv4Unspecified(), 443)
	found := diagnosis.Diagnose(ev).Findings
	if len(found) != 1 || !strings.Contains(found[0].Remedy[0], "tcp 443 -> 192.168.1.10:443, tcp 80 -> 192.168.1.10:80") {
		t.Errorf("%+v", found)
	}
}
