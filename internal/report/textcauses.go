package report

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"bothways/internal/diagnosis"
)

// notDecided marks entries that no rule can name yet.
const notDecided = "not decided by this version"

// catalogue lists entries by role, those that this version decides first.
func (p *page) catalogue(entries []diagnosis.Entry) {
	widest := 0
	for _, e := range entries {
		widest = max(widest, len(e.Code))
	}
	parts := []struct {
		title string
		is    func(diagnosis.Entry) bool
	}{
		{"Symptoms", func(e diagnosis.Entry) bool { return e.Role == diagnosis.Symptom && e.Decided }},
		{"Causes", func(e diagnosis.Entry) bool { return e.Role == diagnosis.Cause && e.Decided }},
		{strings.ToUpper(notDecided[:1]) + notDecided[1:], func(e diagnosis.Entry) bool { return !e.Decided }},
	}
	first := true
	for _, part := range parts {
		if !first {
			p.blank()
		}
		first = false
		p.styled("", part.title, bold())
		for _, e := range entries {
			if part.is(e) {
				p.para("  "+e.Code+strings.Repeat(" ", widest-lipgloss.Width(e.Code)+2), e.Title)
			}
		}
	}
}

func (p *page) entry(e diagnosis.Entry) {
	p.styled("", e.Title, bold())
	tags := []string{e.Code, string(e.Role)}
	if !e.Decided {
		tags = append(tags, notDecided)
	}
	p.styled("", strings.Join(tags, " • "), faint())
	p.blank()
	p.para("", e.Means)
	p.heading("How it is proven")
	p.para("  ", e.Proof)
	if len(e.Remedy) == 0 {
		return
	}
	p.heading("What to do")
	for i, step := range e.Remedy {
		p.para(fmt.Sprintf("  %d. ", i+1), step)
	}
	if names := diagnosis.RoutersFor(e.Code); len(names) > 0 {
		p.heading("Routers with steps of their own (bothways routers NAME)")
		p.para("  ", strings.Join(names, ", "))
	}
}
