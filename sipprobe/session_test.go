package sipprobe_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"
)

// timed is a call with a session timer, which each end keeps by UPDATE.
func timed(t *testing.T, p *pair, s sipprobe.Session) (caller, called *sipprobe.Call) {
	t.Helper()
	caller, x := p.client.Call(t.Context(), sipprobe.Target{Peer: serverAt, Token: "t1"}, sipprobe.Invitation{Offer: []byte("v=0\r\n"), Session: s})
	got := <-p.accepted
	if caller == nil || got.err != nil {
		t.Fatalf("%+v, %v", x, got.err)
	}
	for _, c := range []*sipprobe.Call{caller, got.call} {
		go c.KeepSession(t.Context(), func(ctx context.Context) sipprobe.Exchange { return c.Update(ctx, nil) })
	}
	return caller, got.call
}

func TestSessionIsRefreshed(t *testing.T) {
	for _, mine := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t, newMemory(), nil)
			caller, called := timed(t, p, sipprobe.Session{Expires: 90 * time.Second, Mine: mine})
			if caller.Session() != (sipprobe.Session{Expires: 90 * time.Second, Mine: mine}) || called.Session().Mine == mine {
				t.Fatalf("agreed on %+v and %+v", caller.Session(), called.Session())
			}
			time.Sleep(5 * time.Minute)
			if caller.EndReason() != "" || called.EndReason() != "" {
				t.Errorf("ended %q and %q", caller.EndReason(), called.EndReason())
			}
			if n := strings.Count(what(caller.Events()), "UPDATE <401"); mine && n != 6 {
				t.Errorf("%d refreshes in 5 minutes, want 6", n)
			}
			caller.Bye(t.Context())
			<-called.Ended()
		})
	}
}

// TestSessionRunsOut loses the refreshes: the end that waits for them hangs up.
func TestSessionRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPair(t, m, nil)
		m.pass = lose("UPDATE ", serverAddr)
		start := time.Now()
		caller, called := timed(t, p, sipprobe.Session{Expires: 90 * time.Second, Mine: true})
		<-called.Ended()
		if called.EndReason() != sipprobe.SessionExpired || time.Since(start) != 60*time.Second {
			t.Errorf("ended %q after %v", called.EndReason(), time.Since(start))
		}
		<-caller.Ended()
		if caller.EndReason() != "the far end hung up" {
			t.Errorf("the caller ended %q", caller.EndReason())
		}
	})
}

func TestSessionTooBrief(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p *pair
		p = newPair(t, newMemory(), func(in *sipprobe.Incoming) {
			if in.TooBrief(2 * time.Minute) {
				return
			}
			call, err := in.Accept(p.server.Context(), "srv", []byte("v=0\r\n"))
			p.accepted <- accepted{call, err}
		})
		caller, _ := timed(t, p, sipprobe.Session{Expires: 90 * time.Second, Mine: true})
		if caller.Session().Expires != 2*time.Minute || what(caller.Events()) != ">INVITE <401 >INVITE <422 >INVITE <401 >INVITE <200 >ACK" {
			t.Errorf("%+v, %s", caller.Session(), what(caller.Events()))
		}
		caller.Bye(t.Context())
	})
}
