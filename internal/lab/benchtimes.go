package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"bothways/internal/natlab"
	"bothways/scenarios"
)

// inbound times the sweep of the RTP range, through a clean site and one that drops a part of it, beside nmap.
func (b *bench) inbound(ctx context.Context) error {
	for _, site := range []struct{ words, fault string }{
		{"clean", "sweep-clean"}, {"2,679 of them dropped", "sweep-partly-dropped"},
	} {
		f, err := Find(site.fault)
		if err != nil {
			return err
		}
		f.Scenario = "rtp-range"
		sweeps, runs, err := b.times(ctx, f, "sweep-in")
		if err != nil {
			return err
		}
		b.say("inbound, 10,001 ports, %s: sweep %v, whole run %v", site.words, sweeps, runs)
		if b.peer == "" {
			continue
		}
		peer, err := b.peerTimes(ctx, f)
		if err != nil {
			return err
		}
		b.say("  nmap %v: %.1f times the sweep, %.1f times the whole run", peer,
			peer.median().Seconds()/sweeps.median().Seconds(), peer.median().Seconds()/runs.median().Seconds())
	}
	return nil
}

// outbound times the sweep of all ports from 1025 on.
func (b *bench) outbound(ctx context.Context) error {
	f, err := Find("sweep-clean")
	if err != nil {
		return err
	}
	sweeps, runs, err := b.times(ctx, f, "sweep-out")
	if err != nil {
		return err
	}
	b.say("outbound, 64,511 ports, clean: sweep %v, whole run with the 10,001 inbound ports %v", sweeps, runs)
	return nil
}

// times runs a fault's scenario unthrottled.
func (b *bench) times(ctx context.Context, f Fault, check string) (sweeps, runs samples, err error) {
	s, err := scenarios.Named(f.Scenario)
	if err != nil {
		return nil, nil, err
	}
	if s, err = s.With(unthrottled()); err != nil {
		return nil, nil, err
	}
	for range b.repeat {
		r, err := timed(ctx, f, s)
		if err != nil {
			return nil, nil, err
		}
		took, err := r.took(check)
		if err != nil {
			return nil, nil, err
		}
		if err := r.asPlanted(f); err != nil {
			return nil, nil, err
		}
		sweeps, runs = append(sweeps, took), append(runs, r.whole)
	}
	return sweeps, runs, nil
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

// peerTimes times nmap through a fault's network, against a server that echoes on every port of the range.
func (b *bench) peerTimes(ctx context.Context, f Fault) (samples, error) {
	l, err := natlab.Build(ctx, f.Topology)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	stop, err := echoAll(ctx, l)
	if err != nil {
		return nil, err
	}
	defer stop()
	var times samples
	for range b.repeat {
		start := time.Now()
		out, err := l.Outside.Command(ctx, b.peer, "-n", "-Pn", "-sU", "-T5", "--min-rate", "5000", "--max-retries", "2",
			"-p10000-20000", l.Addresses.SiteWAN.String()).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Nmap done") {
			return nil, fmt.Errorf("nmap: %w: %.200s", err, out)
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

// echoAll answers every datagram to the RTP range with itself, until stop.
func echoAll(ctx context.Context, l *natlab.Lab) (stop func(), err error) {
	var conns []*net.UDPConn
	stop = func() {
		for _, c := range conns {
			c.Close()
		}
	}
	for port := rtpPorts.From; port <= rtpPorts.To; port++ {
		c, err := l.Inside.ListenPacket(ctx, netip.AddrPortFrom(l.Addresses.Inside, port))
		if err != nil {
			stop()
			return nil, err
		}
		conns = append(conns, c)
		go echo(c)
	}
	return stop, nil
}

func echo(c *net.UDPConn) {
	buf := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		c.WriteToUDPAddrPort(buf[:n], from)
	}
}
