package scenarios

import (
	"embed"
	"fmt"
	"os"
	"strings"
)

//go:embed library/*.yaml
var library embed.FS

// DefaultName is the scenario that runs when none is named.
const DefaultName = "trunk"

// List returns the scenarios that ship with bothways, by name.
func List() ([]Scenario, error) {
	entries, err := library.ReadDir("library")
	if err != nil {
		return nil, err
	}
	var out []Scenario
	for _, e := range entries {
		s, err := Named(strings.TrimSuffix(e.Name(), ".yaml"))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Named returns a scenario that ships with bothways.
func Named(name string) (Scenario, error) {
	f, err := library.Open("library/" + name + ".yaml")
	if err != nil {
		return Scenario{}, fmt.Errorf("no scenario %q; `bothways scenarios` lists them", name)
	}
	defer f.Close()
	return Load(name+".yaml", f)
}

// Source returns the YAML text of a scenario that ships with bothways.
func Source(name string) ([]byte, error) {
	data, err := library.ReadFile("library/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no scenario %q; `bothways scenarios` lists them", name)
	}
	return data, nil
}

// Find returns the scenario of that name, or reads it from that file where it
// looks like a path.
func Find(nameOrFile string) (Scenario, error) {
	if !strings.ContainsAny(nameOrFile, `./\`) {
		return Named(nameOrFile)
	}
	f, err := os.Open(nameOrFile)
	if err != nil {
		return Scenario{}, err
	}
	defer f.Close()
	return Load(nameOrFile, f)
}
