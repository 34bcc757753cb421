package sipprobe_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"
)

func TestProvisionalFlood(t *testing.T) {
	for _, n := range []int{12, 3000} {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t, newMemory(), func(in *sipprobe.Incoming) {
				for range n {
					in.Ring()
				}
				in.Accept(t.Context(), "srv", nil)
			})
			call, x := p.invite(t.Context())
			if call == nil || x.Status != 200 || len(call.Events()) > 300 {
				t.Errorf("%d × 180: %v, %d, %d events", n, call, x.Status, len(x.Events))
			}
		})
	}
}

func TestCancelWhileRinging(t *testing.T) {
	for _, answersLate := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			result := make(chan error, 1)
			m := newMemory()
			if answersLate { // the CANCEL and the answer cross
				m.pass = lose("CANCEL ", serverAddr)
			}
			p := newPair(t, m, func(in *sipprobe.Incoming) {
				in.Ring()
				select {
				case <-in.Cancelled():
				case <-time.After(6 * time.Second):
				}
				call, err := in.Accept(t.Context(), "srv", nil)
				if (call == nil) == answersLate {
					t.Errorf("call %v", call)
				}
				if call != nil {
					<-call.Ended()
				}
				result <- err
			})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			call, x := p.invite(ctx)
			if call != nil || x.Outcome != sipprobe.Silent || x.Status != 180 || what(x.Events) != ">INVITE <401 >INVITE <180 >CANCEL" {
				t.Errorf("%+v", x)
			}
			if err := <-result; errors.Is(err, sipprobe.ErrCancelled) == answersLate {
				t.Errorf("late %v: %v", answersLate, err)
			}
			time.Sleep(40 * time.Second)
			synctest.Wait()
			for name, e := range map[string]*sipprobe.Endpoint{"client": p.client, "server": p.server} {
				asked, rung, calls := e.Remembered()
				if name == "server" && answersLate {
					calls-- // not forgotten by its owner
				}
				if asked+rung+calls != 0 {
					t.Errorf("late %v: the %s remembers %d requests, %d INVITEs, %d calls", answersLate, name, asked, rung, calls)
				}
			}
		})
	}
}

// The ACK of a refusal must stop the refusal from being repeated.
func TestRefusalIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := newPair(t, m, func(in *sipprobe.Incoming) { in.Reply(486, "Busy Here", sipprobe.Body{}) })
		_, x := p.invite(t.Context())
		time.Sleep(time.Minute)
		n := 0
		for _, f := range m.flights() {
			if strings.HasPrefix(f.data, "SIP/2.0 486") {
				n++
			}
		}
		if x.Outcome != sipprobe.Refused || x.Status != 486 || n != 1 {
			t.Errorf("%+v, 486 sent %d times", x, n)
		}
	})
}

// The network may deliver 180 after 200, and each of them twice.
func TestAnswersInDisorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var late []flight
		m.pass = func(from, to netip.AddrPort, data string) bool {
			ringing, answer := strings.HasPrefix(data, "SIP/2.0 180"), strings.HasPrefix(data, "SIP/2.0 200")
			if ringing || answer {
				late = append(late, flight{from: from, to: to, data: data})
			}
			return !ringing
		}
		var p *pair
		p = newPair(t, m, func(in *sipprobe.Incoming) {
			in.Ring()
			call, err := in.Accept(t.Context(), "srv", nil)
			p.accepted <- accepted{call, err}
		})
		call, x := p.invite(t.Context())
		if got := <-p.accepted; call == nil || got.err != nil {
			t.Fatalf("%+v, %v", x, got.err)
		}
		for range 2 {
			for _, f := range late {
				m.nodes[f.to].in <- f
			}
			synctest.Wait()
		}
		if got, want := what(call.Events()), ">INVITE <401 >INVITE <200 >ACK <200 >ACK <200 >ACK"; got != want || x.Status != 200 {
			t.Errorf("%s, want %s", got, want)
		}
		if bye := call.Bye(t.Context()); bye.Outcome != sipprobe.Accepted {
			t.Errorf("%+v", bye)
		}
	})
}

func TestTooLargeToAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large := []byte(strings.Repeat("x", sipprobe.MaxDatagram))
		p := newPair(t, newMemory(), func(in *sipprobe.Incoming) {
			err := in.Reply(200, "OK", sipprobe.Body{Type: "text/plain", Data: large})
			if in.Method == "INVITE" {
				_, err = in.Accept(t.Context(), "srv", large)
			}
			if !errors.Is(err, sipprobe.ErrTooLarge) {
				t.Errorf("%s: %v", in.Method, err)
			}
			in.Reply(513, "Message Too Large", sipprobe.Body{})
		})
		_, x := p.invite(t.Context())
		y := p.client.Message(t.Context(), sipprobe.Target{Peer: serverAt, Token: "m"}, "text/plain", "", nil)
		if x.Status != 513 || y.Status != 513 || x.Outcome != sipprobe.Refused || y.Outcome != sipprobe.Refused {
			t.Errorf("%+v\n%+v", x, y)
		}
		time.Sleep(time.Minute)
		if _, rung, calls := p.server.Remembered(); rung+calls != 0 {
			t.Errorf("%d INVITEs and %d calls are remembered", rung, calls)
		}
	})
}

// roaming sends from two addresses in turn, as a carrier's NAT with a pool may.
type roaming struct {
	*node
	other *node
	n     int
}

func (r *roaming) WriteTo(b []byte, to net.Addr) (int, error) {
	if r.n++; r.n%2 == 0 {
		return r.other.WriteTo(b, to)
	}
	return r.node.WriteTo(b, to)
}

// A source address that changes must not look like a wrong key.
func TestRoamingIsNoWrongKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.endpoint(t, serverAddr, guarded(answer200))
		one, other := m.node(clientAddr), m.node("198.51.100.2:5060")
		other.in = one.in
		e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: &roaming{node: one, other: other}, Key: testKey})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		x := e.Options(t.Context(), sipprobe.Target{Peer: serverAt, Token: "a"})
		if x.Outcome != sipprobe.Refused || !strings.Contains(x.Error, "source address") {
			t.Errorf("%+v", x)
		}
	})
}

// sipgo must not be able to open a connection.
func TestRefusingDialer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 20 {
		d := sipprobe.RefusingDialer(nil)
		if conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String()); err == nil {
			conn.Close()
			t.Fatal("dialled")
		}
	}
	l.(*net.TCPListener).SetDeadline(time.Now())
	if _, err := l.Accept(); err == nil {
		t.Error("a connection arrived")
	}
}
