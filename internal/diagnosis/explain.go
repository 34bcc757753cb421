package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// A Consequence is a cause that another one explains in full: to mend that one is enough.
type Consequence struct {
	Finding
	// Why completes "…, since …".
	Why string
}

// A Reason is a cause that explains a symptom, in part at least.
type Reason struct {
	Code      string
	Direction scenarios.Direction
	// Title and Confidence are those of the cause.
	Title      string
	Confidence Confidence
}

// ranked are the findings as they are reported: symptoms first, in the order of the
// rules, then causes, the most upstream first. A cause that another one explains in full
// is among the other's consequences; symptoms name the causes that explain them.
func (v *view) ranked(found []Finding) []Finding {
	var symptoms, causes []Finding
	for _, f := range found {
		if f.Role == Symptom {
			symptoms = append(symptoms, f)
		} else {
			causes = append(causes, f)
		}
	}
	slices.SortStableFunc(causes, func(a, b Finding) int { return placeOf(a.Code).rank() - placeOf(b.Code).rank() })
	roots, at := v.folded(causes)
	for i := range symptoms {
		s := &symptoms[i]
		if s.ExplainedBy = v.reasons(*s, causes, roots, at); len(s.ExplainedBy) > 0 {
			s.Remedy = remedies(s.ExplainedBy)
		}
	}
	return append(symptoms, v.settings(roots, symptoms)...)
}

// folded moves each cause that another one explains to the most upstream that does. It
// returns those that are left, and for each cause its place, or its root's, among them.
func (v *view) folded(causes []Finding) (roots []Finding, at []int) {
	for i, f := range causes {
		at = append(at, len(roots))
		for j := range i {
			if e, ok := v.explains(causes[j], f); ok {
				at[i] = at[j]
				to := &roots[at[i]]
				to.Consequences = append(to.Consequences, Consequence{Finding: f, Why: e.Why})
				break
			}
		}
		if at[i] == len(roots) {
			roots = append(roots, f)
		}
	}
	return roots, at
}

// reasons are the causes that explain a symptom; one that was folded is there by its root.
func (v *view) reasons(symptom Finding, causes, roots []Finding, at []int) []Reason {
	var out []Reason
	for i, c := range causes {
		root := roots[at[i]]
		r := Reason{Code: root.Code, Direction: root.Direction, Title: root.Title, Confidence: root.Confidence}
		if _, ok := v.explains(c, symptom); ok && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// remedies lead to the causes, whose remedies are the ones to apply.
func remedies(causes []Reason) []string {
	var out []string
	for _, r := range causes {
		out = append(out, fmt.Sprintf("Mend the cause: %s (%s).", strings.TrimSuffix(r.Title, "."), r.Code))
	}
	return out
}

// explains reports whether a cause explains another finding: a symptom in part at least,
// a cause in full.
func (v *view) explains(cause, f Finding) (explain, bool) {
	e, ok := placeOf(cause.Code).explaining(f.Code)
	if !ok || !e.fits(cause.Direction, f.Direction) {
		return e, false
	}
	if e.If != "" && !conditions()[e.If](v, cause, f) {
		return e, false
	}
	if f.Role == Symptom {
		return e, v.meet(cause, f)
	}
	return e, v.covers(cause, f) && (cause.Confidence == Proven || f.Confidence == Likely || e.Certain)
}

// fits reports whether the directions of a cause and of what it explains go together.
func (e explain) fits(cause, f scenarios.Direction) bool {
	switch {
	case cause == "" || f == "" || e.Direction == "any":
		return true
	case e.Direction == "opposite":
		return f == opposite(cause)
	}
	return f == cause
}

// meet reports whether two findings have a check in common. Where one names no checks
// it is about its transports, or without any about the site as a whole.
func (v *view) meet(a, b Finding) bool {
	if len(a.Checks) == 0 || len(b.Checks) == 0 {
		return overlap(v.over(a), v.over(b))
	}
	return overlap(v.bases(a), v.bases(b))
}

// overlap reports whether two lists have something in common, or one is empty.
func overlap[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}

// over are the transports of a finding and of its checks.
func (v *view) over(f Finding) []sipprobe.Transport {
	out := slices.Clone(f.transports)
	for _, c := range v.Checks {
		if slices.Contains(f.Checks, c.ID) {
			out = append(out, sipprobe.Transport(c.Transport))
		}
	}
	return out
}

// covers reports whether all checks of a finding are among those of a cause.
func (v *view) covers(cause, f Finding) bool {
	if len(cause.Checks) == 0 {
		return true
	}
	in := v.bases(cause)
	return len(f.Checks) > 0 && !slices.ContainsFunc(v.bases(f), func(id string) bool { return !slices.Contains(in, id) })
}

// bases are the checks of a finding, controls by the check that they are the control for.
func (v *view) bases(f Finding) []string {
	var out []string
	for _, id := range f.Checks {
		for _, c := range v.Checks {
			if c.ID == id && c.Control != "" {
				id = c.Control
				break
			}
		}
		out = append(out, id)
	}
	return out
}
