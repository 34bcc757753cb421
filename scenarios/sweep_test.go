package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

func aSweep(keys string) string {
	return fmt.Sprintf("name: x\nchecks:\n  - {id: s, kind: sweep, direction: inbound%s}\n", keys)
}

func TestLoadSweeps(t *testing.T) {
	for _, row := range []struct {
		text string
		want scenarios.Check
	}{
		{aSweep(""), scenarios.Check{Direction: scenarios.Inbound, Sweep: &scenarios.Sweep{Ports: "10000-20000"}}},
		{strings.Replace(aSweep(", optional: true"), "inbound", "outbound", 1),
			scenarios.Check{Direction: scenarios.Outbound, Optional: true, Sweep: &scenarios.Sweep{Ports: "1025-65535"}}},
		{aSweep(`, ports: "1,65535,10-20", rate: 500, probe_bytes: 200`),
			scenarios.Check{Direction: scenarios.Inbound, Sweep: &scenarios.Sweep{Ports: "1,65535,10-20", RatePPS: 500, ProbeBytes: 200}}},
		{aSweep(", ports: 5060"), scenarios.Check{Direction: scenarios.Inbound, Sweep: &scenarios.Sweep{Ports: "5060"}}},
	} {
		got, err := scenarios.Load("x.yaml", strings.NewReader(row.text))
		if err != nil {
			t.Errorf("%s: %v", row.text, err)
			continue
		}
		row.want.ID, row.want.Kind, row.want.Transport = "s", scenarios.SweepKind, "udp"
		if diff := cmp.Diff([]scenarios.Check{row.want}, got.Checks); diff != "" {
			t.Error(diff)
		}
	}
}

// TestLoadExplainsSweeps writes sweeps that cannot be, and looks for what a person needs to read.
func TestLoadExplainsSweeps(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat("5060,", scenarios.MaxPortRanges+1), ",")
	for keys, want := range map[string]string{
		", transports: [udp]":         "transports: a sweep is UDP",
		", talk: 1s":                  "belongs to checks of kind call",
		", client: {latch: never}":    "belongs to checks of kind call",
		`, ports: "0-10"`:             `ports: "0-10"`,
		`, ports: "20000-10000"`:      `ports: "20000-10000"`,
		`, ports: "1-65536"`:          "from 1 to 65535",
		`, ports: "10-20,"`:           `ports: ""`,
		`, ports: "10 - 20"`:          `ports: "10 - 20"`,
		`, ports: "010"`:              `ports: "010"`,
		`, ports: "rtp"`:              `such as "10000-20000"`,
		`, ports: "` + many + `"`:     "33 ranges are more than 32",
		", rate: 9":                   "rate: 9 is not between",
		", rate: 0":                   "leave it out",
		", rate: 1000001":             "1000000 probes a second",
		", rate: fast":                "want a whole number",
		", probe_bytes: 95":           "probe_bytes: 95 is not between 96 and 1400",
		", probe_bytes: 0":            "leave it out",
		", probe_bytes: 1401":         "probe_bytes: 1401",
		", ports: 5060, probes: 1":    "probes",
		", max_loss_percent: 1":       "belongs to checks of kind call",
		", responder: {audio: tone}":  "belongs to checks of kind call",
		", direction: up":             "direction",
		", codec: pcma, ports: 5060 ": "belongs to checks of kind call",
	} {
		_, err := scenarios.Load("x.yaml", strings.NewReader(aSweep(keys)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.yaml") {
			t.Errorf("%s: %v, want %q", keys, err, want)
		}
	}
	options := "name: x\nchecks:\n  - {id: o, kind: options, direction: inbound, rate: 100}\n"
	if _, err := scenarios.Load("x.yaml", strings.NewReader(options)); err == nil || !strings.Contains(err.Error(), "belongs to checks of kind sweep") {
		t.Error(err)
	}
}

func TestPortsScenario(t *testing.T) {
	s, err := scenarios.Named("ports")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, c := range s.Checks {
		if c.Kind == scenarios.SweepKind {
			got[c.ID] = c.Sweep.Ports
		}
	}
	want := map[string]string{"sweep-in": scenarios.DefaultInboundPorts, "sweep-out": scenarios.DefaultOutboundPorts}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
