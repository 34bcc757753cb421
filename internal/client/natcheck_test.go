package client_test

import (
	"context"
	"net/netip"
	"testing"

	"bothways/internal/client"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

var loopback2 = netip.MustParseAddr("127.0.0.2")

// TestNATsOnLoopback: without a NAT every question is answered, from two addresses where
// there are two, over any transport that pairs.
func TestNATsOnLoopback(t *testing.T) {
	t.Parallel()
	for _, transport := range sipprobe.Transports() {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, func(c *responder.Config) {
				c.Ports, c.RTP = only(transport), rtpprobe.PortRange{From: 21000, To: 21999}
			})
			cfg := against(r, scenario(t, "nat", 0))
			cfg.SecondAddress = loopback2
			if err := client.CheckSecond(t.Context(), cfg); err != nil {
				t.Skip(err)
			}
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			second := ev.Pairing.Second
			if second == nil || second.SeenAs == nil || second.SeenAs.Addr() != loopback2 || second.Transport != transport {
				t.Fatalf("%+v", second)
			}
			answeredAll(t, ev.Checks[0], 8, 4)
			answeredAll(t, ev.Checks[1], 4, 2)
			for _, p := range ev.Checks[0].NATFacts.Cold {
				if !p.Answered() {
					t.Errorf("cold: %+v", p)
				}
			}
		})
	}
}

// answeredAll fails the test unless all sockets of a check saw answers of all destinations.
func answeredAll(t *testing.T, c evidence.Check, sockets, destinations int) {
	t.Helper()
	f := c.NATFacts
	if f == nil || len(f.Sockets) != sockets || f.Heard == nil || f.Missing != "" {
		t.Fatalf("%s: %+v %q", c.ID, f, c.Skipped)
	}
	for _, s := range f.Sockets {
		if s.Test == natprobe.MappingTest && len(s.Exchanges) != destinations || !s.Fresh {
			t.Errorf("%s: %+v", c.ID, s)
		}
		for _, x := range s.Exchanges {
			if !x.Answered() || *x.Mapped != s.Local {
				t.Errorf("%s: from %v: %+v", c.ID, s.Local, x)
			}
		}
	}
}

// TestNATLeavesNothing: no socket stays open, and the responder is ready for the next.
func TestNATLeavesNothing(t *testing.T) {
	networktest.Leaks(t)
	r := startResponder(t, nil)
	for range 2 {
		ev := mustRun(t.Context(), t, against(r, scenario(t, "nat", 0)))
		whole(t, ev)
		if second := ev.Pairing.Second; second != nil {
			t.Errorf("%+v", second)
		}
		answeredAll(t, ev.Checks[0], 4, 2)
	}
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return r.Sessions() == 0 }) {
		t.Errorf("%d sessions are left", r.Sessions())
	}
}

// TestNATIsCutShort: what was not told when the user stopped the run is no fact.
func TestNATIsCutShort(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cfg := against(r, scenario(t, "nat", 0))
	cfg.Progress = func(e client.Event) {
		if e.Name == "check-started" {
			cancel()
		}
	}
	ev := mustRun(ctx, t, cfg)
	for _, c := range ev.Checks {
		if c.NATFacts != nil && len(c.NATFacts.Sockets) == 0 || c.NATFacts == nil && c.Skipped == "" {
			t.Errorf("%s: %+v", c.ID, c)
		}
	}
}

func TestSecondAddressIsChecked(t *testing.T) {
	t.Parallel()
	cfg := client.Config{Network: network.Host{}, Address: loopback}
	for second, ok := range map[string]bool{"127.0.0.2": true, "127.0.0.1": false, "::1": false, "192.0.2.7": false} {
		cfg.SecondAddress = netip.MustParseAddr(second)
		if err := client.CheckSecond(t.Context(), cfg); (err == nil) != ok {
			t.Errorf("%s: %v", second, err)
		}
	}
}

// TestSecondAddressThatCannotProveItself is evidence, and the rest is tested from one.
func TestSecondAddressThatCannotProveItself(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.Ports = only(sipprobe.UDP) })
	cfg := against(r, scenario(t, "nat", 0))
	wire := networktest.New(network.Host{})
	wire.Silence(func(f networktest.Flow) bool { return f.Local.Addr() == loopback2 })
	cfg.Network, cfg.SecondAddress = wire, loopback2
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	if s := ev.Pairing.Second; s == nil || s.SeenAs != nil || s.Error == "" {
		t.Errorf("%+v", s)
	}
	answeredAll(t, ev.Checks[0], 4, 2)
	if c := ev.Checks[0]; c.Kind != scenarios.NATKind {
		t.Error(c.Kind)
	}
}
