package sipprobe_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"
)

// dialled is a call over a pair, as each end has it.
func dialled(t *testing.T, p *pair) (caller, called *sipprobe.Call) {
	t.Helper()
	caller, x := p.invite(t.Context())
	got := <-p.accepted
	if caller == nil || got.err != nil {
		t.Fatalf("%+v, %v", x, got.err)
	}
	return caller, got.call
}

// answering answers every change with that SDP, and passes it on.
func answering(c *sipprobe.Call, sdp string) <-chan sipprobe.Change {
	got := make(chan sipprobe.Change, 8)
	c.OnChange(func(ch sipprobe.Change) ([]byte, error) {
		got <- ch
		return []byte(sdp), nil
	})
	return got
}

// TestChanges has each end change the call by re-INVITE and by UPDATE; both are challenged.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, newMemory(), nil)
		caller, called := dialled(t, p)
		atCalled, atCaller := answering(called, "by the called end"), answering(caller, "by the caller")
		for _, row := range []struct {
			name   string
			x      sipprobe.Exchange
			at     <-chan sipprobe.Change
			answer string
		}{
			{"caller re-INVITE", caller.Reinvite(t.Context(), []byte("one")), atCalled, "by the called end"},
			{"called re-INVITE", called.Reinvite(t.Context(), []byte("one")), atCaller, "by the caller"},
			{"caller UPDATE", caller.Update(t.Context(), []byte("one")), atCalled, "by the called end"},
			{"called UPDATE", called.Update(t.Context(), []byte("one")), atCaller, "by the caller"},
		} {
			if got := <-row.at; row.x.Outcome != sipprobe.Accepted || string(row.x.Body()) != row.answer || string(got.Offer) != "one" {
				t.Errorf("%s: %+v, answered %q, asked %q", row.name, row.x, row.x.Body(), got.Offer)
			}
		}
		time.Sleep(time.Minute) // no 200 comes again: each was acknowledged
		want := ">INVITE <401 >INVITE <200 >ACK >INVITE <401 >INVITE <200 >ACK <INVITE >200 <ACK >UPDATE <401 >UPDATE <200 <UPDATE >200"
		if got := what(caller.Events()); got != want {
			t.Errorf("the caller saw %s\nwant %s", got, want)
		}
		if bye := called.Bye(t.Context()); bye.Outcome != sipprobe.Accepted {
			t.Errorf("%+v", bye)
		}
	})
}

// TestRefusedChange leaves the call as it was.
func TestRefusedChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPair(t, m, nil)
		caller, called := dialled(t, p)
		called.OnChange(func(sipprobe.Change) ([]byte, error) { return nil, errors.New("no") })
		if x := caller.Reinvite(t.Context(), []byte("v=0\r\n")); x.Status != 488 || x.Outcome != sipprobe.Refused {
			t.Errorf("%+v", x)
		}
		time.Sleep(time.Minute)
		refusals := 0
		for _, f := range m.flights() {
			if strings.HasPrefix(f.data, "SIP/2.0 488") {
				refusals++
			}
		}
		if refusals != 1 || caller.EndReason() != "" || called.EndReason() != "" {
			t.Errorf("refused %d times; ended %q and %q", refusals, caller.EndReason(), called.EndReason())
		}
	})
}

// TestGlare has both ends offer at the same time: each is refused, and the end that did
// not call tries again first.
func TestGlare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPair(t, m, nil)
		caller, called := dialled(t, p)
		answering(called, "b")
		answering(caller, "a")
		results := make(chan sipprobe.Exchange, 2)
		go func() { results <- caller.Reinvite(t.Context(), []byte("1")) }()
		go func() { results <- called.Reinvite(t.Context(), []byte("2")) }()
		for range 2 {
			if x := <-results; x.Outcome != sipprobe.Accepted {
				t.Errorf("%+v", x)
			}
		}
		pending := 0
		for _, f := range m.flights() {
			if strings.HasPrefix(f.data, "SIP/2.0 491") {
				pending++
			}
		}
		if pending == 0 {
			t.Error("no change was refused as pending")
		}
	})
}

// TestReinviteWithoutAnswer is silent and leaves the end of the call to its owner.
func TestReinviteWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPair(t, m, nil)
		caller, _ := dialled(t, p)
		m.pass = lose("INVITE ", serverAddr)
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		if x := caller.Reinvite(ctx, []byte("v=0\r\n")); x.Outcome != sipprobe.Silent || caller.EndReason() != "" {
			t.Errorf("%+v", x)
		}
	})
}

// TestReinviteWithoutAck ends the call at the end that waits for the ACK.
func TestReinviteWithoutAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPair(t, m, nil)
		caller, called := dialled(t, p)
		answering(called, "b")
		m.pass = lose("ACK ", serverAddr)
		start := time.Now()
		caller.Reinvite(t.Context(), []byte("v=0\r\n"))
		<-called.Ended()
		if called.EndReason() != "no ACK arrived of a re-INVITE" || time.Since(start) != 64*sipprobe.TimerT1 {
			t.Errorf("ended %q after %v", called.EndReason(), time.Since(start))
		}
		<-caller.Ended()
	})
}

// TestStrangersCannotChangeACall: the key is asked of whoever changes a call that began
// with it, also where calls need none.
func TestStrangersCannotChangeACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPair(t, m, nil)
		p.server.Close()
		open := sipprobe.NewGuard(sipprobe.GuardConfig{Key: testKey, AnswerAnyone: true})
		p.client.Close()
		p.client = m.endpoint(t, clientAddr, sipprobe.EndpointConfig{Key: testKey, Guard: open})
		p.server = m.endpoint(t, serverAddr, guarded(func(in *sipprobe.Incoming) {
			call, err := in.Accept(p.server.Context(), "srv", []byte("v=0\r\n"))
			p.accepted <- accepted{call, err}
		}))
		caller, called := dialled(t, p)
		asked := answering(caller, "a")
		if x := called.Reinvite(t.Context(), []byte("v=0\r\n")); x.Outcome != sipprobe.Accepted || len(asked) != 1 {
			t.Errorf("the far end of the call: %+v", x)
		}
		peer := m.node(peerAddr)
		invite := ""
		for _, f := range m.flights() {
			if invite == "" && strings.HasPrefix(f.data, "SIP/2.0 200") {
				invite = f.data
			}
		}
		swapped := strings.NewReplacer("raw-x", field(invite, "Call-ID"), "<sip:a@10.0.0.1>;tag=f", field(invite, "To"),
			"To: <sip:x@192.0.2.1>", "To: "+field(invite, "From"), "CSeq: 1 ", "CSeq: 900 ")
		got := peer.say(netip.MustParseAddrPort(clientAddr), swapped.Replace(request("INVITE", "x", "body=v=0\r\n")))
		if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "SIP/2.0 401") || len(asked) != 1 {
			t.Errorf("%q, asked %d times", firsts(got), len(asked))
		}
	})
}

// TestDelayedOffer sets a call up whose offer comes with the 200 and whose answer comes
// with the ACK, as often as the 200 comes again.
func TestDelayedOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, lost := newMemory(), 0
		m.pass = func(_, _ netip.AddrPort, data string) bool {
			if acknowledges(data) {
				lost++
			}
			return !acknowledges(data) || lost > 1
		}
		p := newPair(t, m, nil)
		call, x := p.client.Call(t.Context(), sipprobe.Target{Peer: serverAt, Token: "t1"}, sipprobe.Invitation{
			Answer: func(offer []byte) []byte { return append([]byte("answer to "), offer...) },
		})
		got := <-p.accepted
		if call == nil || got.err != nil || string(got.call.AckBody()) != "answer to v=0\r\n" || lost != 2 {
			t.Errorf("%+v, %v, %q, %d ACKs", x, got.err, got.call.AckBody(), lost)
		}
	})
}

func TestEarlyMedia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p *pair
		p = newPair(t, newMemory(), func(in *sipprobe.Incoming) {
			in.Progress([]byte("early"))
			time.Sleep(2 * time.Second)
			call, err := in.Accept(p.server.Context(), "srv", []byte("early"))
			p.accepted <- accepted{call, err}
		})
		var early []string
		call, x := p.client.Call(t.Context(), sipprobe.Target{Peer: serverAt, Token: "t1"}, sipprobe.Invitation{
			Offer: []byte("v=0\r\n"), Early: func(sdp []byte) { early = append(early, string(sdp)) },
		})
		if <-p.accepted; call == nil || len(early) != 1 || early[0] != "early" || what(call.Events()) != ">INVITE <401 >INVITE <183 <200 >ACK" {
			t.Errorf("%+v, %q", x, early)
		}
	})
}

func TestWays(t *testing.T) {
	for offer, want := range map[sipprobe.Way]sipprobe.Way{
		"": sipprobe.SendRecv, sipprobe.SendOnly: sipprobe.RecvOnly, sipprobe.RecvOnly: sipprobe.SendOnly, sipprobe.Inactive: sipprobe.Inactive,
	} {
		if got := offer.Answer(); got != want {
			t.Errorf("%s is answered %s, want %s", offer, got, want)
		}
	}
	at := netip.MustParseAddrPort("192.0.2.1:4000")
	for _, row := range []struct {
		media  sipprobe.Media
		wanted bool
		lines  []string
	}{
		{sipprobe.Media{Address: at}, true, []string{"a=sendrecv", "o=bothways 1 1 IN IP4 192.0.2.1"}},
		{sipprobe.Media{Address: at, Way: sipprobe.SendOnly, Version: 2}, false, []string{"a=sendonly", "o=bothways 1 2 IN IP4 192.0.2.1"}},
		{sipprobe.Media{Address: at, Way: sipprobe.RecvOnly}, true, []string{"a=recvonly"}},
		{sipprobe.Media{Address: netip.AddrPortFrom(netip.IPv4Unspecified(), 4000), Origin: at.Addr(), Version: 3}, false,
			[]string{"c=IN IP4 0.0.0.0", "o=bothways 1 3 IN IP4 192.0.2.1"}},
	} {
		body, err := row.media.Offer()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range row.lines {
			if !strings.Contains(string(body), l+"\r\n") {
				t.Errorf("no %q in %s", l, body)
			}
		}
		if read, err := sipprobe.ParseMedia(body); err != nil || read.Wanted() != row.wanted {
			t.Errorf("%+v, %v: wanted %v", read, err, read.Wanted())
		}
	}
}
