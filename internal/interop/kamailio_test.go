package interop_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/call"
	"bothways/internal/client"
	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/sipdiff"
)

// TestCallsThroughKamailio puts a proxy that records its route between two ends: what
// follows the INVITE must pass it as well, whoever hangs up.
func TestCallsThroughKamailio(t *testing.T) {
	t.Parallel()
	for _, transport := range []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP} {
		for _, hangsUp := range []string{"caller", "called"} {
			t.Run(string(transport)+", the "+hangsUp+" end hangs up", func(t *testing.T) {
				t.Parallel()
				lasts := map[string]time.Duration{"caller": 20 * time.Second, "called": 20 * time.Second}
				lasts[hangsUp] = 1500 * time.Millisecond
				ended := make(chan evidence.CallEnd, 1)
				far := listener(t, transport, func(in *sipprobe.Incoming) {
					ctx, cancel := context.WithTimeout(t.Context(), lasts["called"])
					defer cancel()
					setup := toPhone(loopback, rtpprobe.PCMU, time.Minute)
					setup.Inside = true
					ended <- call.Answer(ctx, in, "far", setup)
				})
				p := startProxy(t, far.Local(), far.Local())
				near := caller(t, transport, p.at)
				ctx, cancel := context.WithTimeout(t.Context(), lasts["caller"])
				defer cancel()
				placed := call.Place(ctx, near, sipprobe.Target{Peer: p.at, Token: "near"}, toPhone(loopback, rtpprobe.PCMU, time.Minute))
				answered := networktest.Within(t, ended, "the called end goes on, or was not called")
				for name, end := range map[string]evidence.CallEnd{"caller": placed, "called": answered} {
					if !end.Established || end.Fault != "" || end.Media == nil || end.Media.Received.ToneHeardMS < 500 {
						t.Errorf("%s: %+v\n%+v", name, end, end.Invite)
					}
				}
				last := map[string][]sipprobe.Event{"caller": placed.Events, "called": answered.Events}[hangsUp]
				if n := len(last); n < 2 || last[n-2].What != "BYE" || last[n-1].What != "200" || !last[n-2].Sent {
					t.Errorf("the end that hangs up saw %+v", last)
				}
				for _, method := range []string{"ACK", "BYE"} {
					if !p.out.has("by its Route: " + method) {
						t.Errorf("the %s went round the proxy", method)
					}
				}
			})
		}
	}
}

// TestBaresipCallsThroughKamailio has nothing of this program's but the called end.
func TestBaresipCallsThroughKamailio(t *testing.T) {
	t.Parallel()
	var log output
	r := start(t, func(c *responder.Config) { c.AnswerAnyone, c.Logger = true, slog.New(slog.NewJSONHandler(&log, nil)) })
	via := startProxy(t, addressOf(r, sipprobe.UDP), addressOf(r, sipprobe.TCP))
	p := startPhone(t, loopback, rtpprobe.InboundTone, rtpprobe.PCMA)
	p.dial(t, via.at, sipprobe.TCP)
	if heard, recorded := p.hears(t, rtpprobe.OutboundTone, 2*time.Second); heard < 2*time.Second {
		t.Errorf("the phone heard %v of the responder's tone in %v", heard, recorded)
	}
	p.hangUp()
	if got := lastWords(t, &log); got.Ended != "the far end hung up" || got.ToneHeardMS < 1800 {
		t.Errorf("the responder tells of %+v", got)
	}
	if !via.out.has("by its Route: BYE") {
		t.Error("the BYE went round the proxy")
	}
}

// TestProxyIsNotAccused has a responder behind a proxy: it changes messages as a proxy
// may, and nobody takes it for an ALG.
func TestProxyIsNotAccused(t *testing.T) {
	t.Parallel()
	for _, transport := range []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			r := start(t, nil)
			p := startProxy(t, addressOf(r, sipprobe.UDP), addressOf(r, sipprobe.TCP))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ev, err := client.Run(ctx, client.Config{
				Network: network.Host{}, Target: "site.example", Address: loopback, Key: key, Version: "test", Scenario: inbound(transport),
				Ports:    map[sipprobe.Transport]uint16{transport: p.at.Port()},
				OwnPorts: map[sipprobe.Transport]uint16{transport: 0},
			})
			if err != nil {
				t.Fatal(err)
			}
			d := diagnosis.Diagnose(ev)
			if d.Verdict != diagnosis.Pass || len(d.Findings) > 0 {
				t.Errorf("%s: %s: %+v", d.Verdict, d.Summary, d.Findings)
			}
			recorded := false
			for _, c := range d.Changes {
				recorded = recorded || c.Field == "Record-Route[0]"
				if c.Allowed != sipdiff.ByProxy {
					t.Errorf("%+v", c)
				}
			}
			if !recorded {
				t.Error("the proxy recorded no route")
			}
		})
	}
}

// inbound is a scenario of what goes towards the site over one transport.
func inbound(transport sipprobe.Transport) scenarios.Scenario {
	over := scenarios.Transport(transport)
	end := scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchFirstPacket, Rport: true, Audio: scenarios.ToneAudio}
	return scenarios.Scenario{Name: "inbound", Checks: []scenarios.Check{
		{ID: "options", Kind: scenarios.Options, Direction: scenarios.Inbound, Transport: over},
		{ID: "call", Kind: scenarios.CallKind, Direction: scenarios.Inbound, Transport: over, Call: &scenarios.Call{
			TalkMs: 2000, Codec: "pcmu", MaxLossPercent: scenarios.DefaultMaxLossPercent, Responder: end, Client: end}},
		{ID: "rewriting", Kind: scenarios.RewritingKind, Direction: scenarios.Inbound, Transport: over},
	}}
}

// listener is an endpoint without a key that is called.
func listener(t *testing.T, transport sipprobe.Transport, serve func(*sipprobe.Incoming)) *sipprobe.Endpoint {
	t.Helper()
	cfg := sipprobe.EndpointConfig{Transport: transport, Serve: serve}
	if transport == sipprobe.UDP {
		cfg.PacketConn = packetConn(t, loopback)
	} else {
		l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Listener = l
	}
	e, err := sipprobe.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
