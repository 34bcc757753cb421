package diagnosis_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// TestIdleAccusesNobodyWrongly changes one thing in runs of idle times.
func TestIdleAccusesNobodyWrongly(t *testing.T) {
	const forever = 10_000_000
	binding := func(ev *evidence.Evidence) *evidence.IdleFacts { return ev.Checks[len(ev.Checks)-2].IdleFacts }
	connection := func(ev *evidence.Evidence) *evidence.IdleFacts { return ev.Checks[len(ev.Checks)-1].IdleFacts }
	for _, row := range []struct {
		name               string
		binding, connected int
		change             func(*evidence.Evidence)
		verdict            diagnosis.Verdict
		want               []string
	}{
		{"a timer of exactly the limit", 116_000, forever, func(*evidence.Evidence) {}, diagnosis.Pass, nil},
		{"a longer time survived", 40_000, forever, func(ev *evidence.Evidence) { binding(ev).Bindings[4].Inside.Probes = 3 },
			diagnosis.Inconclusive, nil},
		{"a binding that never worked", 0, forever, func(ev *evidence.Evidence) {
			for _, b := range binding(ev).Bindings {
				b.Inside.Answers = 0
			}
		}, diagnosis.Inconclusive, nil},
		{"no record of the responder's", 0, forever, func(ev *evidence.Evidence) {
			f := binding(ev)
			f.Missing = "lost"
			for i := range f.Bindings {
				f.Bindings[i].Inside = nil
			}
		}, diagnosis.Inconclusive, nil},
		{"a machine that could not send", 0, forever, func(ev *evidence.Evidence) {
			for _, b := range binding(ev).Bindings {
				b.Outside.Fault = "no buffer space available"
			}
		}, diagnosis.Inconclusive, nil},
		{"one lost trial may be chance", 100_000, forever, func(ev *evidence.Evidence) { cut(ev, 4) },
			diagnosis.Fail, []string{"cause udp-binding-short outbound likely"}},
		{"a responder that was lost, and with it its connections", forever, 200_000, func(ev *evidence.Evidence) {
			ev.Responder, ev.Run.Interrupted = nil, "the responder cannot be reached any more"
		}, diagnosis.Inconclusive, nil},
		{"dead only where nothing was promised", forever, 800_000, func(*evidence.Evidence) {}, diagnosis.Inconclusive, nil},
		{"connections that never opened", forever, 0, func(ev *evidence.Evidence) {
			for i := range connection(ev).Connections {
				c := &connection(ev).Connections[i]
				c.First.Outcome, c.Second = sipprobe.Silent, nil
			}
		}, diagnosis.Inconclusive, nil},
		{"a connection that was closed in between", forever, forever, func(ev *evidence.Evidence) {
			for i := range connection(ev).Connections[1:] {
				c := &connection(ev).Connections[i+1]
				ended := 200_000.
				c.Second, c.EndedMs = nil, &ended
			}
		}, diagnosis.Fail, []string{"cause tcp-idle-short inbound proven"}},
		{"dead twice", 100_000, forever, func(ev *evidence.Evidence) {
			cut(ev, 4)
			diagnosistest.TriedAgain(ev, 100_000, forever)
		}, diagnosis.Fail, []string{"cause udp-binding-short outbound proven"}},
		{"a line that was interrupted when one trial was probed", 100_000, forever, func(ev *evidence.Evidence) {
			diagnosistest.TriedAgain(ev, forever, forever)
		}, diagnosis.Pass, nil},
		{"a router that started anew, and the longest trial of connections is not repeated", forever, 200_000, func(ev *evidence.Evidence) {
			diagnosistest.TriedAgain(ev, forever, forever)
		}, diagnosis.Inconclusive, nil},
		{"a router that started anew", 40_000, forever, func(ev *evidence.Evidence) {
			diagnosistest.TriedAgain(ev, forever, forever)
		}, diagnosis.Pass, nil},
		{"a router that started anew and forgets all the same", 20_000, forever, func(ev *evidence.Evidence) {
			diagnosistest.TriedAgain(ev, 40_000, forever)
		}, diagnosis.Fail, []string{"cause udp-binding-short outbound proven"}},
		{"tried again, which does not tell", 40_000, forever, func(ev *evidence.Evidence) {
			diagnosistest.TriedAgain(ev, 40_000, forever)
			for i := range last(ev).IdleFacts.Bindings {
				last(ev).IdleFacts.Bindings[i].Inside = nil
			}
		}, diagnosis.Fail, []string{"cause udp-binding-short outbound likely"}},
		{"connections through the client's own NAT", forever, 200_000, func(ev *evidence.Evidence) {
			diagnosistest.BehindOwnNAT(ev)
		}, diagnosis.Inconclusive, nil},
		{"connections through the client's own NAT, remembered", forever, forever, func(ev *evidence.Evidence) {
			diagnosistest.BehindOwnNAT(ev)
		}, diagnosis.Pass, nil},
		{"the firewall of the responder's own machine", 40_000, forever, func(ev *evidence.Evidence) { counted(ev, 17) },
			diagnosis.Pass, nil},
		{"a machine that nothing came to", 40_000, forever, func(ev *evidence.Evidence) { counted(ev, 14) },
			diagnosis.Fail, []string{"cause udp-binding-short outbound proven"}},
	} {
		ev := diagnosistest.Idled(row.binding, row.connected)
		row.change(ev)
		d := diagnosis.Diagnose(ev)
		if diff := cmp.Diff(row.want, findings(d)); diff != "" || d.Verdict != row.verdict {
			t.Errorf("%s: %s %s", row.name, d.Verdict, diff)
		}
	}
}

// cut leaves out the trials of the binding from one on.
func cut(ev *evidence.Evidence, from int) {
	c := &ev.Checks[len(ev.Checks)-2]
	idle := *c.Idle
	idle.StepsMs = idle.StepsMs[:from]
	c.Idle, c.IdleFacts.Bindings = &idle, c.IdleFacts.Bindings[:from]
}

// counted has so many packets counted at the responder's machine for each binding.
func counted(ev *evidence.Evidence, packets int64) {
	var ports rtpprobe.PortSet
	for _, b := range ev.Checks[len(ev.Checks)-2].IdleFacts.Bindings {
		ports.Add(b.Inside.Local.Port())
	}
	ev.Responder.Capture = &evidence.Capture{UDP: []evidence.CapturedPorts{{Packets: packets, Ports: ports}}}
}

// TestIdleAgainIsTold: what was dead once is told, and what may look like a router is.
func TestIdleAgainIsTold(t *testing.T) {
	const forever = 10_000_000
	for name, row := range map[string]struct {
		ev   *evidence.Evidence
		want string
	}{
		"once":        {diagnosistest.TriedAgain(diagnosistest.Idled(100_000, forever), forever, forever), "alive after 115 s, dead after 3 min; dead once after 115 s, and alive when that was tried again"},
		"twice":       {diagnosistest.TriedAgain(diagnosistest.Idled(40_000, forever), 40_000, forever), "tried once more, and was dead again"},
		"own machine": {diagnosistest.Idled(40_000, forever), "A firewall on the responder's own machine"},
		"own NAT":     {diagnosistest.BehindOwnNAT(diagnosistest.Idled(forever, 400_000)), "the client is behind a NAT of its own, which may be what forgot it"},
	} {
		d := diagnosis.Diagnose(row.ev)
		var text []string
		for _, f := range d.Findings {
			text = append(text, f.Evidence...)
		}
		for _, c := range d.Checks {
			text = append(text, c.Summary)
		}
		if all := strings.Join(text, "\n"); !strings.Contains(all, row.want) {
			t.Errorf("%s: no %q in\n%s", name, row.want, all)
		}
	}
	behind := diagnosistest.BehindOwnNAT(diagnosistest.Idled(forever, 400_000))
	if got := needs(behind, "tcp-idle-short"); !strings.Contains(got, "public address") {
		t.Errorf("needs %q", got)
	}
}

func TestIdleNamesTheBracket(t *testing.T) {
	d := diagnosis.Diagnose(diagnosistest.Idled(40_000, 10_000_000))
	text := strings.Join(append(d.Findings[0].Evidence, d.Findings[0].Remedy...), "\n")
	for _, want := range []string{"alive after 30 s, dead after 60 s", "the limit is 2 min", "at least 2 min", "more often than every 60 s"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
