package lab

import (
	"embed"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"bothways/scenarios"
)

//go:embed library/*.yaml
var library embed.FS

// part is one of the fault's scenarios. Names of others lead to the lab's own servers.
func (f Fault) part(name string) (scenarios.Scenario, error) {
	s, err := scenario(name)
	if f.Vendor == nil || err != nil {
		return s, err
	}
	set := vendorVariables()
	maps.DeleteFunc(set, func(name, _ string) bool {
		return !slices.ContainsFunc(s.Variables, func(v scenarios.Variable) bool { return v.Name == name })
	})
	return scenarios.Loader{Set: set}.Find(name)
}

// scenario returns a scenario of the lab's own, or one that ships.
func scenario(name string) (scenarios.Scenario, error) {
	if name == loadScenario {
		return scenarios.ManyCalls(loadCalls, loadCPS, loadHold, "udp", scenarios.Inbound)
	}
	f, err := library.Open("library/" + name + ".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return scenarios.Named(name)
	}
	if err != nil {
		return scenarios.Scenario{}, err
	}
	defer f.Close()
	return scenarios.Load(name+".yaml", f)
}

// scenario is that of the fault, with the checks of those that it runs as well.
func (f Fault) scenario() (scenarios.Scenario, error) {
	s, err := f.part(f.Scenario)
	for _, name := range f.Also {
		also, failed := f.part(name)
		if err == nil {
			err = failed
		}
		for _, c := range also.Checks {
			if !slices.ContainsFunc(s.Checks, func(have scenarios.Check) bool { return have.ID == c.ID }) {
				s.Checks = append(s.Checks, c)
			}
		}
		s.Name += "+" + also.Name
	}
	return s, err
}
