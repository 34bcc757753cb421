package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

func aLadder(keys string) string {
	return fmt.Sprintf("name: x\nchecks:\n  - {id: s, direction: outbound, kind: %s}\n", keys)
}

func TestLoadSizesAndMarks(t *testing.T) {
	got, err := scenarios.Load("x.yaml", strings.NewReader(aLadder("size, transports: [udp, tls]")))
	if err != nil {
		t.Fatal(err)
	}
	udp, tls := got.Checks[0], got.Checks[1]
	if udp.ID != "s-udp" || tls.ID != "s-tls" || udp.Size.Bytes[0] != 300 || udp.Size.Bytes[len(udp.Size.Bytes)-1] != 4000 || tls.Size.Bytes[len(tls.Size.Bytes)-1] != 16384 {
		t.Errorf("%+v, %+v", udp, tls)
	}
	got, err = scenarios.Load("x.yaml", strings.NewReader(aLadder("size, transports: [udp], sizes: [300, 1500]")))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&scenarios.Size{Bytes: []int{300, 1500}}, got.Checks[0].Size); diff != "" {
		t.Error(diff)
	}
	got, err = scenarios.Load("x.yaml", strings.NewReader(aLadder("dscp")))
	if err != nil {
		t.Fatal(err)
	}
	want := []scenarios.Check{{ID: "s", Kind: scenarios.DSCPKind, Direction: scenarios.Outbound, Transport: "udp", DSCP: &scenarios.DSCP{Packets: 10}}}
	if diff := cmp.Diff(want, got.Checks); diff != "" {
		t.Error(diff)
	}
}

// TestLoadExplainsSizes writes ladders that cannot be, and looks for what a person needs to read.
func TestLoadExplainsSizes(t *testing.T) {
	many := strings.TrimSuffix(strings.Repeat("300,", scenarios.MaxSizes+1), ",")
	for keys, want := range map[string]string{
		"size, sizes: [400]":           "at least two",
		"size, sizes: []":              "at least two",
		"size, sizes: [299, 400]":      "sizes: 299 is not between 300 and 16384",
		"size, sizes: [400, 16385]":    "sizes: 16385",
		"size, sizes: [400, 400]":      "400 does not rise",
		"size, sizes: [" + many + "]":  "33 are more than 32",
		"size, sizes: large":           "x.yaml",
		"size, talk: 1s":               "belongs to checks of kind call",
		"size, rate: 100":              "belongs to checks of kind sweep",
		"options, sizes: [400, 500]":   "sizes: belongs to checks of kind size",
		"dscp, sizes: [400, 500]":      "sizes: belongs to checks of kind size",
		"dscp, transports: [udp]":      "marks are sent over UDP",
		"dscp, probe_bytes: 172":       "belongs to checks of kind sweep",
		"size, transports: [sctp]":     "udp, tcp, tls",
		"sizes, transports: [udp]":     `kind: "sizes"`,
		"size, sizes: [400, 500], x: ": "x.yaml",
	} {
		_, err := scenarios.Load("x.yaml", strings.NewReader(aLadder(keys)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", keys, err, want)
		}
	}
}

// TestPathScenario holds what the shipped scenario is for: both ways, over all transports.
func TestPathScenario(t *testing.T) {
	s, err := scenarios.Named("path")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range s.Checks {
		ids = append(ids, c.ID)
	}
	want := []string{"size-in-udp", "size-in-tcp", "size-in-tls", "size-out-udp", "size-out-tcp", "size-out-tls", "dscp-in", "dscp-out"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
}
