package client_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/client"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func aSweep(d scenarios.Direction, ports string, rate int) scenarios.Scenario {
	return scenarios.Scenario{Name: "sweep", Checks: []scenarios.Check{{
		ID: "sweep", Kind: scenarios.SweepKind, Direction: d, Transport: "udp", Sweep: &scenarios.Sweep{Ports: ports, RatePPS: rate},
	}}}
}

func portSet(t *testing.T, text string) (s rtpprobe.PortSet) {
	t.Helper()
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

// swept returns the facts of the only check, which must have both ledgers.
func swept(t *testing.T, ev *evidence.Evidence) *evidence.SweepFacts {
	t.Helper()
	c := ev.Checks[0]
	if c.Skipped != "" || c.SweepFacts == nil {
		t.Fatalf("skipped: %q", c.Skipped)
	}
	f := c.SweepFacts
	if f.Sent == nil || f.Arrived == nil || f.Missing != "" {
		t.Fatalf("missing %q: sent %+v, arrived %+v", f.Missing, f.Sent, f.Arrived)
	}
	return f
}

// allOpen fails the test unless every port of the set was proven both ways, and no other tried.
func allOpen(t *testing.T, f *evidence.SweepFacts, ports rtpprobe.PortSet) {
	t.Helper()
	if v := rtpprobe.JudgeSweep(*f.Sent, *f.Arrived); !v.Open.Equal(ports) || !f.Sent.Ports.Equal(ports) {
		t.Errorf("open %v of %v, want %v; %+v", v.Open, f.Sent.Ports, ports, v)
	}
}

// TestSweeps tries some hundred ports each way, over each transport of the pairing.
func TestSweeps(t *testing.T) {
	for i, row := range []struct {
		name      string
		direction scenarios.Direction
		ports     map[sipprobe.Transport]uint16
		at        netip.Addr
	}{
		{"in", scenarios.Inbound, anyPorts(), loopback},
		{"in-udp", scenarios.Inbound, only(sipprobe.UDP), loopback},
		{"in-ipv6", scenarios.Inbound, anyPorts(), loopback6},
		{"out", scenarios.Outbound, anyPorts(), loopback},
		{"out-udp", scenarios.Outbound, only(sipprobe.UDP), loopback},
		{"out-ipv6", scenarios.Outbound, anyPorts(), loopback6},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, func(c *responder.Config) { c.Ports, c.Listen = row.ports, []netip.Addr{row.at} })
			ports := fmt.Sprintf("%d-%d", 24000+400*i, 24000+400*i+299)
			cfg := against(r, aSweep(row.direction, ports, 5000))
			cfg.Address, cfg.OwnPorts = row.at, row.ports
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			f := swept(t, ev)
			allOpen(t, f, portSet(t, ports))
			if f.Primed != nil || !f.NotTried.IsZero() || f.Estimate.Packets < 300 || len(f.Sent.Locals) != 16 {
				t.Errorf("%+v from %v", f, f.Sent.Locals)
			}
			for _, rec := range append(ev.Client.Tape, ev.Responder.Tape...) {
				if rec.Transport == sipprobe.UDP && len(rec.Data) > 1300 {
					t.Errorf("a datagram of %d bytes: %.60q", len(rec.Data), rec.Data)
				}
			}
		})
	}
}

// TestSweepOfPortsInUse has ports that another program holds, and that the responder does.
func TestSweepOfPortsInUse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		direction scenarios.Direction
		first     uint16
	}{"in": {scenarios.Inbound, 26400}, "out": {scenarios.Outbound, 26500}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			taken := row.first + 17
			c, err := net.ListenPacket("udp4", netip.AddrPortFrom(loopback, taken).String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			sip := row.first + 40
			r := startResponder(t, func(c *responder.Config) { c.Ports = map[sipprobe.Transport]uint16{sipprobe.UDP: sip, sipprobe.TLS: 0} })
			cfg := against(r, aSweep(row.direction, fmt.Sprintf("%d-%d", row.first, row.first+99), 5000))
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			f := swept(t, ev)
			v := rtpprobe.JudgeSweep(*f.Sent, *f.Arrived)
			if got := v.InUse.String(); got != fmt.Sprint(taken) {
				t.Errorf("in use: %s, want %d", got, taken)
			}
			if got := f.NotTried.String(); got != fmt.Sprint(sip) || !strings.Contains(f.WhyNot, "itself") {
				t.Errorf("not tried: %s, %q, want %d", got, f.WhyNot, sip)
			}
			if v.Open.Len() != 98 {
				t.Errorf("%d ports are open, want 98: %+v", v.Open.Len(), v)
			}
		})
	}
}

// TestSweepTellsBefore looks at the events of a sweep.
func TestSweepTellsBefore(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	cfg := against(r, aSweep(scenarios.Inbound, "26600-26699", 1000))
	var events []client.Event
	cfg.Progress = func(e client.Event) { events = append(events, e) }
	whole(t, mustRun(t.Context(), t, cfg))
	for i, e := range events {
		if e.Name != "check-started" {
			continue
		}
		next := events[i+1]
		if next.Name != "check-progress" || !strings.HasPrefix(next.String(), "sweep: 100 ports: 106 packets, 0.0 MB, 1 s") {
			t.Errorf("%+v: %s", next, next)
		}
	}
}

// TestSweepStopped stops a sweep that is under way: what was measured is kept.
func TestSweepStopped(t *testing.T) {
	for i, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, nil)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			first := 27000 + 1000*i
			cfg := against(r, aSweep(d, fmt.Sprintf("%d-%d,%d", first, first+899, first+950), 10))
			told := 0
			cfg.Progress = func(e client.Event) {
				if e.Name == "check-progress" {
					if told++; told == 3 {
						stop()
					}
				}
			}
			ev := mustRun(ctx, t, cfg)
			f := swept(t, ev)
			if f.Sent.End != rtpprobe.SweepCancelled || f.Sent.Packets == 0 || f.Arrived.Packets == 0 {
				t.Errorf("sent %+v, arrived %+v", f.Sent, f.Arrived)
			}
			if ev.Run.Interrupted != "stopped by the user" {
				t.Error(ev.Run.Interrupted)
			}
		})
	}
}

// TestSweepLosesTheResponder takes the wire away in the middle: what this end measured is kept.
func TestSweepLosesTheResponder(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	wire := networktest.New(network.Host{})
	t.Cleanup(wire.Dig)
	cfg := against(r, aSweep(scenarios.Inbound, "18000-18899", 50))
	cfg.Network = wire
	told := 0
	cfg.Progress = func(e client.Event) {
		if e.Name == "check-progress" {
			if told++; told == 3 {
				wire.Vanish()
			}
		}
	}
	ev := mustRun(t.Context(), t, cfg)
	f := ev.Checks[0].SweepFacts
	if f == nil || f.Sent == nil || f.Sent.Echoes == 0 || f.Arrived != nil || !strings.Contains(f.Missing, "cannot be reached any more") {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(ev.Run.Interrupted, "cannot be reached any more") {
		t.Error(ev.Run.Interrupted)
	}
}

// A roaming network is behind a NAT that gives its first UDP socket another address
// than the later ones.
type roaming struct {
	behindNAT
	opened atomic.Int32
}

func (r *roaming) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	if r.opened.Add(1) == 1 {
		local = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.3"), local.Port())
	}
	return r.Host.ListenPacket(ctx, local)
}

// TestSweepFromBehindNAT cannot prove what the client's own NAT keeps out.
func TestSweepFromBehindNAT(t *testing.T) {
	t.Parallel()
	if c, err := (network.Host{}).ListenPacket(t.Context(), netip.MustParseAddrPort("127.0.0.2:0")); err != nil {
		t.Skipf("this system has no second loopback address: %v", err)
	} else {
		c.Close()
	}
	for name, row := range map[string]struct {
		network    network.Network
		transports []sipprobe.Transport
		why        string
	}{
		"no UDP":          {behindNAT{}, []sipprobe.Transport{sipprobe.TCP}, "no UDP to the responder passes"},
		"another address": {&roaming{}, []sipprobe.Transport{sipprobe.TCP, sipprobe.UDP}, "from another address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, func(c *responder.Config) { c.Ports = only(row.transports...) })
			cfg := against(r, aSweep(scenarios.Outbound, "32100-32199", 0))
			cfg.Network = row.network
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			c := ev.Checks[0]
			if f := c.SweepFacts; f == nil || f.Sent != nil || f.NotTried.String() != "32100-32199" || !strings.Contains(f.WhyNot, row.why) || c.Skipped != "" {
				t.Errorf("%+v, skipped %q", f, c.Skipped)
			}
		})
	}
}

// TestSweepsLeaveNothing looks for sockets and goroutines after sweeps both ways, and before calls.
func TestSweepsLeaveNothing(t *testing.T) {
	networktest.Leaks(t)
	r := startResponder(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 30800, To: 30999} })
	s := aSweep(scenarios.Inbound, "30800-30999", 5000)
	out := aSweep(scenarios.Outbound, "30700-30999", 5000).Checks[0]
	out.ID = "out"
	s.Checks = append(s.Checks, out, callCheck("call", scenarios.Inbound, sipprobe.UDP, time.Second, nil))
	ev := mustRun(t.Context(), t, against(r, s))
	whole(t, ev)
	allOpen(t, swept(t, ev), portSet(t, "30800-30999"))
	// On one host, the ports that the responder sends from are not the client's to try.
	f := ev.Checks[1].SweepFacts
	if f.NotTried.Len() != 16 || !strings.Contains(f.WhyNot, "itself") {
		t.Errorf("not tried: %v, %s", f.NotTried, f.WhyNot)
	}
	allOpen(t, f, portSet(t, "30700-30999").Minus(f.NotTried))
	heardBothWays(t, ev.Checks[2])
}

// TestSweepEvidenceSurvivesTheFile saves the evidence of sweeps and reads it back.
func TestSweepEvidenceSurvivesTheFile(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	ev := mustRun(t.Context(), t, against(r, aSweep(scenarios.Inbound, "31000-31099", 5000)))
	var b bytes.Buffer
	if err := ev.Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := evidence.Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(swept(t, ev), swept(t, again), cmp.Comparer(rtpprobe.PortSet.Equal), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

// TestSweepPrimesWhatFailedCold loses what is sent to some of the ports, which are then primed in vain.
func TestSweepPrimesWhatFailedCold(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	wire := networktest.New(network.Host{})
	t.Cleanup(wire.Dig)
	lost := portSet(t, "31340-31379")
	wire.Silence(func(f networktest.Flow) bool { return f.Protocol == "udp" && lost.Contains(f.Remote.Port()) })
	cfg := against(r, aSweep(scenarios.Inbound, "31300-31499", 5000))
	cfg.Network = wire
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	f := swept(t, ev)
	if v := rtpprobe.JudgeSweep(*f.Sent, *f.Arrived); !v.RequestLost.Equal(lost) || v.Open.Len() != 160 {
		t.Errorf("%+v", v)
	}
	p := f.Primed
	if p == nil || p.Sent == nil || p.Arrived == nil || p.Missing != "" {
		t.Fatalf("%+v", p)
	}
	if !p.Arrived.Listened.Equal(p.Sent.Ports) || len(p.Sent.Locals) != 1 || p.Sent.ID == f.Sent.ID || p.Primed != nil {
		t.Errorf("sent %+v, arrived %+v", p.Sent, p.Arrived)
	}
	v := rtpprobe.JudgeSweep(*p.Sent, *p.Arrived)
	if !v.RequestLost.Equal(lost) || !v.Open.Equal(p.Sent.Ports.Minus(lost)) || v.Open.Len() < 10 || !p.NotTried.IsZero() {
		t.Errorf("%+v", v)
	}
}

// TestSweepOfOwnPortsAlone has no port to try, and says so.
func TestSweepOfOwnPortsAlone(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) {
		c.Ports = map[sipprobe.Transport]uint16{sipprobe.UDP: 31500, sipprobe.TLS: 0}
	})
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		ev := mustRun(t.Context(), t, against(r, aSweep(d, "31500", 0)))
		c := ev.Checks[0]
		if f := c.SweepFacts; f == nil || f.NotTried.String() != "31500" || f.Sent != nil || c.Skipped != "" {
			t.Errorf("%s: %+v, %q", d, f, c.Skipped)
		}
	}
}
