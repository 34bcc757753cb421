package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"bothways/internal/client"
	"bothways/internal/console"
	"bothways/internal/network"
	"bothways/sipprobe"
)

// waitFlags are for sites that nothing reaches from outside.
type waitFlags struct {
	Wait    bool          `help:"Wait for a responder that dials in from the site (bothways-responder --dial)."`
	WaitFor time.Duration `placeholder:"DURATION" help:"How long --wait waits (5m)."`
}

const defaultWait = 5 * time.Minute

func (f waitFlags) check() error {
	switch {
	case f.WaitFor != 0 && !f.Wait:
		return console.Hint(errors.New("--wait-for without --wait"), "--wait has the client wait for a responder that dials in")
	case f.WaitFor < 0:
		return console.Hint(fmt.Errorf("--wait-for %s is no time to wait", f.WaitFor), "as in --wait-for 10m")
	}
	return nil
}

// await has the run wait for a responder that dials in. Without a target the run is
// against the address that it comes from.
func (c *runCmd) await(ctx context.Context, cfg *client.Config, s console.Streams) error {
	if c.SIPTLS == 0 {
		return console.Hint(errors.New("--wait needs TLS"), "give --sip-tls the port that the responder shall dial")
	}
	if cfg.Wait = c.WaitFor; cfg.Wait == 0 {
		cfg.Wait = defaultWait
	}
	made := cfg.Key == ""
	if made {
		cfg.Key = newKey()
	}
	cfg.Ports, cfg.OwnPorts = c.sip(), c.sip()
	if c.Target != "" {
		if err := c.aim(ctx, cfg); err != nil {
			return err
		}
	}
	if here := c.dialHere(ctx, *cfg); made || !c.Quiet {
		cfg.Progress = announcing(s.Err, here, cfg.Progress)
	}
	return nil
}

// announcing says what to type inside once the client waits there.
func announcing(w io.Writer, line string, next func(client.Event)) func(client.Event) {
	return func(e client.Event) {
		if next != nil {
			next(e)
		}
		if e.Name == "waiting" {
			fmt.Fprintf(w, "\nType inside:\n\n  %s\n\n", line)
		}
	}
}

// dialHere is the command that makes a responder dial this machine.
func (c *runCmd) dialHere(ctx context.Context, cfg client.Config) string {
	host := "ADDRESS-OF-THIS-MACHINE"
	if a := publicAddress(ctx, cfg); a.IsValid() {
		host = a.String()
		if a.Is6() {
			host = "[" + host + "]"
		}
	}
	if c.SIPTLS != sipprobe.TLS.DefaultPort() {
		host += fmt.Sprintf(":%d", c.SIPTLS)
	}
	return fmt.Sprintf("bothways-responder --dial %s --key %s%s", host, quoted(cfg.Key), c.portArguments())
}

// publicAddress is this machine's address towards the target, or its first one,
// where others can dial it; invalid when it has none.
func publicAddress(ctx context.Context, cfg client.Config) netip.Addr {
	candidates, _ := cfg.Network.Addresses()
	if cfg.Address.IsValid() {
		a, _ := cfg.Network.Source(ctx, cfg.Address)
		candidates = []netip.Addr{a}
		if cfg.Address.IsPrivate() || cfg.Address.IsLoopback() { // the same network
			return a
		}
	}
	for _, a := range candidates {
		if a.IsGlobalUnicast() && !network.Private(a) {
			return a
		}
	}
	return netip.Addr{}
}

// hint names the next step for a run that could not be made.
func (c *runCmd) hint(err error, cfg client.Config) error {
	switch {
	case errors.Is(err, client.ErrNoDoor):
		return console.Hint(err, "stop the program that holds TCP port %d, or choose another with --sip-tls PORT, which the responder then dials as HOST:PORT", c.SIPTLS)
	case errors.Is(err, client.ErrNobodyCame):
		return console.Hint(err, "inside, bothways-responder --dial says what it meets; it must reach TCP port %d of this machine with the same key", c.SIPTLS)
	}
	return console.Hint(err, "see that this machine has a route to %s", cfg.Address)
}
