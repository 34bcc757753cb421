package report

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"bothways/internal/diagnosis"
)

// routerRemedy writes what to do on the router that was named.
func (p *page) routerRemedy(m RouterRemedy) {
	p.styled("    ", "To do on the router, "+m.Title+":", bold())
	p.recipe("    ", m.Steps, m.Commands, m.Check)
}

// recipe writes steps, commands and the check that follows them.
func (p *page) recipe(indent string, steps, commands []string, check string) {
	for i, step := range steps {
		p.para(fmt.Sprintf("%s%d. ", indent, i+1), step)
	}
	for _, c := range commands {
		p.line(indent + "     " + p.style(command()).Render(c)) // never wrapped: it is copied
	}
	p.para(indent+"Check: ", check)
}

func command() lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.Cyan) }

// routerHint says in one line which routers --router knows for a finding, as many as fit.
func (p *page) routerHint(names []string) {
	text := ""
	for n := len(names); n > 0; n-- {
		text = "--router NAME gives the exact switch: " + some(names, n) + "."
		if lipgloss.Width(text)+4 <= p.width {
			break
		}
	}
	p.styled("    ", text, faint())
}

// some names the first n, and how many more there are.
func some(names []string, n int) string {
	if n == len(names) {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

// routers lists routers by name.
func (p *page) routers(all []diagnosis.Router) {
	widest := 0
	for _, r := range all {
		widest = max(widest, len(r.Name))
	}
	for _, r := range all {
		p.para("  "+r.Name+strings.Repeat(" ", widest-len(r.Name)+2), r.Title)
	}
}

// router writes all that is known of one.
func (p *page) router(r diagnosis.Router) {
	p.styled("", r.Title, bold())
	p.styled("", strings.Join(slices.Concat([]string{r.Name}, r.Aliases), " • "), faint())
	p.styled("", "for "+r.Covers, faint())
	for _, m := range r.Remedies {
		p.heading(m.Title)
		p.styled("  ", strings.Join(m.Codes, " • "), faint())
		p.recipe("  ", m.Steps, m.Commands, m.Check)
		p.styled("  Source: ", m.Source, faint())
	}
}
