package evidence_test

import (
	"testing"

	"bothways/internal/evidence"
)

// TestALateProbeTellsNothing: where a client stood still before it tried a binding, the responder may have listened no longer.
func TestALateProbeTellsNothing(t *testing.T) {
	for name, row := range map[string]struct {
		idledMs float64
		arrived int
		want    *bool
	}{
		"in time and lost":     {30_400, 0, new(false)},
		"late and lost":        {35_000, 0, nil},
		"late, and it arrived": {35_000, 3, new(true)},
	} {
		facts := &evidence.IdleFacts{Bindings: []evidence.BindingTrial{{
			IdleMs:  30_000,
			Outside: &evidence.BindingOutside{Openers: 1, Answers: 1, Probes: 3, IdledMs: row.idledMs},
			Inside:  &evidence.BindingInside{Openers: 1, Answers: 1, Probes: row.arrived},
		}}}
		got := facts.Alive(0)
		if (got == nil) != (row.want == nil) || got != nil && *got != *row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
