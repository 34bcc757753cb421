package report

import (
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"bothways/internal/diagnosis"
)

// A page is text under construction.
type page struct {
	width int
	color bool
	text  strings.Builder
}

func newPage(o TextOptions) *page { return &page{width: o.width(), color: o.Color} }

func (p *page) flush(w io.Writer) error {
	_, err := io.WriteString(w, p.text.String())
	return err
}

// line writes a line without the blanks at its end.
func (p *page) line(s string) {
	p.text.WriteString(strings.TrimRight(s, " "))
	p.text.WriteByte('\n')
}

// blank writes an empty line.
func (p *page) blank() { p.text.WriteByte('\n') }

// para writes text after a lead, wrapped to the width; further lines hang below its
// first word. The lead may be styled already.
func (p *page) para(lead, text string) { p.styled(lead, text, lipgloss.NewStyle()) }

// styled is para with a style for the text.
func (p *page) styled(lead, text string, s lipgloss.Style) {
	indent := lipgloss.Width(lead)
	for i, l := range wrap(text, max(p.width-indent, minWidth/2)) {
		if i > 0 {
			lead = strings.Repeat(" ", indent)
		}
		p.line(lead + p.style(s).Render(l))
	}
}

// style is the style, or none at all where there shall be no colour.
func (p *page) style(s lipgloss.Style) lipgloss.Style {
	if p.color {
		return s
	}
	return lipgloss.NewStyle()
}

func bold() lipgloss.Style  { return lipgloss.NewStyle().Bold(true) }
func faint() lipgloss.Style { return lipgloss.NewStyle().Foreground(lipgloss.BrightBlack) }

// toned colours text by a verdict.
func (p *page) toned(v diagnosis.Verdict, s string) string {
	return p.style(style(v)).Render(s)
}

// style is the style of a verdict.
func style(v diagnosis.Verdict) lipgloss.Style {
	s := lipgloss.NewStyle().Bold(true)
	switch v {
	case diagnosis.Pass:
		return s.Foreground(lipgloss.Green)
	case diagnosis.Degraded:
		return s.Foreground(lipgloss.Yellow)
	case diagnosis.Fail:
		return s.Foreground(lipgloss.Red)
	case diagnosis.Inconclusive:
		return s.Foreground(lipgloss.Magenta)
	}
	return lipgloss.NewStyle().Foreground(lipgloss.BrightBlack)
}

// mark is the sign of a verdict.
func mark(v diagnosis.Verdict) string {
	switch v {
	case diagnosis.Pass:
		return "✓"
	case diagnosis.Degraded:
		return "!"
	case diagnosis.Fail:
		return "✗"
	case diagnosis.Inconclusive:
		return "?"
	}
	return "–"
}
