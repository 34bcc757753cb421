package lab_test

import (
	"os"
	"testing"
	"time"

	"bothways/internal/lab"
	"bothways/internal/natlab"
)

func TestMain(m *testing.M) { os.Exit(natlab.Main(m.Run)) }

// TestFaults runs every fault through the real NATs: what was planted must be
// reported, and nothing else.
func TestFaults(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	// go test ends a package after 10 minutes, and the other tests of this one want some too.
	const wants = 12 * time.Minute
	if deadline, ok := t.Deadline(); ok && time.Until(deadline) < wants {
		t.Skipf("all faults and the other tests of the lab take up to %v, and go test would end them in %v: give it -timeout 30m", wants, time.Until(deadline).Round(time.Second))
	}
	lab.Sides(lab.Faults(), lab.DefaultParallel, func(f lab.Fault) {
		t.Run(f.Name, func(t *testing.T) { reported(t, f) })
	})
}

// reported fails the test unless a run through the fault reports what was planted.
func reported(t *testing.T, f lab.Fault) {
	if len(f.Topology.SIPHelper) > 0 {
		if err := natlab.SIPHelperSupported(t.Context()); err != nil {
			t.Skip(err)
		}
	}
	c := lab.Try(t.Context(), f, lab.Options{Overrides: lab.Quickly(), Version: "test"})
	if c.Err != nil {
		t.Fatal(c.Err)
	}
	if c.Tries > 1 {
		t.Logf("%d tries: the machine was too busy", c.Tries)
	}
	natsAsBuilt(t, c.Outcome)
	if c.OK() {
		return
	}
	t.Errorf("verdict %s, want %s; missed %v, false %v; never acted %v", c.Diagnosis.Verdict, f.Verdict, c.Missed, c.False, c.Unplanted())
	for _, c := range c.Diagnosis.Checks {
		t.Logf("%-22s %-12s %s", c.ID, c.Verdict, c.Summary)
	}
	for _, f := range c.Diagnosis.Findings {
		t.Logf("%s %s %s %v", f.Role, f.Code, f.Direction, f.Evidence)
	}
}

// TestFaultsAreData holds the table against itself.
func TestFaultsAreData(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range lab.Faults() {
		if seen[f.Name] || f.Title == "" || f.Verdict == "" {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
	}
	if _, err := lab.Find("no-such-fault"); err == nil {
		t.Error("a fault was found that does not exist")
	}
}
