package sipprobe_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/sipprobe"
)

func TestOptionsProvesBothEnds(t *testing.T) {
	everywhere(t, func(t *testing.T, s setting) {
		cfg := guarded(answer200)
		cfg.Software = "test/1"
		server := s.listen(t, cfg)
		client := s.listen(t, sipprobe.EndpointConfig{Key: testKey, User: "abc"})
		dial(t, client, server.Local())
		x := client.Options(bounded(t, 5*time.Second), sipprobe.Target{Peer: server.Local(), Token: "t1"})
		if x.Outcome != sipprobe.Accepted || x.Status != 200 || x.RTTMs == nil || x.Server != "test/1" {
			t.Fatalf("%+v", x)
		}
		if x.SeenAs != x.Local || client.SeenAs(server.Local()) != x.Local {
			t.Errorf("seen as %v, sent from %v", x.SeenAs, x.Local)
		}
		if n := len(cfg.Tape.Records("t1")); n != 4 {
			t.Errorf("%d records on the server's tape, want 4: request, challenge, request, answer", n)
		}
		within(t, time.Second, "nothing under way", func() bool { n, _, _ := client.Remembered(); return n == 0 })
	})
}

func TestWrongKey(t *testing.T) {
	everywhere(t, func(t *testing.T, s setting) {
		server := s.listen(t, guarded(func(*sipprobe.Incoming) { t.Error("a request without the key was served") }))
		client := s.listen(t, sipprobe.EndpointConfig{Key: "other"})
		dial(t, client, server.Local())
		x := client.Options(bounded(t, 5*time.Second), sipprobe.Target{Peer: server.Local(), Token: "t1"})
		if x.Outcome != sipprobe.WrongKey {
			t.Fatalf("outcome %q, want wrong-key", x.Outcome)
		}
	})
}

func TestAnswerWithoutProofIsUnproven(t *testing.T) {
	s := setting{sipprobe.UDP, "127.0.0.1"}
	server := s.listen(t, sipprobe.EndpointConfig{Serve: answer200})
	client := s.listen(t, sipprobe.EndpointConfig{Key: testKey})
	x := client.Options(bounded(t, 5*time.Second), sipprobe.Target{Peer: server.Local(), Token: "t1"})
	if x.Outcome != sipprobe.Unproven {
		t.Fatalf("outcome %q, want unproven", x.Outcome)
	}
}

func TestMessageKeepsItsGrant(t *testing.T) {
	everywhere(t, func(t *testing.T, s setting) {
		cfg := guarded(func(in *sipprobe.Incoming) {
			in.Reply(200, "OK", sipprobe.Body{Type: "text/plain", Data: append([]byte("heard "), in.Body...)})
		})
		server := s.listen(t, cfg)
		client := s.listen(t, sipprobe.EndpointConfig{Key: testKey})
		for i, token := range []string{"m1", "m2", "m3"} {
			if i != 1 { // the grant outlives the connection
				if i == 2 {
					client.Disconnect(server.Local())
				}
				dial(t, client, server.Local())
			}
			x := client.Message(bounded(t, 5*time.Second), sipprobe.Target{Peer: server.Local(), Token: token}, "text/plain", "", []byte(token))
			if x.Outcome != sipprobe.Accepted || string(x.Body()) != "heard "+token {
				t.Fatalf("%s: %+v", token, x)
			}
		}
		if n := len(cfg.Tape.Records("")); n != 8 {
			t.Errorf("%d records, want 8: the challenge came once", n)
		}
	})
}

func TestCall(t *testing.T) {
	everywhere(t, func(t *testing.T, s setting) {
		for _, calleeHangsUp := range []bool{false, true} {
			calls := make(chan *sipprobe.Call, 1)
			server := s.listen(t, guarded(func(in *sipprobe.Incoming) {
				in.Ring()
				call, err := in.Accept(context.Background(), "srv", []byte("v=0\r\n"))
				if err != nil {
					t.Error(err)
				}
				calls <- call
			}))
			client := s.listen(t, sipprobe.EndpointConfig{Key: testKey})
			dial(t, client, server.Local())
			ctx := bounded(t, 5*time.Second)
			call, x := client.Invite(ctx, sipprobe.Target{Peer: server.Local(), Token: "t1"}, []byte("v=0\r\n"))
			if call == nil {
				t.Fatalf("%+v", x)
			}
			if string(x.Body()) != "v=0\r\n" || call.EndReason() != "" || call.Peer() != server.Local() {
				t.Errorf("answer %q, ended %q, peer %v", x.Body(), call.EndReason(), call.Peer())
			}
			first, second := call, <-calls
			if calleeHangsUp {
				first, second = second, first
			}
			if bye := first.Bye(ctx); bye.Outcome != sipprobe.Accepted {
				t.Errorf("BYE: %+v", bye)
			}
			<-second.Ended()
			if second.EndReason() != "the far end hung up" || first.EndReason() != "hung up" {
				t.Errorf("ended %q and %q", first.EndReason(), second.EndReason())
			}
			if again := second.Bye(ctx); again.Outcome != "" {
				t.Errorf("a second BYE: %+v", again)
			}
			if got := what(call.Events()); !strings.HasPrefix(got, ">INVITE <401 >INVITE <") || !strings.Contains(got, "<200 >ACK") {
				t.Errorf("events %q", got)
			}
			first.Forget()
			second.Forget()
			if _, _, n := client.Remembered(); n != 0 {
				t.Errorf("%d calls remembered", n)
			}
		}
	})
}

func TestPeerClosesMidExchange(t *testing.T) {
	for _, s := range []setting{{sipprobe.TCP, "127.0.0.1"}, {sipprobe.TLS, "::1"}} {
		t.Run(s.String(), func(t *testing.T) {
			client := s.listen(t, sipprobe.EndpointConfig{Key: testKey})
			silent := s.listen(t, sipprobe.EndpointConfig{Serve: func(in *sipprobe.Incoming) { in.Endpoint.Disconnect(in.Source) }})
			for token, ask := range map[string]func(context.Context, sipprobe.Target) sipprobe.Exchange{
				"o": client.Options,
				"i": func(ctx context.Context, to sipprobe.Target) sipprobe.Exchange {
					_, x := client.Invite(ctx, to, []byte("v=0\r\n"))
					return x
				},
			} {
				dial(t, client, silent.Local())
				start := time.Now()
				x := ask(bounded(t, 20*time.Second), sipprobe.Target{Peer: silent.Local(), Token: token})
				if x.Outcome != sipprobe.Closed || time.Since(start) > 3*time.Second {
					t.Errorf("%s: %q after %v: %s", token, x.Outcome, time.Since(start), x.Error)
				}
				within(t, time.Second, "not connected", func() bool { return !client.Connected(silent.Local()) })
			}
			x := client.Options(t.Context(), sipprobe.Target{Peer: silent.Local(), Token: "late"})
			if x.Outcome != sipprobe.Closed || len(x.Events) != 0 {
				t.Errorf("without a connection: %+v", x)
			}
		})
	}
}

func TestNotSent(t *testing.T) {
	s := setting{sipprobe.UDP, "127.0.0.1"}
	e := s.listen(t, sipprobe.EndpointConfig{Serve: answer200})
	peer := e.Local()
	large := []byte(strings.Repeat("x", sipprobe.MaxDatagram))
	for name, x := range map[string]sipprobe.Exchange{
		"no token":   e.Options(t.Context(), sipprobe.Target{Peer: peer}),
		"injection":  e.Options(t.Context(), sipprobe.Target{Peer: peer, Token: "a\r\nRoute: <sip:evil>"}),
		"host":       e.Options(t.Context(), sipprobe.Target{Peer: peer, Token: "a", Host: "h\r\nX: y"}),
		"no address": e.Options(t.Context(), sipprobe.Target{Token: "a"}),
		"any":        e.Options(t.Context(), sipprobe.Target{Peer: netip.MustParseAddrPort("0.0.0.0:5060"), Token: "a"}),
		"too large":  e.Message(t.Context(), sipprobe.Target{Peer: peer, Token: "a"}, "text/plain", "", large),
		"type":       e.Message(t.Context(), sipprobe.Target{Peer: peer, Token: "a"}, "text/plain\r\nX: y", "", nil),
	} {
		if x.Outcome != sipprobe.NotSent || x.Error == "" || len(x.Events) != 0 {
			t.Errorf("%s: %+v", name, x)
		}
	}
	if x := e.Message(t.Context(), sipprobe.Target{Peer: peer, Token: "a"}, "text/plain", "", large); !strings.Contains(x.Error, "1,300 bytes") {
		t.Errorf("%q", x.Error)
	}
}
