package lab

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"bothways/internal/client"
	"bothways/internal/console"
	"bothways/internal/natlab"
	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/scenarios"
)

// serveCmd is the responder of a network that bench has built, in a process of its own.
type serveCmd struct{}

// served is what serveCmd prints once it listens.
const served = "serving"

// Run serves until standard input ends.
func (serveCmd) Run(ctx context.Context, s console.Streams) error {
	r, err := responder.Start(ctx, insideConfig(network.Host{}, console.Version))
	if err != nil {
		return err
	}
	defer r.Close()
	fmt.Fprintln(s.Out, served)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// memory measures a responder in a process of its own: idle, and while all ports of the RTP range are open
// and swept. It counts what is resident (VmRSS and VmHWM of proc(5)), which the kernel's socket memory is not part of.
func (b *bench) memory(ctx context.Context) error {
	f, err := Find("sweep-clean")
	if err != nil {
		return err
	}
	l, err := natlab.Build(ctx, f.Topology)
	if err != nil {
		return err
	}
	defer l.Close()
	p, err := serve(ctx, l)
	if err != nil {
		return err
	}
	defer p.stop()
	idle := p.resident("VmRSS")
	s, err := scenarios.Named("rtp-range")
	if err == nil {
		s, err = s.With(unthrottled())
	}
	if err != nil {
		return err
	}
	ev, err := client.Run(ctx, outsideConfig(l, f, s, Options{Version: console.Version}))
	if err != nil {
		return err
	}
	if facts := ev.Checks[0].SweepFacts; facts == nil || facts.Arrived == nil || facts.Arrived.Listened.Len() < 10_000 {
		return fmt.Errorf("the ports of the range were not all open: %+v", facts)
	}
	b.say("memory of the responder: %.1f MiB resident when idle, at most %.1f MiB with 10,001 ports open and swept, %.1f MiB after that",
		idle, p.resident("VmHWM"), p.resident("VmRSS"))
	return nil
}

// A server is the process of serveCmd.
type server struct {
	cmd *natlab.Cmd
	in  io.Closer
}

func serve(ctx context.Context, l *natlab.Lab) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &server{cmd: l.Inside.Command(ctx, self, "serve")}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != served {
		p.stop()
		return nil, fmt.Errorf("the responder's process said %q", line)
	}
	return p, nil
}

func (p *server) stop() {
	p.in.Close()
	_ = p.cmd.Wait() // it has nothing more to say
}

// resident reads a figure of the process in MiB, 0 where the system does not tell.
func (p *server) resident(figure string) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, figure+":"); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024
		}
	}
	return 0
}
