package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// An Error is one thing that is wrong with a scenario, and where.
type Error struct {
	// File is the file's name as it was given; for a scenario that ships, NAME.yaml.
	File string
	// Line and Column count from 1; both are 0 where the whole file is meant. Columns
	// count characters.
	Line, Column int
	// Message says what is wrong and what was expected.
	Message string
}

// Error is "file:line:column: message", as editors and compilers have it.
func (e Error) Error() string {
	switch {
	case e.File == "":
		return e.Message
	case e.Line == 0:
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Errors are all that is wrong with a scenario, in the order of its lines.
type Errors []Error

// Error has a line for each error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each error one that errors.As finds.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i := range e {
		out[i] = e[i]
	}
	return out
}

// maxErrors is how many errors of one file are told: more help nobody.
const maxErrors = 20

// problems gathers what is wrong.
type problems struct{ all Errors }

// at notes an error at a node; nil stands for nowhere.
func (p *problems) at(n *node, format string, args ...any) {
	e := Error{Message: fmt.Sprintf(format, args...)}
	if n != nil {
		e.File, e.Line, e.Column = n.file, n.line, n.column
		n.bad = true
	}
	if !slices.Contains(p.all, e) {
		p.all = append(p.all, e)
	}
}

// err is nil when nothing is wrong. Errors are sorted within each file, and the files
// stand in the order in which something was first wrong with them.
func (p *problems) err() error {
	if len(p.all) == 0 {
		return nil
	}
	var files []string
	for _, e := range p.all {
		if !slices.Contains(files, e.File) {
			files = append(files, e.File)
		}
	}
	slices.SortStableFunc(p.all, func(a, b Error) int {
		if a.File != b.File {
			return slices.Index(files, a.File) - slices.Index(files, b.File)
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	if more := len(p.all) - maxErrors; more > 0 {
		p.all = append(p.all[:maxErrors:maxErrors], Error{File: p.all[0].File, Message: fmt.Sprintf("and %d more", more)})
	}
	return p.all
}

// didYouMean is "; did you mean "x"?", or empty when no word of the list comes near.
func didYouMean(given string, words []string) string {
	near := Nearest(strings.ToLower(given), words)
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}

// quoted is what a person wrote, cut where it is long.
func quoted(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
