package client_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// behindNAT is a host that takes itself for another than the responder sees over TCP,
// and whose own ports cannot be reached where it is seen.
type behindNAT struct{ network.Host }

func (behindNAT) Source(context.Context, netip.Addr) (netip.Addr, error) {
	return netip.MustParseAddr("127.0.0.2"), nil
}

func TestOutboundOverTheClientsFlow(t *testing.T) {
	t.Parallel()
	if c, err := (network.Host{}).ListenPacket(t.Context(), netip.MustParseAddrPort("127.0.0.2:0")); err != nil {
		t.Skipf("this system has no second loopback address: %v", err)
	} else {
		c.Close()
	}
	r := startResponder(t, func(c *responder.Config) { c.Ports = only(sipprobe.TCP, sipprobe.TLS) })
	cfg := against(r, scenarios.Scenario{Name: "out", Checks: []scenarios.Check{
		callCheck("tcp", scenarios.Outbound, sipprobe.TCP, time.Second, nil),
		callCheck("tls", scenarios.Outbound, sipprobe.TLS, time.Second, nil),
	}})
	cfg.Network = behindNAT{}
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	if behind := ev.Pairing.ClientBehindNAT; behind == nil || !*behind || ev.Client.PublicAddress != loopback {
		t.Errorf("behind a NAT: %v, public address %v", behind, ev.Client.PublicAddress)
	}
	for _, c := range ev.Checks {
		f := c.CallFacts
		if f == nil || f.Flow != "client" || f.Reach == nil || f.Reach.Outcome == sipprobe.Accepted {
			t.Errorf("%s: %+v %q", c.ID, f, c.Skipped)
			continue
		}
		for name, end := range ends(c) {
			if end == nil || !end.Established {
				t.Errorf("%s: no call at the %s: %+v", c.ID, name, end)
			}
		}
	}
}
