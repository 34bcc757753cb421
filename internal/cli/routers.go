package cli

import (
	"fmt"
	"net/netip"

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

// routerWANFlag is the router's address as its own status page shows it.
type routerWANFlag struct {
	RouterWAN netip.Addr `name:"router-wan" placeholder:"ADDR" help:"The site's router's own IPv4 address on its WAN side, as its status page shows it; tells a second NAT before it."`
}

func (f routerWANFlag) check() error {
	if a := f.RouterWAN; a.IsValid() && (!a.Is4() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast()) {
		return console.Hint(fmt.Errorf("--router-wan %s is no IPv4 address that a router has outside", a), "the router's status page shows it, as WAN or Internet address")
	}
	return nil
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
