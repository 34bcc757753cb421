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

	"github.com/google/go-cmp/cmp"
)

const clientAddr = "198.51.100.1:5060"

// A pair is two endpoints on a memory network; the server accepts every call.
type pair struct {
	*memory
	client, server *sipprobe.Endpoint
	accepted       chan accepted
}

type accepted struct {
	call *sipprobe.Call
	err  error
}

func newPair(t *testing.T, m *memory, serve func(*sipprobe.Incoming)) *pair {
	p := &pair{memory: m, accepted: make(chan accepted, 8)}
	if serve == nil {
		serve = func(in *sipprobe.Incoming) {
			call, err := in.Accept(p.server.Context(), "srv", []byte("v=0\r\n"))
			p.accepted <- accepted{call, err}
		}
	}
	p.server = m.endpoint(t, serverAddr, guarded(serve))
	p.client = m.endpoint(t, clientAddr, guarded(nil))
	return p
}

func (p *pair) invite(ctx context.Context) (*sipprobe.Call, sipprobe.Exchange) {
	return p.client.Invite(ctx, sipprobe.Target{Peer: serverAt, Token: "t1"}, []byte("v=0\r\n"))
}

// lose drops the messages that begin with what, going to an address.
func lose(what, to string) func(netip.AddrPort, netip.AddrPort, string) bool {
	return func(_, dest netip.AddrPort, data string) bool {
		return dest.String() != to || !strings.HasPrefix(data, what)
	}
}

// acknowledges tells the ACK of a 2xx, which has a branch of its own.
func acknowledges(data string) bool {
	return strings.HasPrefix(data, "ACK ") && strings.Contains(data, "branch=z9hG4bKt1.a")
}

func TestAckNeverArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.pass = lose("ACK ", serverAddr)
		p := newPair(t, m, nil)
		start := time.Now()
		call, x := p.invite(t.Context())
		if call == nil {
			t.Fatalf("%+v", x)
		}
		got := <-p.accepted
		if !errors.Is(got.err, sipprobe.ErrNoAck) || time.Since(start) != 64*sipprobe.TimerT1 {
			t.Errorf("%v after %v", got.err, time.Since(start))
		}
		// 0, 0.5, 1.5, 3.5, 7.5, then every 4 s until 31.5: each acknowledged again.
		if d := cmp.Diff(">INVITE <401 >INVITE"+strings.Repeat(" <200 >ACK", 11), what(call.Events())); d != "" {
			t.Error(d)
		}
		if bye := got.call.Bye(t.Context()); bye.Outcome != sipprobe.Accepted {
			t.Errorf("%+v", bye)
		}
		<-call.Ended()
	})
}

func TestAckOnceLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, lost := newMemory(), false
		m.pass = func(_, _ netip.AddrPort, data string) bool {
			drop := !lost && acknowledges(data)
			lost = lost || drop
			return !drop
		}
		p := newPair(t, m, nil)
		p.invite(t.Context())
		if got := <-p.accepted; got.err != nil || what(got.call.Events()) != "<INVITE >200 >200 <ACK" {
			t.Errorf("%v, %s", got.err, what(got.call.Events()))
		}
	})
}

func TestByeOvertakesAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var held []flight
		m.pass = func(from, to netip.AddrPort, data string) bool {
			if acknowledges(data) {
				held = append(held, flight{from: from, to: to, data: data})
				return false
			}
			return true
		}
		p := newPair(t, m, nil)
		call, _ := p.invite(t.Context())
		go call.Bye(t.Context())
		synctest.Wait()
		m.nodes[serverAt].in <- held[0]
		if got := <-p.accepted; got.err != nil || got.call.EndReason() != "the far end hung up" {
			t.Errorf("%v, %q", got.err, got.call.EndReason())
		}
	})
}

func TestByeWithoutAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.pass = lose("ACK ", serverAddr)
		p := newPair(t, m, nil)
		call, _ := p.invite(t.Context())
		call.Bye(t.Context())
		if got := <-p.accepted; !errors.Is(got.err, sipprobe.ErrNoAck) || got.call == nil {
			t.Errorf("%+v", got)
		}
	})
}

// A lost 200 to BYE makes the BYE come again, perhaps after the call is forgotten.
func TestLateRetransmissions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPair(t, m, nil)
		call, _ := p.invite(t.Context())
		got := <-p.accepted
		n := 0
		m.pass = func(_, to netip.AddrPort, data string) bool {
			if to.String() == clientAddr && strings.HasSuffix(field(data, "CSeq"), "BYE") {
				n++
				got.call.Forget()
				return n > 2
			}
			return true
		}
		x := call.Bye(t.Context())
		if x.Outcome != sipprobe.Accepted || n != 3 {
			t.Errorf("%+v after %d answers", x, n)
		}
	})
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{Key: testKey})
		start := time.Now()
		x := client.Options(t.Context(), sipprobe.Target{Peer: serverAt, Token: "t"})
		if x.Outcome != sipprobe.Silent || time.Since(start) != 64*sipprobe.TimerT1 || x.RTTMs != nil || x.Status != 0 {
			t.Errorf("%+v after %v", x, time.Since(start))
		}
		if len(m.flights()) != 11 {
			t.Errorf("sent %d times, want 11 (timer E)", len(m.flights()))
		}
	})
}
