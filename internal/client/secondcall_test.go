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

// TestMoveToSecond has the client's media move to its second address in a call, and skips
// the call without one.
func TestMoveToSecond(t *testing.T) {
	t.Parallel()
	const text = "name: x\nchecks:\n  - {id: c, kind: call, direction: inbound, transports: [udp], talk: 4s, moves: [{at: 1s, by: client, do: reinvite, media: second}]}\n"
	s, err := scenarios.Load("x.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, second := range []bool{true, false} {
		cfg := against(startResponder(t, nil), s)
		if second {
			cfg.SecondAddress = loopback2
			if err := client.CheckSecond(t.Context(), cfg); err != nil {
				t.Skip(err)
			}
		}
		c := mustRun(t.Context(), t, cfg).Checks[0]
		if !second {
			if c.CallFacts != nil || !strings.Contains(c.Skipped, "--second-address gives it one") {
				t.Errorf("%q", c.Skipped)
			}
			continue
		}
		if c.CallFacts == nil || c.CallFacts.Client == nil || len(c.CallFacts.Client.MoreMedia) != 1 {
			t.Fatalf("%q %+v", c.Skipped, c.CallFacts)
		}
		fresh := c.CallFacts.Client.MoreMedia[0]
		if fresh.Local.Addr() != loopback2 || fresh.Received.Packets < 50 {
			t.Errorf("%s received %d packets", fresh.Local, fresh.Received.Packets)
		}
	}
}
