package client_test

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func pathScenario(t *testing.T) scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Named("path")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPath runs the shipped scenario over a path that leaves everything alone: every
// message must arrive as long as it was sent, and every mark as it was set.
func TestPath(t *testing.T) {
	for name, row := range map[string]struct {
		at    netip.Addr
		media rtpprobe.PortRange
		ports map[sipprobe.Transport]uint16
	}{
		"ipv4":     {loopback, rtpprobe.PortRange{From: 32500, To: 32509}, anyPorts()},
		"ipv6":     {loopback6, rtpprobe.PortRange{From: 32510, To: 32519}, anyPorts()},
		"udp only": {loopback, rtpprobe.PortRange{From: 32520, To: 32529}, only(sipprobe.UDP)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, func(c *responder.Config) { c.Ports, c.Listen, c.RTP = row.ports, []netip.Addr{row.at}, row.media })
			cfg := against(r, pathScenario(t))
			cfg.Address, cfg.OwnPorts = row.at, row.ports
			ev := mustRun(t.Context(), t, cfg)
			whole(t, ev)
			for i := range ev.Checks {
				c := &ev.Checks[i]
				if _, on := row.ports[sipprobe.Transport(c.Transport)]; !on {
					if c.Skipped == "" {
						t.Errorf("%s was not skipped", c.ID)
					}
					continue
				}
				if c.Kind == scenarios.SizeKind {
					sizesArrived(t, ev, c)
				} else {
					marksArrived(t, c)
				}
			}
		})
	}
}

func sizesArrived(t *testing.T, ev *evidence.Evidence, c *evidence.Check) {
	t.Helper()
	f := c.SizeFacts
	if f == nil || f.Missing != "" {
		t.Fatalf("%s: skipped %q, %+v", c.ID, c.Skipped, f)
	}
	from, to := &ev.Client, ev.Responder
	if c.Direction == scenarios.Outbound {
		from, to = to, from
	}
	rungs := f.Rungs
	again := 0
	if c.Transport == "udp" {
		if f.Whole == nil || (f.Whole.Missing != "" && runtime.GOOS == "linux") {
			t.Fatalf("%s: %+v", c.ID, f.Whole)
		}
		rungs, again = slices.Concat(rungs, f.Whole.Rungs), 1
	}
	if len(f.Rungs) != len(c.Size.Bytes)+again || (f.MTU == nil || f.LinkMTU == nil) && runtime.GOOS == "linux" {
		t.Errorf("%s: %+v", c.ID, f)
	}
	for _, r := range rungs {
		sent, arrived := from.Trace(r.Token, sipprobe.Transport(c.Transport)), to.Arrived(r.Token, sipprobe.Transport(c.Transport))
		if r.Status == 0 || sent.SentRequests != 1 || *arrived != (evidence.Arrivals{Copies: 1}) {
			t.Errorf("%s: %+v: sent %+v, arrived %+v", c.ID, r, sent, arrived)
		}
	}
}

func marksArrived(t *testing.T, c *evidence.Check) {
	t.Helper()
	f := c.DSCPFacts
	if f == nil || f.Missing != "" || f.Sent == nil || f.Arrived == nil {
		t.Fatalf("%s: skipped %q, %+v", c.ID, c.Skipped, f)
	}
	if runtime.GOOS != "linux" {
		return
	}
	for i, m := range rtpprobe.Marks() {
		sent, arrived := f.Sent.Marks[i], f.Arrived.Marks[i]
		if sent.Mark != m || sent.Packets != scenarios.DefaultMarkPackets || arrived.Packets != sent.Packets || len(arrived.As) != 1 || arrived.As[0].Mark != m {
			t.Errorf("%s: %+v, %+v", c.ID, sent, arrived)
		}
	}
}

// natted is a host behind a NAT for UDP as well.
type natted struct{ behindNAT }

func (natted) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	return network.Host{}.ListenPacket(ctx, netip.AddrPortFrom(loopback, local.Port()))
}

// TestPathFromBehindNAT has a client that the site cannot reach but over the flow that
// the client opened: large messages go there over UDP, and nothing else does.
func TestPathFromBehindNAT(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("this system has no second loopback address")
	}
	r := startResponder(t, nil)
	cfg := against(r, pathScenario(t))
	cfg.Network = natted{}
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	for _, c := range ev.Checks {
		if c.Direction == scenarios.Inbound {
			continue
		}
		if c.Transport == "udp" && c.Kind == scenarios.SizeKind && c.SizeFacts != nil {
			if f := c.SizeFacts; f.Flow != "client" || f.Whole.Missing == "" || f.Rungs[0].Status == 0 {
				t.Errorf("%+v", f)
			}
			continue
		}
		if c.Skipped == "" {
			t.Errorf("%s: %+v, %+v", c.ID, c.SizeFacts, c.DSCPFacts)
		}
	}
}
