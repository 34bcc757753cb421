package client_test

import (
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestCallsFromSecond makes calls both ways with media at the second address.
func TestCallsFromSecond(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	cfg := against(r, scenario(t, "media-address", time.Second))
	cfg.SecondAddress = loopback2
	if err := client.CheckSecond(t.Context(), cfg); err != nil {
		t.Skip(err)
	}
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	for _, c := range ev.Checks {
		if !c.FromSecond() {
			continue
		}
		heardBothWays(t, c)
		f := c.CallFacts
		if f.Client.Advertised.Addr() != loopback2 || f.Responder.Media.Received.Sources[0].Address.Addr() != loopback2 {
			t.Errorf("%s: advertised %v, heard from %+v", c.ID, f.Client.Advertised, f.Responder.Media.Received.Sources)
		}
		for _, d := range f.Responder.Media.Sent.Destinations {
			if d.Address.Addr() != loopback2 {
				t.Errorf("%s: %d packets went to %s", c.ID, d.Packets, d.Address)
			}
		}
		cold := c.Direction == scenarios.Inbound
		if cold != (f.Client.Control != nil) || cold && *f.Responder.Cold.ControlPackets < 25 {
			t.Errorf("%s: control %+v, cold %+v", c.ID, f.Client.Control, f.Responder.Cold)
		}
	}
}

// TestNoCallsFromSecond: without an address that has proven itself they are skipped, and
// say what they need.
func TestNoCallsFromSecond(t *testing.T) {
	t.Parallel()
	for _, given := range []bool{false, true} {
		r := startResponder(t, func(c *responder.Config) { c.Ports = only(sipprobe.UDP) })
		cfg := against(r, scenario(t, "media-address", time.Second))
		want := "--second-address gives it one"
		if given {
			wire := networktest.New(network.Host{})
			wire.Silence(func(f networktest.Flow) bool { return f.Local.Addr() == loopback2 })
			cfg.Network, cfg.SecondAddress = wire, loopback2
			want = "could not prove itself"
		}
		for _, c := range mustRun(t.Context(), t, cfg).Checks {
			if c.FromSecond() && c.Transport == "udp" && (c.CallFacts != nil || !strings.Contains(c.Skipped, want)) {
				t.Errorf("%s: %q", c.ID, c.Skipped)
			}
		}
	}
}
