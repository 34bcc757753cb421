package call_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

var loopback = netip.MustParseAddr("127.0.0.1")

func endpoint(t *testing.T, serve func(*sipprobe.Incoming)) *sipprobe.Endpoint {
	t.Helper()
	return endpointOn(t, packetConn(t), serve)
}

// side is the setup of one end of a call of that length.
func side(inside bool, talk time.Duration) call.Setup {
	b := scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchNever, Rport: true, Audio: scenarios.ToneAudio}
	return call.Setup{
		Network: network.Host{}, Local: loopback, Public: loopback, Inside: inside, MediaKey: []byte("k"), Behaviour: b,
		Check: scenarios.Check{ID: "call", Kind: scenarios.CallKind, Call: &scenarios.Call{TalkMs: int(talk.Milliseconds()), Codec: "pcmu"}},
		Allow: func(to netip.AddrPort) bool { return to.Addr() == loopback },
	}
}

// both runs a call and returns the records of its two ends. Each end has a context of its own.
func both(t *testing.T, caller, called context.Context, from, to call.Setup) (placed, answered evidence.CallEnd) {
	t.Helper()
	ended := make(chan evidence.CallEnd, 1)
	far := endpoint(t, func(in *sipprobe.Incoming) { ended <- call.Answer(called, in, "far", to) })
	placed = call.Place(caller, endpoint(t, nil), sipprobe.Target{Peer: far.Local(), Token: "near"}, from)
	return placed, networktest.Within(t, ended, "the called end goes on")
}

func TestCall(t *testing.T) {
	t.Parallel()
	to := side(true, 2*time.Second)
	to.Cold = 1500 * time.Millisecond
	from := side(false, 2*time.Second)
	from.Lead = to.Cold
	placed, answered := both(t, t.Context(), t.Context(), from, to)
	for name, end := range map[string]evidence.CallEnd{"caller": placed, "called": answered} {
		if !end.Established || end.Fault != "" || end.Media == nil || end.Media.Received.ToneHeardMS < 500 {
			t.Errorf("%s: %+v", name, end)
		}
	}
	if *placed.Heard != *answered.Advertised || *answered.Heard != *placed.Advertised {
		t.Errorf("advertised %v and %v, heard %v and %v", placed.Advertised, answered.Advertised, answered.Heard, placed.Heard)
	}
	if placed.Ended != "hung up" || answered.Ended != "the far end hung up" {
		t.Errorf("ended %q and %q", placed.Ended, answered.Ended)
	}
	if answered.Cold == nil || answered.Cold.Packets < 5 || placed.Lead == nil || placed.Lead.Packets < 5 {
		t.Errorf("cold %+v, lead %+v", answered.Cold, placed.Lead)
	}
}

// TestStoppedCall stops either end: a BYE tells the other.
func TestStoppedCall(t *testing.T) {
	for _, who := range []string{"caller", "called"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			caller, called := ctx, t.Context()
			if who == "called" {
				caller, called = called, caller
			}
			placed, answered := both(t, caller, called, side(false, time.Minute), side(true, time.Minute))
			ends := map[string]string{"caller": placed.Ended, "called": answered.Ended}
			for name, got := range ends {
				want := "the far end hung up"
				if name == who {
					want = "hung up"
				}
				if got != want {
					t.Errorf("%s ended %q, want %q", name, got, want)
				}
			}
			if placed.Media == nil || answered.Media == nil || placed.Media.Received.Packets == 0 || answered.Media.Received.Packets == 0 {
				t.Error("what was measured is gone")
			}
		})
	}
}

// TestCallThatCannotBe has a fault at one end, which both say.
func TestCallThatCannotBe(t *testing.T) {
	none := rtpprobe.PortRange{From: 5, To: 5} // no room for a pair
	for _, row := range []struct {
		name         string
		change       func(from, to *call.Setup)
		status       int
		fault, where string
	}{
		{"no port at the called end", func(_, to *call.Setup) { to.Ports = none }, 503, "no media port", "called"},
		{"codec of the called end", func(_, to *call.Setup) { to.Check.Call.Codec = "g729" }, 503, "g729", "called"},
		{"no port at the caller", func(from, _ *call.Setup) { from.Ports = none }, 0, "no media port", "caller"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			from, to := side(false, time.Second), side(true, time.Second)
			row.change(&from, &to)
			answered := make(chan evidence.CallEnd, 1)
			far := endpoint(t, func(in *sipprobe.Incoming) { answered <- call.Answer(t.Context(), in, "far", to) })
			placed := call.Place(t.Context(), endpoint(t, nil), sipprobe.Target{Peer: far.Local(), Token: "near"}, from)
			end := placed
			if row.where == "called" {
				end = networktest.Within(t, answered, "the called end goes on, or was not called")
				if placed.Invite == nil || placed.Invite.Status != row.status || placed.Fault != "" {
					t.Errorf("the caller: %+v", placed.Invite)
				}
			}
			if !strings.Contains(end.Fault, row.fault) || end.Established {
				t.Errorf("fault %q, want %q", end.Fault, row.fault)
			}
		})
	}
}

func TestOfferThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, offer := range map[string]string{"none": "", "no audio": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", "garbage": "hello"} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan evidence.CallEnd, 1)
			far := endpoint(t, func(in *sipprobe.Incoming) { ended <- call.Answer(t.Context(), in, "far", side(true, time.Second)) })
			_, x := endpoint(t, nil).Invite(t.Context(), sipprobe.Target{Peer: far.Local(), Token: "near"}, []byte(offer))
			if end := networktest.Within(t, ended, "the called end goes on, or was not called"); x.Status != 488 || end.Unreadable == "" || end.Fault != "" || end.Media == nil {
				t.Errorf("status %d, %+v", x.Status, end)
			}
		})
	}
}
