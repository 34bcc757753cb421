package cli

import (
	"fmt"

	"bothways/internal/console"
	"bothways/internal/diagnosis"
	"bothways/internal/report"
)

type causesCmd struct {
	Code string `arg:"" optional:"" help:"Code of a finding."`
}

// Run explains one finding, or lists them all.
func (c *causesCmd) Run(s console.Streams) error {
	options := textOptions(s)
	if c.Code == "" {
		return report.WriteCauses(s.Out, diagnosis.Catalogue(), options)
	}
	entry, ok := diagnosis.Lookup(c.Code)
	if !ok {
		err := fmt.Errorf("no finding %q", c.Code)
		if near := diagnosis.Nearest(c.Code); near != "" {
			return console.Hint(err, "did you mean %s? bothways causes lists them all", near)
		}
		return console.Hint(err, "bothways causes lists them all")
	}
	return report.WriteCause(s.Out, entry, options)
}
