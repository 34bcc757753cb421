package responder_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func anyPorts() map[sipprobe.Transport]uint16 {
	return map[sipprobe.Transport]uint16{sipprobe.UDP: 0, sipprobe.TCP: 0, sipprobe.TLS: 0}
}

func start(t testing.TB, change func(*responder.Config)) *responder.Responder {
	t.Helper()
	cfg := responder.Config{Network: network.Host{}, Key: "k", Ports: anyPorts(), Listen: []netip.Addr{loopback}, Version: "test"}
	if change != nil {
		change(&cfg)
	}
	r, err := responder.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func addressOf(r *responder.Responder, transport sipprobe.Transport) netip.AddrPort {
	for _, s := range r.Sockets() {
		if s.Transport == transport && s.Error == "" {
			return s.Address
		}
	}
	return netip.AddrPort{}
}

// An agent gives orders as a client does, one by one.
type agent struct {
	*sipprobe.Endpoint
	run     string
	peer    netip.AddrPort
	tokens  atomic.Int64
	invites atomic.Int64
}

// newAgent is a client of that run over one transport.
func newAgent(t testing.TB, r *responder.Responder, transport sipprobe.Transport, run string) *agent {
	t.Helper()
	a := &agent{run: run, peer: addressOf(r, transport)}
	cfg := sipprobe.EndpointConfig{Transport: transport, Key: "k", User: run, Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: "k"}),
		Serve: a.serve}
	if transport == sipprobe.UDP {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		cfg.PacketConn = conn
	}
	var err error
	if a.Endpoint, err = sipprobe.Start(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	a.dial(t)
	return a
}

func (a *agent) dial(t testing.TB) {
	t.Helper()
	if a.Transport() == sipprobe.UDP {
		return
	}
	conn, err := net.Dial("tcp", a.peer.String())
	if err != nil {
		t.Fatal(err)
	}
	if a.Transport() == sipprobe.TLS {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	if err := a.Adopt(conn); err != nil {
		t.Fatal(err)
	}
}

func (a *agent) serve(in *sipprobe.Incoming) {
	if in.Method == "INVITE" {
		a.invites.Add(1)
	}
	in.Reply(486, "Busy Here", sipprobe.Body{})
}

// order gives an order and returns the reply.
func (a *agent) order(t testing.TB, o pairing.Order) pairing.Reply {
	t.Helper()
	o.Run = a.run
	body, err := pairing.Encode(o)
	if err != nil {
		t.Fatal(err)
	}
	return a.send(t, body)
}

func (a *agent) send(t testing.TB, body []byte) pairing.Reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	to := sipprobe.Target{Peer: a.peer, Token: fmt.Sprintf("order-%s-%d", a.Transport(), a.tokens.Add(1))}
	x := a.Message(ctx, to, pairing.ContentType, pairing.Encoding, body)
	if x.Outcome != sipprobe.Accepted {
		t.Fatalf("order: %+v", x)
	}
	var reply pairing.Reply
	if err := pairing.Decode(x.Body(), &reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

// hello begins the agent's session.
func (a *agent) hello(t testing.TB) pairing.Reply {
	t.Helper()
	return a.order(t, pairing.Order{Hello: &pairing.Hello{Dialled: loopback}})
}

// aCheck is a call as orders carry it.
func aCheck(id string, transport sipprobe.Transport, talk time.Duration) scenarios.Check {
	side := scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchFirstPacket, Rport: true, Audio: scenarios.ToneAudio}
	return scenarios.Check{ID: id, Kind: scenarios.CallKind, Direction: scenarios.Outbound, Transport: scenarios.Transport(transport),
		Call: &scenarios.Call{TalkMs: int(talk.Milliseconds()), Codec: "pcmu", Responder: side, Client: side}}
}
