package client_test

import (
	"bytes"
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func containsToken(r sipprobe.Record, token string) bool {
	return bytes.Contains(r.Data, []byte(token))
}

// during calls do once, when the named check has talked for a moment.
func during(cfg *client.Config, check string, do func()) {
	cfg.Progress = func(e client.Event) {
		if e.Name == "check-started" && e.Check == check {
			time.AfterFunc(1500*time.Millisecond, do)
		}
	}
}

// to matches the flows to a transport of the responder, at either end.
func to(r *responder.Responder, transports ...sipprobe.Transport) func(networktest.Flow) bool {
	ports := portsOf(r)
	return func(f networktest.Flow) bool {
		for _, t := range transports {
			if (f.Remote.Port() == ports[t] || f.Local.Port() == ports[t]) && (t == sipprobe.UDP) == (f.Protocol == "udp") {
				return true
			}
		}
		return false
	}
}

// TestPairingMovesOn takes transports away in the middle of a call.
func TestPairingMovesOn(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		hurt func(*networktest.Wire, *responder.Responder)
		call sipprobe.Transport
		lost []sipprobe.Transport
	}{
		{"tls silent", func(w *networktest.Wire, r *responder.Responder) { w.Silence(to(r, sipprobe.TLS)) },
			sipprobe.UDP, []sipprobe.Transport{sipprobe.TLS}},
		{"tls and tcp silent", func(w *networktest.Wire, r *responder.Responder) { w.Silence(to(r, sipprobe.TLS, sipprobe.TCP)) },
			sipprobe.UDP, []sipprobe.Transport{sipprobe.TLS, sipprobe.TCP}},
		{"connections reset", func(w *networktest.Wire, r *responder.Responder) { w.Reset(to(r, sipprobe.TLS, sipprobe.TCP)) },
			sipprobe.UDP, nil},
		{"udp silent", func(w *networktest.Wire, r *responder.Responder) { w.Silence(to(r, sipprobe.UDP)) },
			sipprobe.TLS, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			wire := networktest.New(network.Host{})
			t.Cleanup(wire.Dig)
			r := startResponder(t, func(c *responder.Config) { c.Network = wire })
			cfg := against(r, aCall(scenarios.Inbound, row.call, 4*time.Second))
			during(&cfg, "call", func() { row.hurt(wire, r) })
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			heardBothWays(t, ev.Checks[0])
			var lost []sipprobe.Transport
			for _, l := range ev.Pairing.Lost {
				lost = append(lost, l.Transport)
			}
			if row.name == "connections reset" {
				return // an order that was under way has moved on, others have not
			}
			if len(lost) != len(row.lost) || len(lost) > 0 && lost[0] != row.lost[0] {
				t.Errorf("lost %v, want %v: %+v", lost, row.lost, ev.Pairing.Lost)
			}
		})
	}
}

// TestResponderVanishes takes the responder away in the middle of a call.
func TestResponderVanishes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		vanish func(*networktest.Wire, *responder.Responder)
	}{
		{"without a word", func(w *networktest.Wire, _ *responder.Responder) { w.Vanish() }},
		{"by closing", func(_ *networktest.Wire, r *responder.Responder) { r.Close() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			wire := networktest.New(network.Host{})
			t.Cleanup(wire.Dig)
			r, err := responder.Start(t.Context(), responder.Config{Network: network.Host{}, Key: "k", Ports: anyPorts(),
				Listen: []netip.Addr{loopback}, Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { r.Close() })
			cfg := against(r, scenario(t, "calls", 25*time.Second))
			cfg.Network = wire
			during(&cfg, "call-in-udp", func() { row.vanish(wire, r) })
			ev := mustRun(t.Context(), t, cfg)
			if ev.Run.Interrupted == "" || ev.Responder != nil {
				t.Errorf("interrupted %q, ledger %v", ev.Run.Interrupted, ev.Responder != nil)
			}
			measured(t, ev)
		})
	}
}

// measured expects what was found before the end, and nothing about the time after.
func measured(t *testing.T, ev *evidence.Evidence) {
	t.Helper()
	for _, c := range ev.Checks {
		switch {
		case c.Kind == scenarios.Options:
			heardBothWays(t, c)
		case c.Kind == scenarios.TLSKind:
			if c.TLSFacts == nil || len(c.TLSFacts.Result.Chain) != 1 {
				t.Errorf("%s: %+v %q", c.ID, c.TLSFacts, c.Skipped)
			}
		case c.Direction == scenarios.Inbound:
			if c.CallFacts == nil || c.CallFacts.Client == nil || c.CallFacts.Client.Media == nil || c.CallFacts.Missing == "" {
				t.Errorf("%s: %+v %q", c.ID, c.CallFacts, c.Skipped)
			}
		case c.Skipped == "":
			t.Errorf("%s was not skipped", c.ID)
		}
	}
}

// TestStopped ends runs by hand, in the middle of a call and before.
func TestStopped(t *testing.T) {
	networktest.Leaks(t)
	r := startResponder(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	cfg := against(r, scenarios.Scenario{Name: "stop", Checks: []scenarios.Check{
		callCheck("in", scenarios.Inbound, sipprobe.UDP, 25*time.Second, nil),
		callCheck("out", scenarios.Outbound, sipprobe.TLS, 25*time.Second, nil),
	}})
	during(&cfg, "in", stop)
	ev := mustRun(ctx, t, cfg)
	if ev.Run.Interrupted != "stopped by the user" || ev.Responder == nil {
		t.Fatalf("interrupted %q, ledger %v", ev.Run.Interrupted, ev.Responder != nil)
	}
	in := ev.Checks[0].CallFacts
	if in == nil || in.Client == nil || in.Responder == nil || in.Client.Ended != "hung up" || in.Responder.Ended != "the far end hung up" {
		t.Errorf("no BYE ended the call: %+v %q", in, ev.Checks[0].Skipped)
	}
	if got := ev.Checks[1].Skipped; got != "stopped by the user" {
		t.Errorf("the call that was not tried is skipped because %q", got)
	}
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return r.Sessions() == 0 }) {
		t.Error("the responder is not idle")
	}
}

func TestStoppedWhilePairing(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	r := startResponder(t, nil)
	cfg := against(r, aCall(scenarios.Inbound, sipprobe.UDP, time.Second))
	cfg.Progress = func(e client.Event) {
		if e.Name == "pairing" {
			stop()
		}
	}
	ev := mustRun(ctx, t, cfg)
	if ev.Run.Interrupted != "stopped by the user" || !strings.Contains(ev.Checks[0].Skipped, "stopped") {
		t.Errorf("interrupted %q, skipped %q", ev.Run.Interrupted, ev.Checks[0].Skipped)
	}
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Inconclusive || len(d.Findings) != 0 {
		t.Errorf("%s %+v", d.Verdict, d.Findings)
	}
}

// TestStoppedOutbound ends runs in calls from the site: both ends' records come home.
func TestStoppedOutbound(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	s := scenarios.Scenario{Name: "stop"}
	for _, transport := range sipprobe.Transports() {
		s.Checks = append(s.Checks, callCheck("out-"+string(transport), scenarios.Outbound, transport, 25*time.Second, nil))
	}
	cfg := against(r, s)
	during(&cfg, "out-udp", stop)
	ev := mustRun(ctx, t, cfg)
	for _, c := range ev.Checks {
		if f := c.CallFacts; f == nil || f.Client == nil || f.Responder == nil {
			t.Errorf("%s: %+v %q", c.ID, f, c.Skipped)
		}
	}
}
