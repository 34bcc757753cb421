package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"bothways/internal/console"
	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/gateway"
	"bothways/internal/natlab"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// benchCmd measures what the documentation says of sweeps.
type benchCmd struct {
	Parts  []string `arg:"" optional:"" enum:"inbound,outbound,growth,memory,verdicts" help:"What to measure: inbound, outbound, growth, memory, verdicts (all)."`
	Repeat int      `default:"5" help:"How often each time is taken, for its median (${default})."`
	Sweeps int      `default:"20" help:"How many sweeps of each kind verdicts makes (${default})."`
}

// Run measures the parts that were named, or all of them.
func (c *benchCmd) Run(ctx context.Context, s console.Streams) error {
	if c.Repeat < 1 || c.Sweeps < 1 {
		return console.Hint(fmt.Errorf("%d times and %d sweeps: want 1 or more", c.Repeat, c.Sweeps), "leave --repeat and --sweeps out for 5 and 20")
	}
	if err := natlab.Supported(); err != nil {
		return err
	}
	b := &bench{repeat: c.Repeat, sweeps: c.Sweeps, out: s.Out, err: s.Err}
	b.peer, _ = exec.LookPath("nmap")
	b.machine()
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"inbound", b.inbound}, {"outbound", b.outbound}, {"growth", b.growth}, {"memory", b.memory}, {"verdicts", b.verdicts}} {
		if len(c.Parts) > 0 && !slices.Contains(c.Parts, part.name) {
			continue
		}
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if b.wrong > 0 {
		return console.Status(diagnosis.Fail.ExitStatus())
	}
	return nil
}

// A bench is one run of the benchmarks.
type bench struct {
	repeat, sweeps int
	peer           string // path of nmap, "" = not installed
	out, err       io.Writer
	wrong          int // ports that were judged wrong
}

// say prints a line of the result.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

// machine says where the figures come from.
func (b *bench) machine() {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	b.say("%s/%s, %d cores (%s), kernel %s, %s, room for %d sockets", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor(),
		strings.TrimSpace(string(kernel)), runtime.Version(), rtpprobe.OpenFileBudget())
	if b.peer == "" {
		b.say("nmap is not installed (Debian package nmap): its times are left out")
	}
}

// processor is the model's name, where the system tells.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown model"
}

// samples are times of one kind of work.
type samples []time.Duration

// median is the middle one; of an even number, the upper of the two.
func (s samples) median() time.Duration { return slices.Sorted(slices.Values(s))[len(s)/2] }

// String is the median with the extremes, in seconds.
func (s samples) String() string {
	if len(s) == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%.2f s (%.2f-%.2f)", s.median().Seconds(), slices.Min(s).Seconds(), slices.Max(s).Seconds())
}

// unthrottled starts at the fastest pace.
func unthrottled() scenarios.Overrides { return scenarios.Overrides{RatePPS: rtpprobe.MaxSweepRate} }

// A timedRun is a run through a fault's network, which was built before.
type timedRun struct {
	ev    *evidence.Evidence
	whole time.Duration
}

// timed runs a scenario through a fault, and takes the time from the start of the client to the evidence. The
// responder is up by then, for as long as its router may take to answer.
func timed(ctx context.Context, f Fault, s scenarios.Scenario) (timedRun, error) {
	l, err := natlab.Build(ctx, f.Topology)
	if err != nil {
		return timedRun{}, err
	}
	defer l.Close()
	var start time.Time
	ev, err := through(ctx, l, f, s, Options{Version: console.Version, ready: func() {
		select {
		case <-time.After(gateway.Patience + gateway.Hurry):
		case <-ctx.Done():
		}
		start = time.Now()
	}})
	return timedRun{ev, time.Since(start)}, err
}

// took is the duration of a check's sweep at the end that sent it, without the primed one.
func (r timedRun) took(check string) (time.Duration, error) {
	for _, c := range r.ev.Checks {
		if c.ID == check && c.SweepFacts != nil && c.SweepFacts.Sent != nil {
			return time.Duration(c.SweepFacts.Sent.DurationMS * float64(time.Millisecond)), nil
		}
	}
	return 0, fmt.Errorf("there is no ledger of %s", check)
}

// proven says what a check's sweep showed of its ports: both ledgers speak for each.
func (r timedRun) proven(check string) string {
	for _, c := range r.ev.Checks {
		if f := c.SweepFacts; c.ID == check && f != nil && f.Sent != nil && f.Arrived != nil {
			v := rtpprobe.JudgeSweep(*f.Sent, *f.Arrived)
			return fmt.Sprintf("%d proven open both ways, %d lost, %d inconclusive", v.Open.Len(), v.RequestLost.Len()+v.ReplyLost.Len(), v.Inconclusive.Len())
		}
	}
	return "nothing is proven"
}

// asPlanted fails when a run did not report its fault and nothing else.
func (r timedRun) asPlanted(f Fault) error {
	o := Outcome{Fault: f, Evidence: r.ev, Diagnosis: diagnosis.Diagnose(r.ev)}
	if o.compare(); !o.OK() {
		return fmt.Errorf("%s: verdict %s, missed %s, false %s", f.Name, o.Diagnosis.Verdict, list(o.Missed), list(o.False))
	}
	return nil
}
