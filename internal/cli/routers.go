package cli

import (
	"bothways/internal/console"
	"bothways/internal/diagnosis"
	"bothways/internal/report"
)

// routerFlag names the site's router, for the remedies of the report.
type routerFlag struct {
	Router string `placeholder:"NAME" help:"Say on which router the remedies are to be applied; bothways routers lists them."`
}

// name is the router's own name, whatever was given for it; empty when nothing was.
func (f routerFlag) name() (string, error) {
	if f.Router == "" {
		return "", nil
	}
	r, err := diagnosis.FindRouter(f.Router)
	return r.Name, console.Hint(err, "bothways routers lists them all; without --router the report has general steps")
}

type routersCmd struct {
	Name string `arg:"" optional:"" help:"Name of a router."`
}

// Run says what is known of one router, or lists them all.
func (c *routersCmd) Run(s console.Streams) error {
	if c.Name == "" {
		return report.WriteRouters(s.Out, diagnosis.Routers(), textOptions(s))
	}
	r, err := diagnosis.FindRouter(c.Name)
	if err != nil {
		return console.Hint(err, "bothways routers lists them all")
	}
	return report.WriteRouter(s.Out, r, textOptions(s))
}
