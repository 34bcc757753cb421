package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"bothways/internal/console"
	"bothways/internal/diagnosis"
)

type matrixCmd struct {
	Faults   []string `arg:"" optional:"" help:"Names of faults; all of them by default."`
	Parallel int      `default:"8" placeholder:"N" help:"Faults to run side by side (${default}). Those that sweep run one after the other."`
	Quiet    bool     `help:"Show no progress."`
}

// Run runs the faults and prints what was planted beside what was reported; it fails
// when anything was missed or false.
func (m *matrixCmd) Run(ctx context.Context, s console.Streams) error {
	faults := Faults()
	if len(m.Faults) > 0 {
		faults = nil
		for _, name := range m.Faults {
			f, err := findFault(name)
			if err != nil {
				return err
			}
			faults = append(faults, f)
		}
	}
	start := time.Now()
	progress := func(string) {}
	if !m.Quiet {
		progress = console.NewProgress(s.Err).Say
	}
	var cells []Cell
	Matrix(ctx, faults, m.Parallel, Options{Overrides: Quickly(), Version: console.Version}, func(c Cell) {
		cells = append(cells, c)
		progress(fmt.Sprintf("%d of %d  %s %s", len(cells), len(faults), c.mark(), c.Fault.Name))
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	order := func(c Cell) int {
		return slices.IndexFunc(faults, func(f Fault) bool { return f.Name == c.Fault.Name })
	}
	slices.SortFunc(cells, func(a, b Cell) int { return order(a) - order(b) })
	wrong := printMatrix(s, cells)
	fmt.Fprintf(s.Out, "\n%d of %d reported as planted, in %s\n", len(cells)-wrong, len(cells), time.Since(start).Round(time.Second))
	if wrong > 0 {
		return console.Status(diagnosis.Fail.ExitStatus())
	}
	return nil
}

// printMatrix prints a line for each fault, and returns how many are wrong.
func printMatrix(s console.Streams, cells []Cell) (wrong int) {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  FAULT\tEXPECTED\tREPORTED\tMISSED\tFALSE\tTIME")
	for _, c := range cells {
		if !c.OK() {
			wrong++
		}
		reported := string(c.Diagnosis.Verdict) + after(c.codes())
		switch {
		case c.Err != nil:
			reported = "not run: " + c.Err.Error()
		case len(c.Unplanted()) > 0:
			reported = "not planted: never acted: " + strings.Join(c.Unplanted(), " ")
		case !c.ranked():
			reported += " (in another order: want " + strings.Join(c.Fault.Ranked, " ") + ")"
		}
		fmt.Fprintf(w, "%s %s\t%s\t%s\t%s\t%s\t%.1f s\n", c.mark(), c.Fault.Name, c.Fault.Verdict+after(c.Fault.expected()), reported,
			strings.Join(c.Missed, " "), strings.Join(c.False, " "), c.Took.Seconds())
	}
	w.Flush()
	return wrong
}

func after(codes []string) string {
	if len(codes) == 0 {
		return ""
	}
	return ": " + strings.Join(codes, " ")
}

func (c Cell) mark() string {
	if c.OK() {
		return "✓"
	}
	return "✗"
}
