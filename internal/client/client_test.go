package client_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

var (
	loopback  = netip.MustParseAddr("127.0.0.1")
	loopback6 = netip.MustParseAddr("::1")
)

func anyPorts() map[sipprobe.Transport]uint16 { return only(sipprobe.Transports()...) }

func only(transports ...sipprobe.Transport) map[sipprobe.Transport]uint16 {
	ports := make(map[sipprobe.Transport]uint16)
	for _, t := range transports {
		ports[t] = 0
	}
	return ports
}

func startResponder(t *testing.T, change func(*responder.Config)) *responder.Responder {
	t.Helper()
	cfg := responder.Config{Network: network.Host{}, Key: "k", Ports: anyPorts(), Listen: []netip.Addr{loopback}, Version: "test"}
	if change != nil {
		change(&cfg)
	}
	r, err := responder.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func portsOf(r *responder.Responder) map[sipprobe.Transport]uint16 {
	ports := make(map[sipprobe.Transport]uint16)
	for _, s := range r.Sockets() {
		ports[s.Transport] = s.Address.Port()
	}
	return ports
}

func scenario(t *testing.T, name string, talk time.Duration) scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Named(name)
	if name == "calls" {
		s, err = scenarios.Load("calls.yaml", strings.NewReader(calls))
	}
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.With(scenarios.Overrides{Talk: talk}); err != nil {
		t.Fatal(err)
	}
	return s
}

// calls is the trunk without the sweeps, which would take the ports of other tests.
const calls = `{name: calls, extends: trunk, remove: [sweep-in, sweep-out, rewriting-in, rewriting-out]}`

// aCall is a scenario of one call.
func aCall(d scenarios.Direction, transport sipprobe.Transport, talk time.Duration) scenarios.Scenario {
	return scenarios.Scenario{Name: "call", Checks: []scenarios.Check{callCheck("call", d, transport, talk, nil)}}
}

func callCheck(id string, d scenarios.Direction, transport sipprobe.Transport, talk time.Duration, change func(*scenarios.Call)) scenarios.Check {
	c := scenarios.Call{
		TalkMs: int(talk.Milliseconds()), Codec: "pcmu", MaxLossPercent: scenarios.DefaultMaxLossPercent,
		Responder: scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchFirstPacket, Rport: true, Audio: scenarios.ToneAudio},
		Client:    scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchNever, Rport: true, Audio: scenarios.ToneAudio},
	}
	if change != nil {
		change(&c)
	}
	return scenarios.Check{ID: id, Kind: scenarios.CallKind, Direction: d, Transport: scenarios.Transport(transport), Call: &c}
}

// against is a run against a responder on loopback.
func against(r *responder.Responder, s scenarios.Scenario) client.Config {
	return client.Config{
		Network: network.Host{}, Target: "site.example", Address: loopback, Ports: portsOf(r), OwnPorts: anyPorts(), Key: "k",
		Scenario: s, Version: "test",
	}
}

func mustRun(ctx context.Context, t *testing.T, cfg client.Config) *evidence.Evidence {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	ev, err := client.Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// whole fails the test unless the run went through.
func whole(t *testing.T, ev *evidence.Evidence) {
	t.Helper()
	if ev.Run.Interrupted != "" || ev.Responder == nil {
		t.Fatalf("interrupted %q, responder's ledger %v", ev.Run.Interrupted, ev.Responder != nil)
	}
}

// mostOfASecond is how much of a second's tone a busy machine hears, in milliseconds.
const mostOfASecond = 700

// heardBothWays fails the test unless a check passed all that it tests.
func heardBothWays(t *testing.T, c evidence.Check) {
	t.Helper()
	if c.Skipped != "" {
		t.Errorf("%s skipped: %s", c.ID, c.Skipped)
		return
	}
	if c.Options != nil && c.Options.Exchange.Outcome != sipprobe.Accepted {
		t.Errorf("%s: %+v", c.ID, c.Options)
	}
	if c.CallFacts == nil {
		return
	}
	for name, end := range ends(c) {
		if end == nil || end.Media == nil || !end.Established {
			t.Errorf("%s: %s's end: %+v missing %q", c.ID, name, end, c.CallFacts.Missing)
			continue
		}
		if heard := end.Media.Received.ToneHeardMS; heard < mostOfASecond {
			t.Errorf("%s: %s heard the tone for %v ms; %+v", c.ID, name, heard, end.Media.Received)
		}
	}
}

func ends(c evidence.Check) map[string]*evidence.CallEnd {
	return map[string]*evidence.CallEnd{"client": c.CallFacts.Client, "responder": c.CallFacts.Responder}
}
