package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/natlab"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// The ports that are dropped while verdicts are counted, all others are open: one alone, and a hundred.
var (
	benchHole = natlab.Port(14322)
	benchGap  = natlab.Ports{From: 17000, To: 17099}
)

// verdicts counts the ports that sweeps of the RTP range judge wrong, through random loss and a policer. Their
// paces at the start take turns.
func (b *bench) verdicts(ctx context.Context) error {
	hole := []natlab.Rule{
		{Name: "hole", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: benchHole},
		{Name: "gap", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: benchGap},
	}
	for _, path := range []struct {
		words string
		rules []natlab.Rule
		codes []string
	}{
		{"5 % random loss each way", []natlab.Rule{
			{Name: "loss-in", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts, Share: 0.05},
			{Name: "loss-out", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: rtpPorts, Share: 0.05},
		}, []string{"rtp-range-partly-forwarded"}},
		{"900 packets/s policed", []natlab.Rule{
			{Name: "policer", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts, OverPPS: 900},
		}, []string{"rtp-range-partly-forwarded", "rate-limited"}},
	} {
		f := Fault{Name: "bench", Topology: breaking(slices.Concat(hole, path.rules)...), Expect: path.codes}
		if err := b.judged(ctx, f, path.words); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) judged(ctx context.Context, f Fault, path string) error {
	rates := []int{0, 20_000, rtpprobe.MaxSweepRate}
	var wrong, open, findings int
	var times samples
	for n := range b.sweeps {
		s, err := scenarios.Named("rtp-range")
		if err != nil {
			return err
		}
		if s, err = s.With(scenarios.Overrides{RatePPS: rates[n%len(rates)]}); err != nil {
			return err
		}
		r, err := timed(ctx, f, s)
		if err != nil {
			return err
		}
		took, err := r.took("sweep-in")
		if err != nil {
			return err
		}
		facts := r.ev.Checks[0].SweepFacts
		if facts.Arrived == nil {
			return fmt.Errorf("the responder's ledger is missing: %s", facts.Missing)
		}
		bad, doubt := misjudged(rtpprobe.JudgeSweep(*facts.Sent, *facts.Arrived))
		o := Outcome{Fault: f, Evidence: r.ev, Diagnosis: diagnosis.Diagnose(r.ev)}
		o.compare()
		wrong, open, findings, times = wrong+bad, open+doubt, findings+len(o.False), append(times, took)
		fmt.Fprintf(b.err, "verdicts, %s: sweep %d of %d, %d ports wrong, %d inconclusive, false findings: %s; %.1f s\n",
			path, n+1, b.sweeps, bad, doubt, list(o.False), took.Round(100*time.Millisecond).Seconds())
	}
	b.wrong += wrong + findings
	b.say("verdicts, %s: %d sweeps of 10,001 ports with 101 dropped: %d ports judged wrong, %d inconclusive, %d false findings; sweep %v",
		path, b.sweeps, wrong, open, findings, times)
	return nil
}

// misjudged counts the ports that a sweep calls what they are not, and those that it leaves open.
func misjudged(v rtpprobe.SweepVerdict) (wrong, open int) {
	var dropped rtpprobe.PortSet
	dropped.Add(benchHole.From)
	dropped = dropped.Union(rtpprobe.PortRangeSet(rtpprobe.PortRange{From: benchGap.From, To: benchGap.To}))
	called := v.ReplyLost.Union(v.WrongPort).Union(v.InUse).Union(v.RequestLost.Minus(dropped)).Union(v.Open.Intersect(dropped))
	return called.Len(), v.Inconclusive.Len()
}
