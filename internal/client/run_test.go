package client_test

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestTrunk runs the calls of the default scenario over all transports, and over each alone.
func TestTrunk(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		ports map[sipprobe.Transport]uint16
		at    netip.Addr
	}{
		{"all", anyPorts(), loopback},
		{"all-ipv6", anyPorts(), loopback6},
		{"udp", only(sipprobe.UDP), loopback},
		{"tcp", only(sipprobe.TCP), loopback},
		{"tls", only(sipprobe.TLS), loopback},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, func(c *responder.Config) { c.Ports, c.Listen = row.ports, []netip.Addr{row.at} })
			cfg := against(r, scenario(t, "calls", time.Second))
			cfg.Address, cfg.OwnPorts = row.at, row.ports
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			for _, c := range ev.Checks {
				if _, on := row.ports[sipprobe.Transport(c.Transport)]; on {
					heardBothWays(t, c)
				} else if c.Skipped == "" {
					t.Errorf("%s was not skipped", c.ID)
				}
			}
			for _, rec := range append(ev.Client.Tape, ev.Responder.Tape...) {
				if rec.Transport == sipprobe.UDP && len(rec.Data) > 1300 {
					t.Errorf("a datagram of %d bytes: %.60q", len(rec.Data), rec.Data)
				}
			}
			t.Logf("%d + %d records, %d ms", len(ev.Client.Tape), len(ev.Responder.Tape), ev.Run.DurationMs)
		})
	}
}

// variant is one call that differs from the usual in one thing, and what each end
// then hears: the tone, or something else.
var variants = []struct {
	name              string
	direction         scenarios.Direction
	change            func(*scenarios.Call)
	client, responder string
}{
	{"pcma", scenarios.Inbound, func(c *scenarios.Call) { c.Codec = "pcma" }, "tone", "tone"},
	{"silent-client", scenarios.Inbound, func(c *scenarios.Call) { c.Client.Audio = scenarios.SilentAudio }, "tone", "silence"},
	{"looped-client", scenarios.Inbound, func(c *scenarios.Call) { c.Client.Audio = scenarios.LoopedAudio }, "tone", "own"},
	{"silent-responder", scenarios.Outbound, func(c *scenarios.Call) { c.Responder.Audio = scenarios.SilentAudio }, "silence", "tone"},
	{"looped-responder", scenarios.Outbound, func(c *scenarios.Call) { c.Responder.Audio = scenarios.LoopedAudio }, "own", "tone"},
	{"private", scenarios.Inbound, func(c *scenarios.Call) { c.Responder.MediaAddress = scenarios.PrivateAddress }, "tone", "tone"},
	{"both-latch", scenarios.Inbound, func(c *scenarios.Call) { c.Client.Latch = scenarios.LatchFirstPacket }, "tone", "tone"},
	{"no-latch", scenarios.Outbound, func(c *scenarios.Call) { c.Responder.Latch = scenarios.LatchNever }, "tone", "tone"},
	{"no-rport", scenarios.Outbound, func(c *scenarios.Call) { c.Client.Rport, c.Responder.Rport = false, false }, "tone", "tone"},
}

func TestVariants(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	s := scenarios.Scenario{Name: "variants"}
	for _, v := range variants {
		s.Checks = append(s.Checks, callCheck(v.name, v.direction, sipprobe.UDP, time.Second, v.change))
	}
	ev := mustRun(t.Context(), t, against(r, s))
	whole(t, ev)
	for i, v := range variants {
		c := ev.Checks[i]
		want := map[string]string{"client": v.client, "responder": v.responder}
		for name, end := range ends(c) {
			if end == nil || end.Media == nil || !end.Established {
				t.Errorf("%s: no media at the %s: %+v skipped %q", v.name, name, end, c.Skipped)
				continue
			}
			got := end.Media.Received
			heard := map[string]float64{"tone": got.ToneHeardMS, "silence": got.SilenceMS, "own": got.OwnToneMS}
			if heard[want[name]] < mostOfASecond {
				t.Errorf("%s: the %s wanted %s: %v", v.name, name, want[name], heard)
			}
		}
	}
}

// TestAmongStrangers runs against a responder that answers calls without the key as well:
// a client that has it is answered as one.
func TestAmongStrangers(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.AnswerAnyone = true })
	ev := mustRun(t.Context(), t, against(r, scenario(t, "quick", time.Second)))
	whole(t, ev)
	for _, c := range ev.Checks {
		heardBothWays(t, c)
	}
}

func TestSeveralClientsAtOnce(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			ev := mustRun(t.Context(), t, against(r, scenario(t, "quick", time.Second)))
			whole(t, ev)
			for _, c := range ev.Checks {
				heardBothWays(t, c)
			}
			for _, rec := range ev.Responder.Tape {
				if !containsToken(rec, ev.Run.ID) {
					t.Error("the ledger holds a message of another run")
				}
			}
		})
	}
	wg.Wait()
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return r.Sessions() == 0 }) {
		t.Errorf("%d sessions are left", r.Sessions())
	}
}

func TestRunLeavesNothing(t *testing.T) {
	networktest.Leaks(t)
	r := startResponder(t, nil)
	ev := mustRun(t.Context(), t, against(r, scenario(t, "calls", time.Second)))
	whole(t, ev)
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return r.Sessions() == 0 }) {
		t.Errorf("%d sessions are left", r.Sessions())
	}
}
