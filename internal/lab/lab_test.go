package lab_test

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/scenarios"
)

func TestMain(m *testing.M) { os.Exit(natlab.Main(m.Run)) }

// TestFaults runs every fault through the real NATs: what was planted must be
// reported, and nothing else.
func TestFaults(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	for _, f := range lab.Faults() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			o := undisturbed(t, f)
			for _, c := range o.Counters {
				if c.Packets == 0 {
					t.Errorf("%s never acted", c.Rule)
				}
			}
			if o.OK() {
				return
			}
			t.Errorf("verdict %s, want %s; missed %v, false %v", o.Diagnosis.Verdict, f.Verdict, o.Missed, o.False)
			for _, c := range o.Diagnosis.Checks {
				t.Logf("%-22s %-12s %s", c.ID, c.Verdict, c.Summary)
			}
			for _, f := range o.Diagnosis.Findings {
				t.Logf("%s %s %s %v", f.Role, f.Code, f.Direction, f.Evidence)
			}
		})
	}
}

// quickly spares the tests what a real line needs: long talks and a careful start.
func quickly() scenarios.Overrides {
	return scenarios.Overrides{Talk: 2 * time.Second, RatePPS: 20_000}
}

// undisturbed runs a fault again when the run itself says that this machine was too
// busy to take part: such a run proves nothing about the fault.
func undisturbed(t *testing.T, f lab.Fault) lab.Outcome {
	t.Helper()
	const tries = 3
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		o, err := lab.Run(ctx, f, lab.Options{Overrides: quickly(), Version: "test"})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(o.False, "local-fault") || try == tries {
			return o
		}
		t.Logf("try %d: the machine was too busy", try)
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
