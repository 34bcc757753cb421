package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/report"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestOddEvidence takes every part out of saved evidence in turn. Whatever is left
// gets a report.
func TestOddEvidence(t *testing.T) {
	t.Parallel()
	udp := []sipprobe.Transport{sipprobe.UDP}
	for name, ev := range map[string]*evidence.Evidence{
		"calls":   diagnosistest.Site{Transports: udp, Control: true, Private: true}.Run(),
		"nothing": diagnosistest.Site{Transports: udp, Closed: udp}.Run(),
		"sweeps":  sweptOddly(),
		"ports":   knockedOddly(),
		"NATs":    testedOddly(),
	} {
		t.Run(name, func(t *testing.T) { oddly(t, ev) })
	}
}

// oddly takes every part out of one run.
func oddly(t *testing.T, ev *evidence.Evidence) {
	t.Parallel()
	ev.Client.Tape = ev.Client.Tape[:2]
	data, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	without(tree, "", func(path string) {
		data, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := evidence.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		r := build(ev)
		if r.Verdict == "" || r.Summary == "" {
			t.Errorf("without %s: no verdict", path)
		}
		if err := report.WriteText(io.Discard, r, report.TextOptions{}); err != nil {
			t.Errorf("without %s: %v", path, err)
		}
		if err := report.WriteJSON(io.Discard, r); err != nil {
			t.Errorf("without %s: %v", path, err)
		}
	})
}

// sweptOddly is a run of two sweeps in which little is as it should be, without calls
// and with the shortest lists that show it.
func sweptOddly() *evidence.Evidence {
	ev := diagnosistest.Swept(
		diagnosistest.Sweep{Ports: "10000-10100", Lost: "10050-10100", Primed: true, LostPrimed: "10080-10100", InUse: "10010", Shift: 2},
		diagnosistest.Sweep{Direction: scenarios.Outbound, Ports: "30000-30100", Lost: "30050-30100", NotTried: "30000"},
	)
	ev.Checks = ev.Checks[len(ev.Checks)-2:]
	ev.Responder.Tape = ev.Responder.Tape[:2]
	for _, c := range ev.Checks {
		for _, f := range []*evidence.SweepFacts{c.SweepFacts, c.SweepFacts.Primed} {
			if f != nil {
				f.Sent.Rounds, f.Arrived.Rounds = f.Sent.Rounds[:2], f.Arrived.Rounds[:2]
				f.Sent.Locals, f.Sent.Sources = f.Sent.Locals[:1], rtpprobe.SourceLedger{}
				f.Arrived.Sources.Mappings = f.Arrived.Sources.Mappings[:1]
			}
		}
	}
	return ev
}

// knockedOddly is a run of checks of ports in which little is as it should be.
func knockedOddly() *evidence.Evidence {
	udp := diagnosistest.Port{Transport: knock.UDP, Number: 123, Fate: diagnosistest.Lost,
		ICMP: []knock.ICMP{{From: diagnosistest.Router, Meaning: "administratively-prohibited", Count: 1}}}
	ev := diagnosistest.Knocked(
		diagnosistest.Port{}, diagnosistest.Port{Number: 80, Fate: diagnosistest.Answered}, diagnosistest.Port{Number: 81, Fate: diagnosistest.Lost},
		diagnosistest.Port{Number: 82, Fate: diagnosistest.Aside}, diagnosistest.Port{Number: 83, Fate: diagnosistest.Held},
		diagnosistest.Port{Direction: scenarios.Outbound, Fate: diagnosistest.Taken}, diagnosistest.Port{Number: 84, Fate: diagnosistest.AnswerLost}, udp,
	)
	ev.Checks = ev.Checks[3:]
	ev.Responder.Tape = ev.Responder.Tape[:2]
	return ev
}

// testedOddly is a run of tests of NATs that have found what there is to find.
func testedOddly() *evidence.Evidence {
	ev := diagnosistest.Tested(
		diagnosistest.NAT{Random: true, SecondShut: true, Hairpin: "dead"}, diagnosistest.NAT{Direction: scenarios.Inbound})
	ev.Checks = ev.Checks[len(ev.Checks)-2:]
	ev.Responder.Tape = ev.Responder.Tape[:2]
	return ev
}

// without calls f once for each value of a tree, with that value gone.
func without(node any, path string, f func(path string)) {
	switch n := node.(type) {
	case map[string]any:
		for key, value := range n {
			at := path + "/" + key
			n[key] = nil
			f(at)
			n[key] = value
			if !strings.HasSuffix(at, "/tape") && at != "/scenario" {
				without(value, at, f)
			}
		}
	case []any:
		for i, value := range n {
			n[i] = nil
			f(path)
			n[i] = value
			without(value, path, f)
		}
	}
}
