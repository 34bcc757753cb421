package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"bothways/internal/console"
	"bothways/scenarios"
)

type scenariosCmd struct {
	List   listCmd   `cmd:"" default:"1" help:"List the scenarios that ship."`
	Show   showCmd   `cmd:"" help:"Print one as YAML, with what it extends and its variables put in."`
	Check  checkCmd  `cmd:"" help:"Say whether files are scenarios."`
	Schema schemaCmd `cmd:"" help:"Print the JSON Schema of scenarios, by which editors complete them."`
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

// setFlag gives variables of a scenario their values.
type setFlag struct {
	Set map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"Value of one of the scenario's variables, which bothways scenarios show lists; may be given several times."`
}

func (f setFlag) loader() scenarios.Loader { return scenarios.Loader{Set: f.Set} }

// find reads the scenario that was asked for.
func (f setFlag) find(nameOrFile string) (scenarios.Scenario, error) {
	sc, err := f.loader().Find(nameOrFile)
	return sc, scenarioHint(err, nameOrFile)
}

// scenarioHint is the next step when a scenario cannot be read.
func scenarioHint(err error, nameOrFile string) error {
	e, wrong := errors.AsType[scenarios.Error](err)
	switch {
	case wrong && e.File == "":
		return console.Hint(err, "bothways scenarios show %s lists its variables", nameOrFile)
	case wrong:
		return console.Hint(err, "bothways scenarios check FILE reads it again, bothways scenarios show trunk prints one to start from")
	}
	return console.Hint(err, "bothways scenarios lists those that ship; a file is given by its path, such as ./mine.yaml")
}

type showCmd struct {
	Name    string `arg:"" placeholder:"NAME|FILE" help:"Name of a scenario, or path of a file."`
	JSON    bool   `name:"json" help:"Print what is run, with all defaults, as one JSON object."`
	Written bool   `help:"Print it as it is written, without what it extends."`
	setFlag
}

// Run prints a scenario.
func (c *showCmd) Run(s console.Streams) error {
	if c.JSON {
		sc, err := c.find(c.Name)
		if err != nil {
			return err
		}
		out := json.NewEncoder(s.Out)
		out.SetIndent("", "  ")
		return out.Encode(sc)
	}
	read := c.loader().Text
	if c.Written {
		read = c.loader().Written
	}
	text, err := read(c.Name)
	if err != nil {
		return scenarioHint(err, c.Name)
	}
	_, err = s.Out.Write(text)
	return err
}

type checkCmd struct {
	Files []string `arg:"" name:"file" help:"Scenario files."`
	setFlag
}

// Run checks scenario files, all of them whatever is wrong with the first.
func (c *checkCmd) Run(s console.Streams) error {
	var wrong []error
	for _, file := range c.Files {
		sc, err := c.loader().Find(pathOf(file))
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		fmt.Fprintf(s.Out, "%s: scenario %s, %s\n", file, sc.Name, checks(len(sc.Checks)))
	}
	return console.Hint(errors.Join(wrong...), "bothways scenarios show trunk prints one to start from, bothways scenarios schema helps editors to complete one")
}

// pathOf makes what is known to be a file look like one.
func pathOf(file string) string {
	if !strings.ContainsAny(file, `./\`) {
		return "./" + file
	}
	return file
}

type schemaCmd struct{}

// Run prints the schema.
func (schemaCmd) Run(s console.Streams) error {
	_, err := s.Out.Write(scenarios.Schema())
	return err
}
