package report

import (
	"io"

	"bothways/internal/diagnosis"
)

// TextOptions say how text is laid out.
type TextOptions struct {
	// Color turns on ANSI colours.
	Color bool
	// Width is the number of columns, 0 = 80. Fewer than 40 are taken as 40.
	Width int
}

const (
	defaultWidth = 80
	minWidth     = 40
)

func (o TextOptions) width() int {
	if o.Width == 0 {
		return defaultWidth
	}
	return max(o.Width, minWidth)
}

// WriteText writes the report for a person: the verdict first, then the checks, then
// what was found, then notes.
func WriteText(w io.Writer, r Report, o TextOptions) error {
	p := newPage(o)
	p.verdict(r)
	p.run(r.Run)
	p.checks(r.Checks)
	p.ports(r.Checks)
	p.timelines(r.Checks)
	p.differences(r.Differences)
	p.findings(r.Findings, r.Verdict)
	p.notes(r)
	return p.flush(w)
}

// WriteCauses writes the catalogue, one line for each entry.
func WriteCauses(w io.Writer, entries []diagnosis.Entry, o TextOptions) error {
	p := newPage(o)
	p.catalogue(entries)
	return p.flush(w)
}

// WriteRouters writes the routers, one line for each.
func WriteRouters(w io.Writer, all []diagnosis.Router, o TextOptions) error {
	p := newPage(o)
	p.routers(all)
	return p.flush(w)
}

// WriteRouter writes all that is known of one router.
func WriteRouter(w io.Writer, r diagnosis.Router, o TextOptions) error {
	p := newPage(o)
	p.router(r)
	return p.flush(w)
}

// WriteCause writes all that the catalogue says of one entry.
func WriteCause(w io.Writer, e diagnosis.Entry, o TextOptions) error {
	p := newPage(o)
	p.entry(e)
	return p.flush(w)
}
