package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestNotPaired meets everything that is not a responder with the right key.
func TestNotPaired(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		peer  func(*testing.T) map[sipprobe.Transport]uint16
		key   string
		check func(*testing.T, evidence.Attempt)
	}{
		{"nothing there", unused, "k", refusedOrSilent},
		{"wrong key", aResponder, "other", wants(sipprobe.WrongKey, "")},
		{"other version", anotherVersion, "k", namesTheVersion},
		{"not ours", aStranger, "k", wants(sipprobe.Unproven, "")},
		{"too many clients", aFullResponder, "k", wants(sipprobe.Refused, "too many clients at once")},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			ev := mustRun(t.Context(), t, client.Config{Network: network.Host{}, Address: loopback, Ports: row.peer(t),
				Key: row.key, Scenario: scenario(t, "calls", time.Second)})
			if len(ev.Pairing.Attempts) != 3 || ev.Pairing.Transport != "" || ev.Responder != nil {
				t.Fatalf("%+v", ev.Pairing)
			}
			for _, a := range ev.Pairing.Attempts {
				row.check(t, a)
			}
			for _, c := range ev.Checks {
				if c.Skipped == "" {
					t.Errorf("%s was not skipped", c.ID)
				}
			}
		})
	}
}

// TestNobodyButItself asks this machine on the ports that this end would listen on itself,
// while no responder does.
func TestNobodyButItself(t *testing.T) {
	t.Parallel()
	gone := startResponder(t, nil)
	ports := portsOf(gone)
	gone.Close()
	ev := mustRun(t.Context(), t, client.Config{Network: network.Host{}, Address: loopback, Ports: ports, OwnPorts: ports,
		Key: "k", Scenario: scenario(t, "calls", time.Second)})
	for _, a := range ev.Pairing.Attempts {
		if a.Exchange != nil && a.Exchange.Status != 0 {
			t.Errorf("%s: %+v", a.Transport, a.Exchange)
		}
	}
}

func wants(o sipprobe.Outcome, message string) func(*testing.T, evidence.Attempt) {
	return func(t *testing.T, a evidence.Attempt) {
		t.Helper()
		if a.Exchange == nil || a.Exchange.Outcome != o || !strings.Contains(a.Exchange.Error, message) || a.Works() {
			t.Errorf("%s: want %s with %q: %+v", a.Transport, o, message, a.Exchange)
		}
	}
}

func refusedOrSilent(t *testing.T, a evidence.Attempt) {
	t.Helper()
	switch {
	case a.Transport == sipprobe.UDP && (a.Exchange == nil || a.Exchange.Outcome != sipprobe.Silent):
		t.Errorf("%+v", a.Exchange)
	case a.Transport != sipprobe.UDP && (a.Connect == nil || a.Connect.Result != "refused" || a.Exchange != nil):
		t.Errorf("%+v %+v", a.Connect, a.Exchange)
	}
}

const otherVersion = "application/vnd.bothways.v9+json"

func namesTheVersion(t *testing.T, a evidence.Attempt) {
	t.Helper()
	wants(sipprobe.Refused, "")(t, a)
	if a.Exchange.Status != 415 || a.Exchange.Accepts != otherVersion {
		t.Errorf("%s: status %d accepts %q", a.Transport, a.Exchange.Status, a.Exchange.Accepts)
	}
}

// nowhere is a host without a route.
type nowhere struct{ network.Host }

func (nowhere) Source(context.Context, netip.Addr) (netip.Addr, error) {
	return netip.Addr{}, errors.New("no route")
}

func TestNoRouteIsAnError(t *testing.T) {
	t.Parallel()
	_, err := client.Run(t.Context(), client.Config{Network: nowhere{}, Address: loopback, Ports: anyPorts(), Key: "k"})
	if err == nil || !strings.Contains(err.Error(), "no route") {
		t.Errorf("err = %v", err)
	}
}

func TestOwnPortsTaken(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	cfg := against(r, aCall(scenarios.Outbound, sipprobe.UDP, time.Second))
	taken := uint16(listenPacket(t).LocalAddr().(*net.UDPAddr).Port)
	cfg.OwnPorts = map[sipprobe.Transport]uint16{sipprobe.UDP: taken}
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	heardBothWays(t, ev.Checks[0])
	if s := ev.Client.Sockets; len(s) != 1 || s[0].Error != "" || s[0].Address.Port() == taken {
		t.Errorf("%+v", s)
	}
}

// TestMediaPortsExhausted leaves room for one call at one end, and makes three.
func TestMediaPortsExhausted(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"client", "responder"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			narrow := freePair(t)
			r := startResponder(t, func(c *responder.Config) {
				if at == "responder" {
					c.RTP = narrow
				}
			})
			s := scenarios.Scenario{Name: "crowd"}
			for i := range 3 {
				s.Checks = append(s.Checks, callCheck(fmt.Sprintf("call-%d", i), scenarios.Inbound, sipprobe.UDP, time.Second, nil))
			}
			cfg := against(r, s)
			if at == "client" {
				cfg.RTP = narrow
			}
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			faults := 0
			for _, c := range ev.Checks {
				if end := ends(c)[at]; end != nil && strings.Contains(end.Fault, "no free pair of ports") {
					faults++
				} else {
					heardBothWays(t, c)
				}
			}
			if faults != 2 {
				t.Errorf("%d calls say that there was no media port, want 2", faults)
			}
		})
	}
}

// freePair is a range of one pair of ports that nobody uses.
func freePair(t *testing.T) rtpprobe.PortRange {
	t.Helper()
	rtp, rtcp, err := rtpprobe.OpenPair(func(port uint16) (net.PacketConn, error) {
		return network.Host{}.ListenPacket(t.Context(), netip.AddrPortFrom(loopback, port))
	}, rtpprobe.PortRange{})
	if err != nil {
		t.Fatal(err)
	}
	defer rtp.Close()
	defer rtcp.Close()
	port := uint16(rtp.LocalAddr().(*net.UDPAddr).Port)
	return rtpprobe.PortRange{From: port, To: port + 1}
}
