package lab

import (
	"context"
	"fmt"

	"bothways/scenarios"
)

// inbound times the sweep of the RTP range, through a clean site and one that drops a part of it, beside nmap.
func (b *bench) inbound(ctx context.Context) error {
	for _, site := range []struct{ words, fault string }{
		{"clean", "sweep-clean"}, {"2,679 of them dropped", "sweep-partly-dropped"}, {"all of them dropped", "sweep-dropped"},
	} {
		f, err := Find(site.fault)
		if err != nil {
			return err
		}
		f.Scenario = "rtp-range"
		sweeps, runs, proven, err := b.times(ctx, f, "sweep-in")
		if err != nil {
			return err
		}
		b.say("inbound, 10,001 ports, %s: sweep %v, whole run %v; %s", site.words, sweeps, runs, proven)
		if err := b.besidePeer(ctx, f, sweeps, runs); err != nil {
			return err
		}
	}
	return nil
}

// outbound times the sweep of all ports from 1025 on.
func (b *bench) outbound(ctx context.Context) error {
	f, err := Find("sweep-clean")
	if err != nil {
		return err
	}
	sweeps, runs, proven, err := b.times(ctx, f, "sweep-out")
	if err != nil {
		return err
	}
	b.say("outbound, 64,511 ports, clean: sweep %v, whole run with the 10,001 inbound ports %v; %s", sweeps, runs, proven)
	return nil
}

// times runs a fault's scenario unthrottled; proven says what the last run showed.
func (b *bench) times(ctx context.Context, f Fault, check string) (sweeps, runs samples, proven string, err error) {
	s, err := scenarios.Named(f.Scenario)
	if err != nil {
		return nil, nil, "", err
	}
	if s, err = s.With(unthrottled()); err != nil {
		return nil, nil, "", err
	}
	for range b.repeat {
		r, err := timed(ctx, f, s)
		if err != nil {
			return nil, nil, "", err
		}
		took, err := r.took(check)
		if err != nil {
			return nil, nil, "", err
		}
		if err := r.asPlanted(f); err != nil {
			return nil, nil, "", err
		}
		sweeps, runs, proven = append(sweeps, took), append(runs, r.whole), r.proven(check)
	}
	return sweeps, runs, proven, nil
}

// growth times outbound sweeps of more and more ports.
func (b *bench) growth(ctx context.Context) error {
	f, err := Find("sweep-clean")
	if err != nil {
		return err
	}
	for _, n := range []int{1000, 2000, 5000, 10_000, 64_511} {
		check := scenarios.Check{ID: "sweep-out", Kind: scenarios.SweepKind, Direction: scenarios.Outbound, Transport: "udp",
			Sweep: &scenarios.Sweep{Ports: fmt.Sprintf("1025-%d", 1024+n), RatePPS: unthrottled().RatePPS}}
		var sweeps samples
		for range b.repeat {
			r, err := timed(ctx, f, scenarios.Scenario{Name: "growth", Checks: []scenarios.Check{check}})
			if err != nil {
				return err
			}
			took, err := r.took("sweep-out")
			if err != nil {
				return err
			}
			sweeps = append(sweeps, took)
		}
		b.say("growth, %d ports outbound: %.0f ms, %.1f µs a port", n,
			sweeps.median().Seconds()*1e3, sweeps.median().Seconds()*1e6/float64(n))
	}
	return nil
}
