package diagnosis

import (
	"slices"
	"strings"
	"testing"

	"bothways/internal/diagnosis/diagnosistest"
)

// TestEachCauseHasItsPlace holds the order of causes against the catalogue and itself.
func TestEachCauseHasItsPlace(t *testing.T) {
	used := make(map[string]bool)
	for _, e := range loaded() {
		n := len(slices.DeleteFunc(slices.Clone(places()), func(p place) bool { return p.Code != e.Code }))
		if want := map[Role]int{Cause: 1}[e.Role]; n != want {
			t.Errorf("%s has %d places in upstream.yaml, want %d", e.Code, n, want)
		}
	}
	for _, p := range places() {
		if _, ok := find(p.Code); !ok || !slices.Contains(stages(), p.Stage) {
			t.Errorf("%s: in the catalogue %t, stage %q", p.Code, ok, p.Stage)
		}
		for _, e := range p.Explains {
			of, ok := find(e.Code)
			if _, known := conditions()[e.If]; !ok || e.If != "" && !known || !slices.Contains([]string{"", "opposite", "any"}, e.Direction) {
				t.Errorf("%s explains %s: in the catalogue %t, if %q, direction %q", p.Code, e.Code, ok, e.If, e.Direction)
			}
			if (e.Why != "") != (of.Role == Cause) {
				t.Errorf("%s explains %s, a %s: why %q", p.Code, e.Code, of.Role, e.Why)
			}
			if of.Role == Cause && placeOf(e.Code).rank() <= p.rank() {
				t.Errorf("%s explains %s, which is upstream of it", p.Code, e.Code)
			}
			used[e.If] = true
		}
	}
	for name := range conditions() {
		if !used[name] {
			t.Errorf("nothing asks whether %q", name)
		}
	}
}

// TestEachExplanationActs looks for a run that each explanation is for.
func TestEachExplanationActs(t *testing.T) {
	t.Parallel()
	acts := make(map[[2]string]bool)
	for _, r := range diagnosistest.Ranked() {
		v := newView(r.Evidence)
		found := v.found(rules())
		for _, a := range found {
			for _, b := range found {
				if _, ok := v.explains(a, b); ok && a.Role == Cause {
					acts[[2]string{a.Code, b.Code}] = true
				}
			}
		}
	}
	for _, p := range places() {
		for _, e := range p.Explains {
			if !acts[[2]string{p.Code, e.Code}] {
				t.Errorf("in no run %s explains %s", p.Code, e.Code)
			}
		}
	}
}

// TestEachExplanationHasANearMiss: where the two causes have nothing to do with each
// other, they stand side by side.
func TestEachExplanationHasANearMiss(t *testing.T) {
	t.Parallel()
	missed := make(map[string]bool)
	for _, r := range diagnosistest.NearMisses() {
		cause, of, _ := strings.Cut(r.Name, " ")
		all := Diagnose(r.Evidence).Findings
		for _, code := range []string{cause, of} {
			if !slices.ContainsFunc(all, func(f Finding) bool { return f.Code == code && f.Role == Cause }) {
				t.Errorf("%s: %s is not listed: %v", r.Name, code, codes(Diagnosis{Findings: all}))
			}
		}
		missed[r.Name] = true
	}
	for _, p := range places() {
		for _, e := range p.Explains {
			if name := p.Code + " " + e.Code; e.Why != "" && !missed[name] {
				t.Errorf("no near miss for %q", name)
			}
		}
	}
}

// TestSymptomsLeadToTheirCauses: what to do stands with the causes where there are any, and
// with the symptom where there are none.
func TestSymptomsLeadToTheirCauses(t *testing.T) {
	t.Parallel()
	explained, bare := 0, 0
	for _, r := range diagnosistest.Runs() {
		for _, f := range Diagnose(r.Evidence).Findings {
			if f.Role != Symptom {
				continue
			}
			for i, c := range f.ExplainedBy {
				explained++
				if len(f.Remedy) != len(f.ExplainedBy) || !strings.Contains(f.Remedy[i], "Mend the cause: ") || !strings.Contains(f.Remedy[i], c.Code) {
					t.Errorf("%s: %s: %q", r.Name, f.Code, f.Remedy)
				}
			}
			if len(f.ExplainedBy) == 0 {
				bare++
				if len(f.Remedy) == 0 || strings.Contains(strings.Join(f.Remedy, " "), "cause") {
					t.Errorf("%s: %s: %q", r.Name, f.Code, f.Remedy)
				}
			}
		}
	}
	if explained == 0 || bare == 0 {
		t.Error(explained, bare)
	}
}

// TestCoincidencesAreNone: a symptom names no cause that has nothing to do with it.
func TestCoincidencesAreNone(t *testing.T) {
	for _, r := range diagnosistest.Coincidences() {
		cause, symptom, _ := strings.Cut(r.Name, " ")
		all := Diagnose(r.Evidence).Findings
		met := 0
		for _, f := range all {
			if f.Code == symptom || f.Code == cause {
				met++
			}
			if f.Code == symptom && slices.ContainsFunc(f.ExplainedBy, func(r Reason) bool { return r.Code == cause }) {
				t.Errorf("%s: %+v", r.Name, f.ExplainedBy)
			}
		}
		if met < 2 {
			t.Errorf("%s do not meet: %v", r.Name, codes(Diagnosis{Findings: all}))
		}
	}
}

// TestNothingVanishes: whatever the rules find is in the diagnosis, beside or folded.
func TestNothingVanishes(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosistest.Ranked() {
		v := newView(r.Evidence)
		all := codes(Diagnose(r.Evidence))
		if found := v.found(rules()); len(found) != len(all) {
			t.Errorf("%s: %d found, reported %v", r.Name, len(found), all)
		}
	}
}

// TestUpstreamFirst: causes are listed in the order of the stages, whatever order the
// rules have.
func TestUpstreamFirst(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosistest.Ranked() {
		found := newView(r.Evidence).found(rules())
		slices.Reverse(found)
		last := -1
		for _, f := range newView(r.Evidence).ranked(found) {
			if f.Role == Symptom {
				continue
			}
			if rank := placeOf(f.Code).rank(); rank < last {
				t.Errorf("%s: %s stands too low", r.Name, f.Code)
			} else {
				last = rank
			}
		}
	}
}
