package cli

import (
	"context"
	"fmt"
	"time"

	"bothways/internal/client"
	"bothways/internal/console"
	"bothways/internal/network"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

type loadCmd struct {
	Target    string        `arg:"" optional:"" help:"Host name or address of the site, as dialled from outside."`
	Calls     int           `default:"100" placeholder:"N" help:"How many two-way calls are held at once, at most 2000 (${default})."`
	Rate      int           `default:"20" placeholder:"R" help:"How many are set up in a second, at most 200 (${default})."`
	Talk      time.Duration `default:"10s" placeholder:"DURATION" help:"How long all of them are up together (${default})."`
	Transport string        `default:"udp" enum:"udp,tcp,tls" help:"Transport of the signalling: udp, tcp or tls (${default})."`
	Direction string        `default:"inbound" enum:"inbound,outbound" help:"Who calls: inbound = into the site, outbound = out of it (${default})."`
	Out       string        `placeholder:"DIR" type:"path" help:"Directory for everything that the run produced, in place of what an earlier run left there."`
	JSON      bool          `name:"json" help:"Print the report as one JSON object."`
	Quiet     bool          `help:"Show no progress."`
	routerFlag
	waitFlags
	keyFlags
	portFlags
}

// Run holds many calls at once, prints the report, and ends with the verdict's status.
func (c *loadCmd) Run(ctx context.Context, s console.Streams) error {
	if err := c.check(); err != nil {
		return err
	}
	sc, err := scenarios.ManyCalls(c.Calls, c.Rate, c.Talk, scenarios.Transport(c.Transport), scenarios.Direction(c.Direction))
	if err != nil {
		return console.Hint(err, "bothways load --help says what --calls, --rate and --talk are")
	}
	router, err := c.routerFlag.name()
	if err != nil {
		return err
	}
	key, err := c.key(s)
	if err != nil {
		return err
	}
	cfg := client.Config{Network: network.Host{}, Target: c.Target, Key: key, Scenario: sc, Version: console.Version, RTP: c.RTP, Router: router}
	if !c.Quiet {
		cfg.Progress = progressOn(s)
	}
	run := runCmd{Target: c.Target, Out: c.Out, JSON: c.JSON, Quiet: c.Quiet, waitFlags: c.waitFlags, keyFlags: c.keyFlags, portFlags: c.portFlags}
	return run.against(ctx, cfg, s)
}

// check looks at the flags, and at what this machine has room for.
func (c *loadCmd) check() error {
	if err := c.portFlags.check(); err != nil {
		return err
	}
	if err := c.waitFlags.check(); err != nil {
		return err
	}
	sockets := 2 // of each call, for RTP and RTCP
	if c.Target == "" && !c.Wait {
		sockets = 4 // both ends are here
	}
	if files := rtpprobe.OpenFileBudget(); c.Calls <= scenarios.MaxLoadCalls && files < sockets*c.Calls {
		return console.Hint(fmt.Errorf("%d calls take %d sockets here, and the limit of open files leaves room for %d", c.Calls, sockets*c.Calls, files),
			"raise the limit (ulimit -n), or hold %d calls with --calls", files/sockets)
	}
	if pairs := c.RTP.Size() / 2; pairs < c.Calls && sockets == 2 {
		return console.Hint(fmt.Errorf("the media ports %s have room for %d calls, not for %d", c.RTP, pairs, c.Calls), "give a larger range with --rtp")
	}
	return nil
}
