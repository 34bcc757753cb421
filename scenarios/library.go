package scenarios

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed library/*.yaml
var library embed.FS

// DefaultName is the scenario that runs when none is named.
const DefaultName = "trunk"

// List returns the scenarios that ship with bothways, by name.
func List() ([]Scenario, error) {
	var out []Scenario
	for _, name := range Names() {
		s, err := Named(name)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Names are the names of the scenarios that ship with bothways.
func Names() []string {
	entries, err := library.ReadDir("library")
	if err != nil {
		return nil // cannot be: it is part of the program
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return out
}

// Named returns a scenario that ships with bothways.
func Named(name string) (Scenario, error) {
	data, err := Source(name)
	if err != nil {
		return Scenario{}, err
	}
	s, _, err := Loader{}.load(name, name+".yaml", data)
	return s, err
}

// Source returns the YAML text of a scenario that ships with bothways, as it is written.
func Source(name string) ([]byte, error) {
	data, err := library.ReadFile("library/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no scenario %q%s", name, didYouMean(name, Names()))
	}
	return data, nil
}

// Find returns the scenario of that name, or reads it from that file where it
// looks like a path.
func Find(nameOrFile string) (Scenario, error) { return Loader{}.Find(nameOrFile) }

// Find finds a scenario, as [Find] does.
func (o Loader) Find(nameOrFile string) (Scenario, error) {
	name, data, err := o.read(nameOrFile)
	if err != nil {
		return Scenario{}, err
	}
	s, _, err := o.load(nameOrFile, name, data)
	return s, err
}
