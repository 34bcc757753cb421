package client_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"

	"bothways/internal/client"
	"bothways/internal/evidence"
	knocks "bothways/internal/knock"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func portCheck(d scenarios.Direction, over knocks.Transport, port uint16) scenarios.Check {
	return scenarios.Check{
		ID: fmt.Sprintf("%s-%s-%d", d, over, port), Kind: scenarios.PortKind, Direction: d, Transport: scenarios.Transport(over),
		Port: &scenarios.Port{Number: port},
	}
}

func portChecks(checks ...scenarios.Check) scenarios.Scenario {
	return scenarios.Scenario{Name: "ports", Checks: checks}
}

// bothEnds are checks of a TCP and a UDP port each way.
func bothEnds(port uint16) scenarios.Scenario {
	var all []scenarios.Check
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, over := range []knocks.Transport{knocks.TCP, knocks.UDP} {
			all = append(all, portCheck(d, over, port))
		}
	}
	return portChecks(all...)
}

// TestPorts knocks both ways on loopback, over each transport of the pairing.
func TestPorts(t *testing.T) {
	t.Parallel()
	for i, row := range []struct {
		name  string
		ports map[sipprobe.Transport]uint16
		at    netip.Addr
	}{
		{"tls", only(sipprobe.TLS), loopback},
		{"udp", only(sipprobe.UDP), loopback},
		{"ipv6", anyPorts(), loopback6},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, func(c *responder.Config) { c.Ports, c.Listen = row.ports, []netip.Addr{row.at} })
			cfg := against(r, bothEnds(uint16(23100+i)))
			cfg.Address, cfg.OwnPorts = row.at, row.ports
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			for _, c := range ev.Checks {
				rang(t, c)
			}
		})
	}
}

// rang fails the test unless the knock of a check was proven in both ledgers.
func rang(t *testing.T, c evidence.Check) {
	t.Helper()
	f := c.PortFacts
	if c.Skipped != "" || f == nil || f.Knocked == nil || f.Heard == nil || f.Missing != "" {
		t.Errorf("%s skipped %q: %+v", c.ID, c.Skipped, f)
		return
	}
	a := f.Knocked.Answered()
	if a != nil && c.Transport == "tcp" && a.Connect != "open" {
		t.Errorf("%s: the connection is %q", c.ID, a.Connect)
	}
	if a == nil || a.ArrivedOn != c.Port.Number || len(f.Heard.Arrivals) != 1 || f.Heard.Arrivals[0].Port != c.Port.Number || f.Heard.Arrivals[0].Remote != a.Local {
		t.Errorf("%s: %+v\n%+v", c.ID, f.Knocked, f.Heard)
	}
}

// TestManyPorts knocks at more ports than one order holds.
func TestManyPorts(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.Ports = only(sipprobe.UDP) })
	var all []scenarios.Check
	for port := uint16(23200); port < 23270; port++ {
		all = append(all, portCheck(scenarios.Inbound, knocks.UDP, port), portCheck(scenarios.Inbound, knocks.TCP, port))
	}
	cfg := against(r, portChecks(all...))
	cfg.OwnPorts = only(sipprobe.UDP)
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	for _, c := range ev.Checks {
		rang(t, c)
	}
}

// TestPortsInUse has others hold ports: another program at each end, and the two
// programs themselves for SIP.
func TestPortsInUse(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	l, err := net.Listen("tcp4", "127.0.0.1:23300")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sip := portsOf(r)[sipprobe.TLS]
	ev := mustRun(t.Context(), t, against(r, portChecks(
		portCheck(scenarios.Inbound, knocks.TCP, 23300), portCheck(scenarios.Inbound, knocks.TCP, sip),
		portCheck(scenarios.Outbound, knocks.TCP, 23300), portCheck(scenarios.Outbound, knocks.TCP, sip),
		portCheck(scenarios.Inbound, knocks.UDP, 23300),
	)))
	whole(t, ev)
	for _, i := range []int{0, 2} {
		if f := ev.Checks[i].PortFacts; f == nil || f.Heard == nil || f.Heard.NotHung != knocks.InUse || f.Heard.Error == "" || f.Knocked != nil {
			t.Errorf("%s: %+v", ev.Checks[i].ID, f)
		}
	}
	for i, want := range map[int]string{1: "the responder itself uses the port", 3: "the client itself uses the port"} {
		if c := ev.Checks[i]; !strings.Contains(c.Skipped, want) || c.PortFacts != nil {
			t.Errorf("%s: %q %+v", c.ID, c.Skipped, c.PortFacts)
		}
	}
	rang(t, ev.Checks[4])
}

// A forbidding host does not let programs listen on some ports.
type forbidding struct {
	network.Host
	port uint16
}

func (f forbidding) Listen(ctx context.Context, local netip.AddrPort) (net.Listener, error) {
	if local.Port() == f.port {
		return nil, &net.OpError{Op: "listen", Err: errPermission{}}
	}
	return f.Host.Listen(ctx, local)
}

func TestPortsNotPermitted(t *testing.T) {
	t.Parallel()
	forbid := forbidding{port: 23400}
	r := startResponder(t, func(c *responder.Config) { c.Network = forbid })
	cfg := against(r, portChecks(portCheck(scenarios.Inbound, knocks.TCP, 23400), portCheck(scenarios.Outbound, knocks.TCP, 23400)))
	cfg.Network = forbid
	ev := mustRun(t.Context(), t, cfg)
	for _, c := range ev.Checks {
		if f := c.PortFacts; f == nil || f.Heard == nil || f.Heard.NotHung != knocks.NotPermitted {
			t.Errorf("%s: %+v", c.ID, f)
		}
	}
}

// TestPortsBehindNAT: what a NAT of the client's own keeps in is not tried.
func TestPortsBehindNAT(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.Ports = only(sipprobe.TCP) })
	cfg := against(r, bothEnds(23500))
	cfg.Network = behindNAT{}
	ev := mustRun(t.Context(), t, cfg)
	for _, c := range ev.Checks {
		if c.Direction == scenarios.Outbound && (c.PortFacts != nil || !strings.Contains(c.Skipped, "NAT of its own")) {
			t.Errorf("%s: %q %+v", c.ID, c.Skipped, c.PortFacts)
		}
	}
	rang(t, ev.Checks[0])
}

// TestPortsOfSeveralClients: the bells of one are not another program to the others.
func TestPortsOfSeveralClients(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			ev := mustRun(t.Context(), t, against(r, portChecks(portCheck(scenarios.Inbound, knocks.TCP, 23600), portCheck(scenarios.Inbound, knocks.UDP, 23600))))
			for _, c := range ev.Checks {
				rang(t, c)
			}
		})
	}
	wg.Wait()
}

// TestPortsStop stops a run while nobody answers: nothing is left, and silence that
// nobody waited for is no fact.
func TestPortsStop(t *testing.T) {
	networktest.Leaks(t)
	wire := networktest.New(network.Host{})
	wire.Silence(func(f networktest.Flow) bool { return f.Remote.Port() == 23700 })
	r := startResponder(t, nil)
	cfg := against(r, bothEnds(23700))
	cfg.Network = wire
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cfg.Progress = func(e client.Event) {
		if e.Name == "check-started" {
			cancel()
		}
	}
	ev := mustRun(ctx, t, cfg)
	for _, c := range ev.Checks {
		if c.PortFacts != nil || c.Skipped == "" {
			t.Errorf("%s: skipped %q, %+v", c.ID, c.Skipped, c.PortFacts)
		}
	}
	if ev.Run.Interrupted != "stopped by the user" {
		t.Errorf("interrupted: %q", ev.Run.Interrupted)
	}
}

// errPermission is what systems say of ports that a program may not have.
type errPermission struct{}

func (errPermission) Error() string { return "permission denied" }

func (errPermission) Is(target error) bool { return target == syscall.EACCES }
