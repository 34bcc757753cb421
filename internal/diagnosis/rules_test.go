package diagnosis

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis/diagnosistest"
)

// TestEachRuleIsNeeded takes each rule away in turn: a run must lose a finding.
func TestEachRuleIsNeeded(t *testing.T) {
	t.Parallel()
	runs := diagnosistest.Runs()
	with := make([][]string, len(runs))
	for j, run := range runs {
		with[j] = codes(diagnose(run.Evidence, rules()))
	}
	for i, r := range rules() {
		t.Run(r.Code, func(t *testing.T) {
			without := slices.Delete(rules(), i, i+1)
			for j, run := range runs {
				if slices.Contains(with[j], r.Code) && !slices.Contains(codes(diagnose(run.Evidence, without)), r.Code) {
					return
				}
			}
			t.Error("no run changes without this rule")
		})
	}
}

func codes(d Diagnosis) []string {
	var out []string
	for _, f := range d.Findings {
		out = append(out, f.Code)
		for _, c := range f.Consequences {
			out = append(out, c.Code)
		}
	}
	return out
}

func TestRulesAreInTheCatalogue(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range rules() {
		if _, ok := find(r.Code); !ok || seen[r.Code] {
			t.Errorf("rule %q: in the catalogue %t, there before %t", r.Code, ok, seen[r.Code])
		}
		seen[r.Code] = true
	}
	for _, e := range Catalogue() {
		if e.Decided != seen[e.Code] {
			t.Errorf("%s: decided %t, has a rule %t", e.Code, e.Decided, seen[e.Code])
		}
	}
}

// TestCatalogueNamesTheLimit holds that the words say what the rule does.
func TestCatalogueNamesTheLimit(t *testing.T) {
	if e, _ := find("rate-limited"); !strings.Contains(e.Proof, grouped(tightPPS)+" packets") {
		t.Errorf("the proof does not name %s: %s", grouped(tightPPS), e.Proof)
	}
}

func TestValues(t *testing.T) {
	v := values{"port": "UDP 5060", "empty": ""}
	tests := []struct{ text, want string }{
		{"{port|a port} is shut", "UDP 5060 is shut"},
		{"{other|a port} is shut", "a port is shut"},
		{"{empty|nothing} and {port|}", "nothing and UDP 5060"},
		{"plain {text}", "plain {text}"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, v.fill(tt.text)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCondense(t *testing.T) {
	tale := func(check, kind string) account { return account{check, kind, "all of it", "some"} }
	got := condense([]account{tale("a", "x"), tale("b", "x"), tale("c", "y"), tale("d", "x")})
	want := []string{"a: all of it.", "Likewise b (some) and d (some).", "c: all of it."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
