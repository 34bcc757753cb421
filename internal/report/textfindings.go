package report

import (
	"fmt"
	"slices"
	"strings"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
)

// findings writes symptoms, then causes.
func (p *page) findings(all []Finding, verdict diagnosis.Verdict) {
	for _, part := range []struct {
		role  diagnosis.Role
		title string
		tone  diagnosis.Verdict
	}{
		{diagnosis.Symptom, "What is wrong", verdict},
		{diagnosis.Cause, "Why, and what to do", diagnosis.Degraded},
	} {
		first := true
		for _, f := range all {
			if f.Role != part.role {
				continue
			}
			if first {
				p.heading(part.title)
				first = false
			} else {
				p.blank()
			}
			p.finding(f, part.tone)
		}
	}
}

func (p *page) heading(s string) {
	p.blank()
	p.styled("", s, bold())
}

func (p *page) finding(f Finding, tone diagnosis.Verdict) {
	p.styled("  "+p.toned(tone, mark(tone))+" ", f.Title, style(tone))
	p.styled("    ", f.tags(), faint())
	p.explainedBy(f)
	for _, e := range f.Evidence {
		i := slices.IndexFunc(f.Changes, func(g diagnosis.ChangeGroup) bool { return g.String() == e })
		if i < 0 {
			p.para("    • ", e)
			continue
		}
		p.changed(f.Changes[i])
	}
	p.consequences(f.Consequences)
	heading := "To do:"
	if f.RouterRemedy != nil {
		p.routerRemedy(*f.RouterRemedy)
		heading = "To do in general:"
	}
	if len(f.ExplainedBy) == 0 { // what to do stands under the causes
		p.remedy(heading, f.Remedy)
	}
	if len(f.Routers) > 0 {
		p.routerHint(f.Routers)
	}
}

func (p *page) remedy(heading string, steps []string) {
	if len(steps) > 0 {
		p.styled("    ", heading, bold())
	}
	for i, step := range steps {
		p.para(fmt.Sprintf("    %d. ", i+1), step)
	}
}

// explainedBy leads from a symptom to its causes.
func (p *page) explainedBy(f Finding) {
	for _, r := range f.ExplainedBy {
		word := "Cause"
		if r.Confidence == diagnosis.Likely {
			word = "Likely cause"
		}
		p.para("    → ", fmt.Sprintf("%s: %s (%s)", word, strings.TrimSuffix(r.Title, "."), r.Code))
	}
}

// consequences names what else a cause explains, that of one code and reason in one line.
func (p *page) consequences(all []Consequence) {
	titles := make(map[[2]string][]string)
	for _, c := range all {
		key := [2]string{c.Code, c.Why}
		titles[key] = append(titles[key], strings.TrimSuffix(c.Title, "."))
	}
	for _, c := range all {
		key := [2]string{c.Code, c.Why}
		if t := titles[key]; t != nil {
			p.para("    ↳ ", fmt.Sprintf("This also explains: %s (%s), since %s.", strings.Join(t, "; "), c.Code, c.Why))
			delete(titles, key)
		}
	}
}

// tags are the words that scripts match on.
func (f Finding) tags() string {
	tags := []string{f.Code}
	if f.Direction != nil {
		tags = append(tags, *f.Direction)
	}
	return strings.Join(append(tags, string(f.Confidence)), " • ")
}

// notes says what the reader must know beside: what was not tested, and how far.
func (p *page) notes(r Report) {
	notes := r.Run.notes()
	for _, m := range r.Remarks {
		notes = append(notes, fmt.Sprintf("%s: %s", m.Code, m.Text))
	}
	notes = append(notes, passedHops(r.Changes)...)
	notes = append(notes, skipped(r.Checks)...)
	notes = append(notes, r.untested()...)
	if len(notes) == 0 {
		return
	}
	p.heading("Notes")
	for _, n := range notes {
		p.para("  • ", n)
	}
}

func (r Run) notes() []string {
	var out []string
	if r.Interrupted != nil {
		out = append(out, r.endedEarly(*r.Interrupted))
	}
	if r.ClientBehindNAT != nil && *r.ClientBehindNAT && r.ClientInside == nil {
		out = append(out, "The client is behind a NAT of its own.")
	}
	if r.ClientInside != nil {
		out = append(out, "The client was not outside the site: "+*r.ClientInside+". What the router lets in from the Internet was not tested; "+
			"run the client on another line, such as that of a mobile phone.")
	}
	if r.Resolution != nil {
		out = append(out, r.Resolution.Notes...)
	}
	return out
}

// endedEarly says why, and what to do where nobody wanted it.
func (r Run) endedEarly(why string) string {
	text := "The run ended early: " + why + "."
	if why == evidence.StoppedByUser {
		return text
	}
	return text + " See on the responder's machine whether bothways-responder still runs and what it says there, and whether the line is up; then run the test again."
}

func skipped(checks []Check) []string {
	n := 0
	for _, c := range checks {
		if c.Verdict == diagnosis.Skipped {
			n++
		}
	}
	switch n {
	case 0, len(checks): // none, or all, which the table says
		return nil
	case 1:
		return []string{fmt.Sprintf("1 of %d checks was skipped; it does not count as passed.", len(checks))}
	}
	return []string{fmt.Sprintf("%d of %d checks were skipped; they do not count as passed.", n, len(checks))}
}

// maxNeeds is how many different needs a reader is told of in full.
const maxNeeds = 4

// untested joins the causes that lack the same thing; where many things are lacking,
// it names the causes alone.
func (r Report) untested() []string {
	var order, names []string
	codes := make(map[string][]string)
	for _, n := range r.NotTested {
		if codes[n.Needs] == nil {
			order = append(order, n.Needs)
		}
		codes[n.Needs] = append(codes[n.Needs], n.Code)
		names = append(names, n.Code)
	}
	if len(order) == 1 && r.Run.Responder == nil {
		return []string{fmt.Sprintf("Nothing else was tested. This needs %s.", order[0])}
	}
	if len(order) > maxNeeds {
		return []string{fmt.Sprintf("Not tested in this run, and not passed: %s. Under not_tested the report as JSON (--json, --out) says what each of them needs.",
			strings.Join(names, ", "))}
	}
	var out []string
	for _, needs := range order {
		out = append(out, fmt.Sprintf("Not tested: %s. This needs %s.", strings.Join(codes[needs], ", "), needs))
	}
	return out
}
