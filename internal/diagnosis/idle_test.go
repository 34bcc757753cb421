package diagnosis_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
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

func TestIdleNamesTheBracket(t *testing.T) {
	d := diagnosis.Diagnose(diagnosistest.Idled(40_000, 10_000_000))
	text := strings.Join(append(d.Findings[0].Evidence, d.Findings[0].Remedy...), "\n")
	for _, want := range []string{"alive after 30 s, dead after 60 s", "the limit is 2 min", "at least 2 min", "more often than every 60 s"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
