package lab_test

import (
	"slices"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/lab"
)

// notPlanted are the codes that the lab does not plant, each with the reason. What is
// planted one day must leave this list.
func notPlanted() map[string]string {
	return map[string]string{
		"local-fault":           "a machine that fails would fail the whole lab; its kernels are one and the same",
		"wrong-key":             "no matter of the network; the commands' own tests try it",
		"peer-version-mismatch": "one binary is both ends of the lab; the wire's tests try it",
		"audio-looped":          "what an end sends, not what a network does; scenarios and fixtures have it",
	}
}

// TestEveryFindingIsPlantedAndTold holds the catalogue against the rules, the words, and
// what the lab or a fixture plants.
func TestEveryFindingIsPlantedAndTold(t *testing.T) {
	planted, fixed := make(map[string]string), make(map[string]string)
	for _, f := range lab.Faults() {
		for _, code := range f.Expect {
			planted[code] = f.Name
		}
	}
	for _, r := range diagnosistest.Runs() {
		for _, f := range diagnosis.Diagnose(r.Evidence).Findings {
			fixed[f.Code] = r.Name
			for _, c := range f.Consequences {
				fixed[c.Code] = r.Name
			}
		}
	}
	for _, e := range diagnosis.Catalogue() {
		why, excused := notPlanted()[e.Code]
		switch {
		case !e.Decided:
			t.Errorf("%s has no rule", e.Code)
		case e.Title == "" || e.Means == "" || e.Proof == "" || len(e.Remedy) == 0:
			t.Errorf("%s lacks words: %+v", e.Code, e)
		case fixed[e.Code] == "":
			t.Errorf("%s comes out of no fixture", e.Code)
		case planted[e.Code] == "" && why == "":
			t.Errorf("%s is not planted in the lab, and nobody says why", e.Code)
		case planted[e.Code] != "" && excused:
			t.Errorf("%s is planted (%s), and said not to be", e.Code, planted[e.Code])
		}
		t.Logf("%-30s %-26s lab: %-26s fixture: %s", e.Code, e.Role, planted[e.Code]+why, fixed[e.Code])
	}
	for code := range notPlanted() {
		if !slices.ContainsFunc(diagnosis.Catalogue(), func(e diagnosis.Entry) bool { return e.Code == code }) {
			t.Errorf("%s is not in the catalogue", code)
		}
	}
}
