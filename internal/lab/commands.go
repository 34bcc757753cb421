package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"

	"bothways/internal/client"
	"bothways/internal/console"
	"bothways/internal/diagnosis"
	"bothways/internal/natlab"
	"bothways/internal/report"
	"bothways/scenarios"
)

// labCommands is the grammar of bothways-lab.
type labCommands struct {
	Version console.VersionFlag `help:"Print the version."`
	Faults  faultsCmd           `cmd:"" help:"List what can be planted."`
	Run     labRunCmd           `cmd:"" help:"Run client and responder through a fault, and hold the report against what was planted."`
	Matrix  matrixCmd           `cmd:"" help:"Run all faults, or those that are named, and print what was planted beside what was reported."`
	Shell   shellCmd            `cmd:"" help:"Open a shell on a host of a fault's network."`
	Bench   benchCmd            `cmd:"" help:"Measure sweeps through real NATs, beside nmap where that is installed."`
	Serve   serveCmd            `cmd:"" hidden:"" help:"Be the responder whose memory bench measures."`
}

// Command runs bothways-lab and returns its exit status.
func Command(args []string, s console.Streams) int {
	return natlab.Main(func() int {
		return console.Command("bothways-lab", "Real NATs with planted faults, on one Linux machine.", &labCommands{}, args, s)
	})
}

type faultsCmd struct{}

// Run lists the faults.
func (faultsCmd) Run(s console.Streams) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, f := range Faults() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, f.Verdict, f.Title)
	}
	return w.Flush()
}

type labRunCmd struct {
	Fault string `arg:"" help:"Name of a fault."`
	console.Overrides
	Out   string `placeholder:"DIR" type:"path" help:"Directory for everything that the run produced."`
	JSON  bool   `name:"json" help:"Print the report as one JSON object."`
	Quiet bool   `help:"Show no progress."`

	Router string `placeholder:"NAME" help:"Say on which router the remedies are to be applied; bothways routers lists them."`
}

// Run runs the fault; it fails when the report is not what was planted.
func (c *labRunCmd) Run(ctx context.Context, s console.Streams) error {
	f, err := findFault(c.Fault)
	if err != nil {
		return err
	}
	o := Options{Version: console.Version, Overrides: scenarios.Overrides(c.Overrides)}
	if c.Router != "" {
		r, err := diagnosis.FindRouter(c.Router)
		if err != nil {
			return console.Hint(err, "bothways routers lists them all")
		}
		o.Router = r.Name
	}
	if !c.Quiet {
		p := console.NewProgress(s.Err)
		o.Progress = func(e client.Event) { p.Say(e.String()) }
	}
	out, err := Run(ctx, f, o)
	if err != nil {
		return err
	}
	if err := c.print(out, s); err != nil {
		return err
	}
	if c.Out != "" {
		if err := report.Save(c.Out, out.Evidence); err != nil {
			return err
		}
	}
	return verdictOnRun(out, s)
}

func (c *labRunCmd) print(out Outcome, s console.Streams) error {
	rep := report.Build(out.Evidence, out.Diagnosis)
	if c.JSON {
		return report.WriteJSON(s.Out, rep)
	}
	color, width := console.Terminal(s.Out, s.Getenv)
	return report.WriteText(s.Out, rep, report.TextOptions{Color: color, Width: width})
}

// verdictOnRun says whether the report was right; the exit status is that of a
// check of bothways itself: 0 when it was, 2 when it was not.
func verdictOnRun(out Outcome, s console.Streams) error {
	if out.OK() {
		fmt.Fprintf(s.Err, "\nbothways-lab: %s: reported as planted: %s\n", out.Fault.Name, planted(out.Fault))
		return nil
	}
	if !out.ranked() {
		fmt.Fprintf(s.Err, "\nbothways-lab: %s: causes in another order: want %s, reported %s\n", out.Fault.Name, list(out.Fault.Ranked), list(out.causes()))
	}
	fmt.Fprintf(s.Err, "\nbothways-lab: %s: planted %s; missed %s; false %s; verdict %s\n", out.Fault.Name,
		planted(out.Fault), list(out.Missed), list(out.False), out.Diagnosis.Verdict)
	return console.Status(diagnosis.Fail.ExitStatus())
}

func planted(f Fault) string { return f.Verdict + ", " + list(f.expected()) }

func list(codes []string) string {
	if len(codes) == 0 {
		return "no findings"
	}
	return strings.Join(codes, ", ")
}

func findFault(name string) (Fault, error) {
	f, err := Find(name)
	if err != nil {
		return f, console.Hint(err, "bothways-lab faults lists them")
	}
	return f, nil
}

type shellCmd struct {
	Host  string `arg:"" help:"inside, site, internet, outside; where the fault has one, neighbour, machine, box, carrier, client-router."`
	Fault string `default:"clean" help:"The fault whose network to build (${default})."`
}

// Run builds the network and opens a shell on one of its hosts.
func (c *shellCmd) Run(ctx context.Context, s console.Streams) error {
	f, err := findFault(c.Fault)
	if err != nil {
		return err
	}
	l, err := natlab.Build(ctx, f.Topology)
	if err != nil {
		return err
	}
	defer l.Close()
	h := l.Host(c.Host)
	if h == nil {
		var names []string
		for _, h := range l.Hosts() {
			names = append(names, h.Name())
		}
		return console.Hint(fmt.Errorf("no host %q", c.Host), "this network has %s", strings.Join(names, ", "))
	}
	shell := s.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	cmd := h.Command(ctx, shell)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, s.Out, s.Err
	cmd.Env = append(os.Environ(), "PS1="+c.Host+"$ ")
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return console.Status(exit.ExitCode())
	} else if err != nil {
		return err
	}
	return nil
}
