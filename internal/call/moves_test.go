package call_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/internal/network/networktest"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// lively runs a call from the client that does more than talk.
func lively(t *testing.T, talk time.Duration, change func(*scenarios.Call)) (client, responder evidence.CallEnd) {
	t.Helper()
	from, to := side(false, talk), side(true, talk)
	change(from.Check.Call)
	change(to.Check.Call)
	return both(t, t.Context(), t.Context(), from, to)
}

// told are the moments of an end in short.
func recounted(end evidence.CallEnd) string {
	var out []string
	for _, m := range end.Moments {
		word := string(m.What)
		if m.By != "" {
			word += " by " + string(m.By)
		}
		if m.Moved {
			word += " moved"
		}
		if m.How != "" {
			word += " " + string(m.How)
		}
		out = append(out, word)
	}
	return strings.Join(out, ", ")
}

// between is what an end sent and received from its nth moment to the next.
func between(end evidence.CallEnd, n int) (sent, received int64) {
	a, b := end.Moments[n], end.Moments[n+1]
	return b.Sent - a.Sent, b.Received - a.Received
}

// slack are packets that may be under way when a moment is noted.
const slack = 4

func TestHolds(t *testing.T) {
	for _, row := range []struct {
		how           scenarios.HoldKind
		by            scenarios.Side
		client, inner bool // whether the client, and the responder, send during it
	}{
		{scenarios.SendOnlyHold, scenarios.ClientSide, true, false},
		{scenarios.InactiveHold, scenarios.ClientSide, false, false},
		{scenarios.ZeroAddressHold, scenarios.ClientSide, true, false},
		{scenarios.SendOnlyHold, scenarios.ResponderSide, false, true},
	} {
		t.Run(fmt.Sprintf("%s by %s", row.how, row.by), func(t *testing.T) {
			t.Parallel()
			client, responder := lively(t, 4*time.Second, func(c *scenarios.Call) {
				c.Moves = []scenarios.Move{{AtMs: 1000, By: row.by, Do: scenarios.HoldMove, How: row.how}, {AtMs: 2500, By: row.by, Do: scenarios.ResumeMove}}
			})
			want := fmt.Sprintf("answer, hold by %s %s, resume by %s, over", row.by, row.how, row.by)
			for name, end := range map[string]evidence.CallEnd{"client": client, "responder": responder} {
				if got := recounted(end); got != want || end.Fault != "" {
					t.Fatalf("%s: %s %s, want %s", name, got, end.Fault, want)
				}
			}
			for n, sending := range []struct{ client, responder bool }{{true, true}, {row.client, row.inner}, {true, true}} {
				out, in := between(client, n)
				back, arrived := between(responder, n)
				if (out > 20) != sending.client || (back > 20) != sending.responder || out > slack != sending.client || back > slack != sending.responder {
					t.Errorf("in part %d the client sent %d and the responder %d packets", n, out, back)
				}
				if abs(out-arrived) > slack || abs(back-in) > slack {
					t.Errorf("in part %d of %d arrived %d, of %d %d", n, out, arrived, back, in)
				}
			}
		})
	}
}

func abs(n int64) int64 { return max(n, -n) }

// TestMovedMedia goes on at another port, whose packets are those of the same call.
func TestMovedMedia(t *testing.T) {
	for _, by := range []scenarios.Side{scenarios.ClientSide, scenarios.ResponderSide} {
		for _, do := range []scenarios.MoveKind{scenarios.ReinviteMove, scenarios.UpdateMove} {
			t.Run(fmt.Sprintf("%s by %s", do, by), func(t *testing.T) {
				t.Parallel()
				client, responder := lively(t, 3*time.Second, func(c *scenarios.Call) {
					c.Moves = []scenarios.Move{{AtMs: 1000, By: by, Do: do, Media: scenarios.NewPortMedia}}
				})
				mover, other := client, responder
				if by == scenarios.ResponderSide {
					mover, other = responder, client
				}
				want := fmt.Sprintf("answer, %s by %s moved, over", do, by)
				if recounted(mover) != want || recounted(other) != want {
					t.Fatalf("%s; %s; want %s", recounted(mover), recounted(other), want)
				}
				if len(mover.MoreMedia) != 1 || len(other.MoreMedia) != 0 {
					t.Fatalf("%d and %d more streams", len(mover.MoreMedia), len(other.MoreMedia))
				}
				second := mover.MoreMedia[0]
				if at := mover.Moments[1].Local; at == *mover.Advertised || at.Port() != second.Local.Port() || other.Moments[1].Heard != at {
					t.Errorf("moved from %v to %v, heard as %v", mover.Advertised, at, other.Moments[1].Heard)
				}
				if second.Sent.Packets < 80 || second.Received.Packets < 80 || mover.Media.Sent.Packets > 70 {
					t.Errorf("before the move %d sent, after it %d sent and %d received", mover.Media.Sent.Packets, second.Sent.Packets, second.Received.Packets)
				}
				if lost := mover.SentPackets() - other.ReceivedPackets(); abs(lost) > slack {
					t.Errorf("of %d packets %d arrived", mover.SentPackets(), other.ReceivedPackets())
				}
			})
		}
	}
}

func TestSetups(t *testing.T) {
	for name, row := range map[string]struct {
		change  func(*scenarios.Call)
		moments string
		ended   string // of the caller
	}{
		"early media":         {func(c *scenarios.Call) { c.Setup.EarlyMediaMs = 1000 }, "early-media by responder, answer, over", "hung up"},
		"ring":                {func(c *scenarios.Call) { c.Setup.RingMs = 500 }, "answer, over", "hung up"},
		"delayed offer":       {func(c *scenarios.Call) { c.Setup.DelayedOffer = true }, "answer, over", "hung up"},
		"called end hangs up": {func(c *scenarios.Call) { c.Hangup = scenarios.ResponderSide }, "answer, over", "the far end hung up"},
		"refresh": {func(c *scenarios.Call) {
			c.Moves = []scenarios.Move{{AtMs: 1000, By: scenarios.ClientSide, Do: scenarios.ReinviteMove, Media: scenarios.SameMedia}}
		}, "answer, reinvite by client, over", "hung up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, responder := lively(t, 2*time.Second, row.change)
			if recounted(client) != row.moments || recounted(responder) != row.moments || client.Ended != row.ended {
				t.Errorf("%s; %s; ended %s; want %s", recounted(client), recounted(responder), client.Ended, row.moments)
			}
			for side, end := range map[string]evidence.CallEnd{"client": client, "responder": responder} {
				if !end.Established || end.Fault != "" || end.Media.Received.ToneHeardMS < 1500 {
					t.Errorf("%s: %+v", side, end)
				}
			}
		})
	}
}

// TestEarlyMediaIsHeard: the caller hears the called end a second before it answers.
func TestEarlyMediaIsHeard(t *testing.T) {
	t.Parallel()
	client, responder := lively(t, time.Second, func(c *scenarios.Call) { c.Setup.EarlyMediaMs = 1000 })
	_, early := between(client, 0)
	if sent, _ := between(responder, 0); early < 40 || abs(sent-early) > slack {
		t.Errorf("%d sent and %d heard before the answer", sent, early)
	}
}

// TestUnansweredMove hangs up, as an end must whose request in the call is lost, and says why.
func TestUnansweredMove(t *testing.T) {
	t.Parallel()
	from, to := side(false, 20*time.Second), side(true, 20*time.Second)
	from.Check.Call.Moves = []scenarios.Move{{AtMs: 1000, By: scenarios.ClientSide, Do: scenarios.ReinviteMove, Media: scenarios.NewPortMedia}}
	ended := make(chan evidence.CallEnd, 1)
	wall := &deaf{PacketConn: packetConn(t)}
	far := endpointOn(t, wall, func(in *sipprobe.Incoming) { ended <- call.Answer(t.Context(), in, "far", to) })
	wall.after.Store(1)
	placed := call.Place(t.Context(), endpoint(t, nil), sipprobe.Target{Peer: far.Local(), Token: "near"}, from)
	answered := networktest.Within(t, ended, "the called end goes on, or was not called")
	if placed.Ended != evidence.EndedUnanswered || answered.Ended != "the far end hung up" {
		t.Errorf("ended %q and %q", placed.Ended, answered.Ended)
	}
	if got := recounted(placed); got != "answer, reinvite by client moved, over" || placed.Moments[1].Took() || len(placed.MoreMedia) != 0 {
		t.Errorf("%s, %+v", got, placed.Moments[1])
	}
	if last := placed.Moments[1]; last.TookMs < 7_900 || last.Local != *placed.Advertised {
		t.Errorf("%+v", last)
	}
}

// TestOfferOfAnotherCodec is refused, and the call goes on.
func TestOfferOfAnotherCodec(t *testing.T) {
	t.Parallel()
	to := side(true, 2*time.Second)
	to.Check.Call.Hangup = scenarios.ResponderSide
	ended := make(chan evidence.CallEnd, 1)
	far := endpoint(t, func(in *sipprobe.Incoming) { ended <- call.Answer(t.Context(), in, "far", to) })
	media := sipprobe.Media{Address: netip.MustParseAddrPort("127.0.0.1:9"), Payloads: []uint8{0}}
	offer, _ := media.Offer()
	c, x := endpoint(t, nil).Invite(t.Context(), sipprobe.Target{Peer: far.Local(), Token: "near"}, offer)
	if c == nil {
		t.Fatalf("%+v", x)
	}
	media.Payloads = []uint8{8}
	other, _ := media.Offer()
	if x := c.Reinvite(t.Context(), other); x.Status != 488 {
		t.Errorf("%+v", x)
	}
	if end := networktest.Within(t, ended, "the called end goes on"); end.Ended != "hung up" || recounted(end) != "answer, over" {
		t.Errorf("%s, ended %s", recounted(end), end.Ended)
	}
}

// TestLatchIsLetGo has the client's media move while the responder has settled on where it
// came from.
func TestLatchIsLetGo(t *testing.T) {
	for _, row := range []struct {
		latch scenarios.Latch
		keep  bool
	}{{scenarios.LatchFirstPacket, false}, {scenarios.LatchStrict, false}, {scenarios.LatchFirstPacket, true}} {
		t.Run(fmt.Sprintf("%s, kept %t", row.latch, row.keep), func(t *testing.T) {
			t.Parallel()
			from, to := side(false, 4*time.Second), side(true, 4*time.Second)
			for _, s := range []*call.Setup{&from, &to} {
				s.Check.Call.Moves = []scenarios.Move{{AtMs: 1500, By: scenarios.ClientSide, Do: scenarios.ReinviteMove, Media: scenarios.NewPortMedia}}
			}
			to.Behaviour.Latch, to.Behaviour.KeepLatch = row.latch, row.keep
			client, _ := both(t, t.Context(), t.Context(), from, to)
			if len(client.MoreMedia) != 1 {
				t.Fatalf("%d streams, %s", len(client.MoreMedia)+1, client.Fault)
			}
			old, fresh := client.Media.Received.Packets, client.MoreMedia[0].Received.Packets
			if row.keep && (fresh > 0 || old < 80) || old > 150 || !row.keep && (fresh < 80 || old > 110) {
				t.Errorf("%d packets came to the old port, %d to the new", old, fresh)
			}
		})
	}
}
