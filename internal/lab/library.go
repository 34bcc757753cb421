package lab

import (
	"embed"
	"errors"
	"io/fs"

	"bothways/scenarios"
)

//go:embed library/*.yaml
var library embed.FS

// scenario returns a scenario of the lab's own, or one that ships.
func scenario(name string) (scenarios.Scenario, error) {
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
