package cli

import (
	"fmt"
	"os"
	"text/tabwriter"

	"bothways/internal/console"
	"bothways/internal/diagnosis"
	"bothways/internal/report"
	"bothways/scenarios"
)

type scenariosCmd struct {
	List  listCmd  `cmd:"" default:"1" help:"List the scenarios that ship."`
	Show  showCmd  `cmd:"" help:"Print one as YAML."`
	Check checkCmd `cmd:"" help:"Say whether a file is a scenario."`
}

type listCmd struct{}

// Run lists the scenarios.
func (listCmd) Run(s console.Streams) error {
	all, err := scenarios.List()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, sc := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\n", sc.Name, checks(len(sc.Checks)), sc.Title)
	}
	return w.Flush()
}

func checks(n int) string {
	if n == 1 {
		return "1 check"
	}
	return fmt.Sprintf("%d checks", n)
}

type showCmd struct {
	Name string `arg:"" help:"Name of a scenario."`
}

// Run prints a scenario.
func (c *showCmd) Run(s console.Streams) error {
	text, err := scenarios.Source(c.Name)
	if err != nil {
		return err
	}
	_, err = s.Out.Write(text)
	return err
}

type checkCmd struct {
	File string `arg:"" type:"existingfile" help:"A scenario file."`
}

// Run checks a scenario file.
func (c *checkCmd) Run(s console.Streams) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	sc, err := scenarios.Load(c.File, f)
	if err != nil {
		return console.Hint(err, "bothways scenarios show trunk prints one to start from")
	}
	fmt.Fprintf(s.Out, "%s: scenario %s, %s\n", c.File, sc.Name, checks(len(sc.Checks)))
	return nil
}

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
