package interop_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// An agent holds the key and has a session; what it does with them is not always right.
type agent struct {
	*sipprobe.Endpoint
	run  string
	peer netip.AddrPort
	seq  int
}

// paired is an agent with a session over one transport.
func paired(t *testing.T, r *responder.Responder, transport sipprobe.Transport, change func(*sipprobe.EndpointConfig)) *agent {
	t.Helper()
	a := &agent{run: fmt.Sprintf("run%d", time.Now().UnixNano()%1e12), peer: addressOf(r, transport)}
	cfg := sipprobe.EndpointConfig{Transport: transport, Key: key, User: a.run}
	if transport == sipprobe.UDP {
		cfg.PacketConn = packetConn(t, loopback)
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if a.Endpoint, err = sipprobe.Start(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if transport != sipprobe.UDP {
		if err := a.Adopt(dialled(t, r, transport)); err != nil {
			t.Fatal(err)
		}
	}
	if reply := a.order(t, pairing.Order{Hello: &pairing.Hello{Dialled: loopback}}); reply.Welcome == nil {
		t.Fatalf("not paired: %+v", reply)
	}
	return a
}

func (a *agent) order(t *testing.T, o pairing.Order) pairing.Reply {
	t.Helper()
	a.seq++
	o.Run, o.Seq = a.run, a.seq
	body, err := pairing.Encode(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	x := a.Message(ctx, sipprobe.Target{Peer: a.peer, Token: fmt.Sprintf("%s-%d", a.run, a.seq)}, pairing.ContentType, pairing.Encoding, body)
	if x.Outcome != sipprobe.Accepted {
		t.Fatalf("order %d: %+v", a.seq, x)
	}
	var reply pairing.Reply
	if err := pairing.Decode(x.Body(), &reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

// call sets a call up whose offer names some address for media.
func (a *agent) call(t *testing.T, media netip.AddrPort) (*sipprobe.Call, sipprobe.Media) {
	t.Helper()
	side := scenarios.Behaviour{Latch: scenarios.LatchFirstPacket, Audio: scenarios.ToneAudio, Rport: true}
	check := scenarios.Check{ID: "call", Kind: scenarios.CallKind, Transport: scenarios.Transport(a.Transport()),
		Call: &scenarios.Call{TalkMs: 20_000, Codec: "pcmu", Responder: side, Client: side}}
	if reply := a.order(t, pairing.Order{Expect: &pairing.Expect{Check: check}}); reply.Error != "" {
		t.Fatal(reply.Error)
	}
	return invite(t, a.Endpoint, sipprobe.Target{Peer: a.peer, Token: a.run + "-call"}, media)
}

func invite(t *testing.T, e *sipprobe.Endpoint, to sipprobe.Target, media netip.AddrPort) (*sipprobe.Call, sipprobe.Media) {
	t.Helper()
	offer, err := sipprobe.Media{Address: media, Payloads: []uint8{0}, PtimeMs: 20}.Offer()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	call, x := e.Invite(ctx, to, offer)
	if call == nil {
		t.Fatalf("%+v", x)
	}
	answer, err := sipprobe.ParseMedia(x.Body())
	if err != nil {
		t.Fatal(err)
	}
	return call, answer
}
