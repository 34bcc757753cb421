package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"bothways/internal/client"
	"bothways/internal/console"
	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/report"
	"bothways/internal/resolve"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// clientCommands is the grammar of bothways.
type clientCommands struct {
	Version   console.VersionFlag `help:"Print the version."`
	Run       runCmd              `cmd:"" help:"Run a scenario against a responder; without TARGET against one of its own on this machine."`
	Load      loadCmd             `cmd:"" help:"Hold many two-way calls at once, to find the limits of a site of your own."`
	Diagnose  diagnoseCmd         `cmd:"" help:"Report again, from saved evidence."`
	Call      callCmd             `cmd:"" help:"Call a phone or an echo service that knows nothing of this program, and say what was heard."`
	TLS       tlsCmd              `cmd:"" name:"tls" help:"Say which versions of TLS a server accepts, and what is wrong with its certificates."`
	Scenarios scenariosCmd        `cmd:"" help:"List, show and check scenarios."`
	Causes    causesCmd           `cmd:"" help:"Say what a finding means, how it is proven, and how it is mended."`
	Routers   routersCmd          `cmd:"" help:"List the routers for which there are remedies of their own, and show those of one."`
}

// Client runs the command bothways and returns its exit status.
func Client(args []string, s console.Streams) int {
	return console.Command("bothways", "Will SIP and audio go both ways here, and if not, what must be changed?", &clientCommands{}, args, s)
}

type runCmd struct {
	Target   string `arg:"" optional:"" help:"Host name or address of the site, as dialled from outside."`
	Scenario string `default:"trunk" placeholder:"NAME|FILE" help:"What to run (${default})."`
	setFlag
	console.Overrides
	Out   string `placeholder:"DIR" type:"path" help:"Directory for everything that the run produced, in place of what an earlier run left there."`
	JSON  bool   `name:"json" help:"Print the report as one JSON object."`
	Quiet bool   `help:"Show no progress."`
	routerFlag
	routerWANFlag
	waitFlags
	natFlags
	keyFlags
	portFlags
}

// Run runs the scenario, prints the report, and ends with the verdict's status.
func (c *runCmd) Run(ctx context.Context, s console.Streams) error {
	cfg, err := c.config(s)
	if err != nil {
		return err
	}
	if err := c.nat(ctx, &cfg); err != nil {
		return err
	}
	return c.against(ctx, cfg, s)
}

// against runs what is configured against the responder that the flags name.
func (c *runCmd) against(ctx context.Context, cfg client.Config, s console.Streams) error {
	if c.Out != "" {
		if err := report.CheckDir(c.Out); err != nil {
			return console.Hint(fmt.Errorf("--out: %w", err), "give --out a directory that can be written to")
		}
	}
	stop, err := c.meet(ctx, &cfg, s)
	if err != nil {
		return err
	}
	defer stop()
	if err := c.checkSecond(ctx, cfg); err != nil {
		return err
	}
	ev, err := client.Run(ctx, cfg)
	if err != nil {
		return c.hint(err, cfg)
	}
	return c.conclude(ev, s)
}

// meet says against which responder to run: one that dials in, one of this program's
// own, or the one at the target.
func (c *runCmd) meet(ctx context.Context, cfg *client.Config, s console.Streams) (stop func(), err error) {
	stop = func() {}
	switch {
	case c.Wait:
		return stop, c.await(ctx, cfg, s)
	case c.Target == "" && c.keyFlags.given():
		return stop, console.Hint(errors.New("--key without TARGET"), "give the site's public address as TARGET; a run against a responder of its own needs no key")
	case c.Target == "":
		return c.embed(ctx, cfg)
	}
	return stop, c.aim(ctx, cfg)
}

func (c *runCmd) config(s console.Streams) (client.Config, error) {
	if err := errors.Join(c.portFlags.check(), c.waitFlags.check(), c.routerWANFlag.check()); err != nil {
		return client.Config{}, err
	}
	sc, err := c.find(c.Scenario)
	if err != nil {
		return client.Config{}, err
	}
	if c.SecondAddress.IsValid() {
		if sc, err = sc.WithSecond(); err != nil {
			return client.Config{}, err
		}
	}
	if sc, err = sc.With(scenarios.Overrides(c.Overrides)); err != nil {
		return client.Config{}, console.Hint(err, "bothways run --help says what --talk, --pause, --rate and --probe-bytes are")
	}
	router, err := c.routerFlag.name()
	if err != nil {
		return client.Config{}, err
	}
	key, err := c.key(s)
	if err != nil {
		return client.Config{}, err
	}
	cfg := client.Config{Network: network.Host{}, Target: c.Target, Key: key, Scenario: sc, Version: console.Version, RTP: c.RTP, Router: router, RouterWAN: c.RouterWAN}
	if !c.Quiet {
		cfg.Progress = progressOn(s)
	}
	return cfg, nil
}

// embed starts a responder in this program, on free ports of the loopback address.
func (c *runCmd) embed(ctx context.Context, cfg *client.Config) (stop func(), err error) {
	loopback := netip.MustParseAddr("127.0.0.1")
	if cfg.Key == "" {
		cfg.Key = newKey()
	}
	r, err := responder.Start(ctx, responder.Config{
		Network: cfg.Network, Key: cfg.Key, Ports: anyPorts(), Listen: []netip.Addr{loopback}, Version: console.Version, Egress: anyEgress(),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot start a responder of its own: %w", err)
	}
	cfg.Address, cfg.Embedded, cfg.OwnPorts, cfg.RTP = loopback, true, anyPorts(), rtpprobe.PortRange{}
	cfg.Ports = make(map[sipprobe.Transport]uint16)
	for _, socket := range r.Sockets() {
		cfg.Ports[socket.Transport] = socket.Address.Port()
	}
	return func() { r.Close() }, nil
}

// aim resolves the target.
func (c *runCmd) aim(ctx context.Context, cfg *client.Config) error {
	if cfg.Key == "" {
		return console.Hint(errors.New("no key"), "the responder prints its key when it starts: give it with --key, --key-file or BOTHWAYS_KEY")
	}
	if err := find(ctx, cfg); err != nil {
		return console.Hint(fmt.Errorf("cannot find %s: %w", c.Target, err), "TARGET is a host name or an address without a port and without http://; ports are given with --sip-udp, --sip-tcp and --sip-tls. An address works without DNS")
	}
	if err := checkLink(cfg.Address); err != nil {
		return err
	}
	cfg.Ports, cfg.OwnPorts = c.sip(), c.sip()
	return nil
}

// find gives the target's address. The ports are those of the flags, whatever SRV says:
// the responder prints its own, and a peer's SRV may name those of the PBX beside it.
func find(ctx context.Context, cfg *client.Config) error {
	if a, err := netip.ParseAddr(strings.Trim(cfg.Target, "[]")); err == nil {
		cfg.Address = a.Unmap()
		return nil
	}
	if resolve.IsName(cfg.Target) {
		res, err := resolve.Resolver{}.Resolve(ctx, cfg.Target)
		cfg.Address, cfg.Resolution = res.Used, &res
		return err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", cfg.Target)
	if err == nil {
		cfg.Address = addrs[0].Unmap()
	}
	return err
}

// conclude reports, saves, and ends with the verdict's status.
func (c *runCmd) conclude(ev *evidence.Evidence, s console.Streams) error {
	if c.Out != "" {
		if err := report.Save(c.Out, ev); err != nil {
			fmt.Fprintf(s.Err, "bothways: %v\n%s\n", err, saveElsewhere(ev))
		}
	}
	return present(ev, c.JSON, s)
}

// saveElsewhere keeps what could not be saved where it should be, and says where.
func saveElsewhere(ev *evidence.Evidence) string {
	dir, err := os.MkdirTemp("", "bothways-")
	if err == nil {
		err = report.Save(dir, ev)
	}
	if err != nil {
		return "hint: what was measured could not be saved; keep the report that follows"
	}
	return "hint: what was measured is in " + dir
}

// present prints the report of some evidence.
func present(ev *evidence.Evidence, asJSON bool, s console.Streams) error {
	d := diagnosis.Diagnose(ev)
	rep := report.Build(ev, d)
	write := func() error { return report.WriteText(s.Out, rep, textOptions(s)) }
	if asJSON {
		write = func() error { return report.WriteJSON(s.Out, rep) }
	}
	if err := write(); err != nil {
		return err
	}
	return console.Status(d.Verdict.ExitStatus())
}

const evidenceHint = "bothways run --out DIR writes evidence.json"

type diagnoseCmd struct {
	Evidence string `arg:"" type:"path" help:"evidence.json of a run, or the directory that --out left it in."`
	JSON     bool   `name:"json" help:"Print the report as one JSON object."`
	routerFlag
}

// Run prints the report of saved evidence, and ends with its verdict's status.
func (c *diagnoseCmd) Run(s console.Streams) error {
	router, err := c.routerFlag.name()
	if err != nil {
		return err
	}
	path := c.Evidence
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "evidence.json")
	}
	f, err := os.Open(path)
	if err != nil {
		return console.Hint(err, evidenceHint)
	}
	defer f.Close()
	ev, err := evidence.Read(f)
	if err != nil {
		return console.Hint(fmt.Errorf("%s: %w", path, err), evidenceHint)
	}
	if router != "" {
		ev.Run.Router = router // given later, or instead
	}
	return present(ev, c.JSON, s)
}
