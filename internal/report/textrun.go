package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"

	"bothways/internal/diagnosis"
)

func (p *page) verdict(r Report) {
	word := mark(r.Verdict) + " " + strings.ToUpper(string(r.Verdict))
	p.styled(p.toned(r.Verdict, word)+"  ", r.Summary, bold())
}

// run says in a line or two what was run, and between which programs.
func (p *page) run(r Run) {
	parts := []string{r.target(), "scenario " + r.Scenario, r.Started.UTC().Format("2006-01-02 15:04 MST")}
	parts = append(parts, (time.Duration(r.DurationMs) * time.Millisecond).Round(100*time.Millisecond).String())
	p.styled("  ", strings.Join(parts, " • "), faint())
	if r.Resolution != nil {
		p.styled("  ", r.Resolution.line(), faint())
	}
	p.styled("  ", r.programs(), faint())
	p.styled("  ", "run "+r.ID, faint())
}

func (r Run) target() string {
	address := "address unknown"
	if r.Address != nil {
		address = *r.Address
	}
	switch {
	case r.Embedded:
		return "embedded responder at " + address
	case r.Target == "" || r.Target == address:
		return address
	}
	return fmt.Sprintf("%s (%s)", r.Target, address)
}

func (r Run) programs() string {
	responder := "responder not reached"
	if r.Responder != nil {
		responder = "responder " + r.Responder.String()
	}
	how := "not paired"
	if r.PairingTransport != nil {
		how = "paired over " + strings.ToUpper(*r.PairingTransport)
	}
	return fmt.Sprintf("client %s • %s • %s", r.Client, responder, how)
}

// String is the program's version and platform.
func (p Program) String() string { return fmt.Sprintf("%s (%s/%s)", p.Version, p.OS, p.Arch) }

// checks writes the table of checks.
func (p *page) checks(checks []Check) {
	if len(checks) == 0 {
		return
	}
	if allSkipped(checks) {
		checks = []Check{{ID: fmt.Sprintf("all %d checks", len(checks)), Verdict: diagnosis.Skipped, Summary: checks[0].Summary}}
	}
	widths := p.columns(checks)
	rule := lipgloss.Border{Top: "─", Middle: "─", MiddleTop: "─"}
	t := table.New().Headers("Result", "Check", "What was seen").Wrap(true).
		Border(rule).BorderStyle(p.style(faint())).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).BorderHeader(true)
	for _, c := range checks {
		t.Row(mark(c.Verdict)+" "+string(c.Verdict), strings.Join(wrap(c.name(), widths[1]-gap), "\n"),
			strings.Join(append(c.purpose(widths[2]), clauses(c.Summary, widths[2])...), "\n"))
	}
	t.StyleFunc(p.cells(checks, widths))
	p.blank()
	for l := range strings.SplitSeq(t.Render(), "\n") {
		p.line("  " + l)
	}
}

// allSkipped reports whether there are several checks, and all were skipped for one reason.
func allSkipped(checks []Check) bool {
	return len(checks) > 1 && !slices.ContainsFunc(checks, func(c Check) bool {
		return c.Verdict != diagnosis.Skipped || c.Summary != checks[0].Summary
	})
}

// name is the check's ID, and whether it decides the verdict.
func (c Check) name() string {
	switch {
	case c.Control != nil:
		return c.ID + " (control)"
	case c.Optional:
		return c.ID + " (optional)"
	}
	return c.ID
}

// purpose is what the check is for, in lines; the summary of a port says it itself.
func (c Check) purpose(width int) []string {
	if c.Purpose == nil || c.Port != nil {
		return nil
	}
	return wrap(*c.Purpose, width)
}

// gap is the space between columns.
const gap = 2

// columns are the widths of the table's columns with their gaps: as wide as their
// words, the last as wide as is left.
func (p *page) columns(checks []Check) []int {
	first, second := len("Result"), len("Check")
	for _, c := range checks {
		first = max(first, lipgloss.Width(string(c.Verdict))+2)
		second = max(second, lipgloss.Width(c.name()))
	}
	second = min(second, p.width/4)
	return []int{first + gap, second + gap, max(p.width-2-first-second-2*gap, minWidth/2)}
}

func (p *page) cells(checks []Check, widths []int) table.StyleFunc {
	return func(row, col int) lipgloss.Style {
		s := lipgloss.NewStyle()
		switch {
		case row == table.HeaderRow:
			s = p.style(bold())
		case col == 0 && row < len(checks):
			s = p.style(style(checks[row].Verdict))
		}
		return s.Width(widths[min(col, len(widths)-1)])
	}
}
