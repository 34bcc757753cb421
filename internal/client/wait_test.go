package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// unforwarded waits for a responder of which no port can be reached.
func unforwarded(t *testing.T, checks ...scenarios.Check) client.Config {
	t.Helper()
	return client.Config{Network: network.Host{}, Target: "site.example", Address: loopback, Ports: unused(t), OwnPorts: anyPorts(), Key: "k",
		Scenario: scenarios.Scenario{Name: "inside", Checks: checks}, Version: "test", Wait: 30 * time.Second}
}

func asks(transport sipprobe.Transport) scenarios.Check {
	return scenarios.Check{ID: "options-" + string(transport), Kind: scenarios.Options, Direction: scenarios.Inbound, Transport: scenarios.Transport(transport)}
}

// onWaiting calls do with the address to dial once the client listens there.
func onWaiting(t *testing.T, cfg *client.Config, do func(netip.AddrPort)) {
	t.Helper()
	before := cfg.Progress
	cfg.Progress = func(e client.Event) {
		if before != nil {
			before(e)
		}
		if e.Name != "waiting" {
			return
		}
		var port uint16
		_, text, _ := strings.Cut(e.Text, "port ")
		if _, err := fmt.Sscanf(text, "%d", &port); err != nil {
			t.Errorf("%q: %v", e.Text, err)
		}
		do(netip.AddrPortFrom(loopback, port))
	}
}

// dialling dials in the background until the test ends, and returns what came of it.
func dialling(t *testing.T, r *responder.Responder, at netip.AddrPort) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() { ended <- r.Dial(t.Context(), at) })
	t.Cleanup(wg.Wait)
	return ended
}

// fromInside fails the test unless the responder's connection carried the pairing and
// nothing else reached it.
func fromInside(t *testing.T, ev *evidence.Evidence) {
	t.Helper()
	whole(t, ev)
	in := ev.Pairing.FromInside
	if in == nil || in.Exchange == nil || in.Exchange.Outcome != sipprobe.Accepted || in.Remote.Addr() != loopback || in.Inside != in.Remote || in.Dialled != in.Local {
		t.Fatalf("%+v", in)
	}
	if ev.Pairing.Transport != sipprobe.TLS || len(ev.Pairing.Attempts) != 3 {
		t.Errorf("%+v", ev.Pairing)
	}
	for _, a := range ev.Pairing.Attempts {
		tr := ev.Responder.Trace(ev.Run.PairingToken(a.Transport), a.Transport)
		if a.Works() || tr.ReceivedRequests != 0 || !ev.Responder.Listening(a.Transport) {
			t.Errorf("%s works: %v, arrived %d", a.Transport, a.Works(), tr.ReceivedRequests)
		}
	}
	if tr := ev.Responder.Trace(ev.Run.InsideToken(), sipprobe.TLS); tr.ReceivedRequests == 0 {
		t.Error("the hello is not in the responder's ledger")
	}
}

func TestPairedFromInside(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*client.Config)
	}{
		{"with a target", func(*client.Config) {}},
		{"without a target", func(c *client.Config) { c.Target, c.Address = "", netip.Addr{} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, nil)
			cfg := unforwarded(t, asks(sipprobe.TCP),
				callCheck("in", scenarios.Inbound, sipprobe.UDP, time.Second, nil),
				callCheck("out-udp", scenarios.Outbound, sipprobe.UDP, time.Second, nil),
				callCheck("out-tls", scenarios.Outbound, sipprobe.TLS, time.Second, nil))
			row.change(&cfg)
			onWaiting(t, &cfg, func(at netip.AddrPort) { dialling(t, r, at) })
			ev := mustRun(t.Context(), t, cfg)
			fromInside(t, ev)
			if ev.Run.Address != loopback || len(ev.Pairing.Lost) != 0 || ev.Pairing.FromInside.Redialled != 0 {
				t.Errorf("address %v, lost %+v, %+v", ev.Run.Address, ev.Pairing.Lost, ev.Pairing.FromInside)
			}
			if behind := ev.Pairing.ClientBehindNAT; behind == nil || *behind {
				t.Error("the client is taken for one behind a NAT")
			}
			if c := ev.Checks[0]; c.Options == nil || c.Options.Exchange.Outcome != sipprobe.NotReached {
				t.Errorf("%+v %q", c.Options, c.Skipped)
			}
			if c := ev.Checks[1]; c.Skipped == "" {
				t.Errorf("the inbound call: %+v", c.CallFacts)
			}
			heardBothWays(t, ev.Checks[2])
			heardBothWays(t, ev.Checks[3])
		})
	}
}

// TestInwardPathsToo pairs over both: what passes inwards is found as ever.
func TestInwardPathsToo(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	cfg := against(r, aCall(scenarios.Inbound, sipprobe.TLS, time.Second))
	cfg.Wait = 30 * time.Second
	onWaiting(t, &cfg, func(at netip.AddrPort) { dialling(t, r, at) })
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	heardBothWays(t, ev.Checks[0])
	for _, a := range ev.Pairing.Attempts {
		if !a.Works() {
			t.Errorf("%+v", a)
		}
	}
	if ev.Pairing.FromInside == nil {
		t.Error("the evidence does not say that the responder dialled in")
	}
}

// TestDialledAgain takes the responder's connection away in the middle of a call.
func TestDialledAgain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		hurt func(*networktest.Wire, func(networktest.Flow) bool)
	}{
		{"reset", func(w *networktest.Wire, match func(networktest.Flow) bool) { w.Reset(match) }},
		{"silent", (*networktest.Wire).Silence},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			wire := networktest.New(network.Host{})
			t.Cleanup(wire.Dig)
			r := startResponder(t, func(c *responder.Config) { c.Network = wire })
			cfg := unforwarded(t, callCheck("out", scenarios.Outbound, sipprobe.UDP, 8*time.Second, nil))
			var at, from netip.AddrPort
			during(&cfg, "out", func() {
				row.hurt(wire, func(f networktest.Flow) bool { return f.Local == from && f.Remote == at })
			})
			started := cfg.Progress
			cfg.Progress = func(e client.Event) {
				if _, text, ok := strings.Cut(e.Text, "dialled in from "); ok && e.Name == "dialled-in" {
					from, _ = netip.ParseAddrPort(text)
				}
				started(e)
			}
			onWaiting(t, &cfg, func(a netip.AddrPort) { at = a; dialling(t, r, a) })
			ev := mustRun(t.Context(), t, cfg)
			fromInside(t, ev)
			heardBothWays(t, ev.Checks[0])
			if ev.Pairing.FromInside.Redialled != 1 {
				t.Errorf("%+v, lost %+v", ev.Pairing.FromInside, ev.Pairing.Lost)
			}
		})
	}
}

// TestOneResponderAtATime has a second one dial in with the same key.
func TestOneResponderAtATime(t *testing.T) {
	t.Parallel()
	first, second := startResponder(t, nil), startResponder(t, nil)
	cfg := unforwarded(t, callCheck("out", scenarios.Outbound, sipprobe.UDP, 2*time.Second, nil))
	var at netip.AddrPort
	cfg.Progress = func(e client.Event) {
		if e.Name == "dialled-in" {
			dialling(t, second, at)
		}
	}
	onWaiting(t, &cfg, func(a netip.AddrPort) { at = a; dialling(t, first, a) })
	ev := mustRun(t.Context(), t, cfg)
	fromInside(t, ev)
	heardBothWays(t, ev.Checks[0])
	if n := second.Sessions(); n != 0 || len(ev.Pairing.Lost) != 0 {
		t.Errorf("%d sessions at the second responder, lost %+v", n, ev.Pairing.Lost)
	}
}

// TestResponderWithoutItsOwnTLS dials from a machine whose PBX holds the TLS port.
func TestResponderWithoutItsOwnTLS(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.Ports = only(sipprobe.UDP) })
	cfg := unforwarded(t, callCheck("out", scenarios.Outbound, sipprobe.UDP, time.Second, nil))
	onWaiting(t, &cfg, func(at netip.AddrPort) { dialling(t, r, at) })
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	heardBothWays(t, ev.Checks[0])
}

func TestNobodyComes(t *testing.T) {
	networktest.Leaks(t)
	cfg := unforwarded(t)
	cfg.Wait = 50 * time.Millisecond
	if _, err := client.Run(t.Context(), cfg); !errors.Is(err, client.ErrNobodyCame) || !strings.Contains(err.Error(), "within 50ms") {
		t.Errorf("err = %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	cfg.Wait = time.Minute
	onWaiting(t, &cfg, func(netip.AddrPort) { stop() })
	if _, err := client.Run(ctx, cfg); !errors.Is(err, client.ErrNobodyCame) || !strings.Contains(err.Error(), "stopped by the user") {
		t.Errorf("err = %v", err)
	}
}

func TestNowhereToWait(t *testing.T) {
	t.Parallel()
	taken := uint16(listen(t).Addr().(*net.TCPAddr).Port)
	for name, row := range map[string]struct {
		ports  map[sipprobe.Transport]uint16
		target netip.Addr
		want   string
	}{
		"in use":                   {map[sipprobe.Transport]uint16{sipprobe.TLS: taken}, loopback, "in use"},
		"in use, without a target": {map[sipprobe.Transport]uint16{sipprobe.TLS: taken}, netip.Addr{}, "in use"},
		"off":                      {only(sipprobe.UDP), loopback, "TLS is switched off"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := unforwarded(t)
			cfg.OwnPorts, cfg.Address = row.ports, row.target
			_, err := client.Run(t.Context(), cfg)
			if !errors.Is(err, client.ErrNoDoor) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("err = %v", err)
			}
		})
	}
}
