package natprobe_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/stun/v3"

	"bothways/rtpprobe/natprobe"
)

var shared = natprobe.Credentials{User: "00c0ffee", Key: []byte("a key that both ends have")}

// ends are a server at one address or two, and a socket inside.
type ends struct {
	world   *world
	server  *natprobe.Server
	to      []netip.AddrPort
	changes []natprobe.Change
}

func start(t *testing.T, w *world, addresses int) ends {
	t.Helper()
	e := ends{world: w, changes: []natprobe.Change{natprobe.ChangePort}}
	var conns []net.PacketConn
	for _, a := range []netip.Addr{first, second}[:addresses] {
		for _, port := range []uint16{5000, 5001} {
			conns = append(conns, w.open(a, port))
			e.to = append(e.to, netip.AddrPortFrom(a, port))
		}
	}
	if addresses > 1 {
		e.changes = append(e.changes, natprobe.ChangeBoth)
	}
	s, err := natprobe.Serve(natprobe.ServerConfig{Credentials: shared, Conns: conns})
	if err != nil {
		t.Fatal(err)
	}
	e.server = s
	return e
}

// from probes from ports of the inside, one after the other.
func (e ends) from(t *testing.T, ports ...uint16) (results []natprobe.Result, heard natprobe.Heard) {
	t.Helper()
	for _, port := range ports {
		for i, test := range []natprobe.Test{natprobe.MappingTest, natprobe.FilteringTest} {
			r, err := natprobe.Probe(t.Context(), natprobe.Config{
				Credentials: shared, Conn: e.world.open(inside, port+uint16(2*i)), Test: test, Requests: natprobe.Plan(test, e.to, e.changes...),
			})
			if err != nil {
				t.Fatal(err)
			}
			results = append(results, r)
		}
	}
	return results, e.server.Close()
}

var behaviours = []natprobe.Behaviour{natprobe.EndpointIndependent, natprobe.AddressDependent, natprobe.AddressAndPortDependent}

// TestGrid measures each mapping with each filtering, from one outside address and from two.
func TestGrid(t *testing.T) {
	for _, mapping := range append(behaviours, natprobe.NoTranslation) {
		for _, filtering := range behaviours {
			for addresses := 1; addresses <= 2; addresses++ {
				synctest.Test(t, func(t *testing.T) {
					results, heard := start(t, newWorld(mapping, filtering), addresses).from(t, 10000, 10001)
					m, f := natprobe.JudgeMapping(results), natprobe.JudgeFiltering(results, &heard)
					wantM, wantF := mapping, filtering
					if addresses == 1 && (mapping == natprobe.EndpointIndependent || mapping == natprobe.AddressDependent) {
						wantM = natprobe.Unknown
					}
					if addresses == 1 && filtering != natprobe.AddressAndPortDependent {
						wantF = natprobe.Unknown
					}
					if m.Behaviour != wantM || f.Behaviour != wantF {
						t.Errorf("%s/%s from %d: mapping %s, filtering %s", mapping, filtering, addresses, m.Behaviour, f.Behaviour)
					}
					if known := m.ByAddress != nil; known != (addresses == 2) && m.Behaviour != natprobe.AddressAndPortDependent {
						t.Errorf("%s from %d: by address known %v", mapping, addresses, known)
					}
				})
			}
		}
	}
}

func TestPorts(t *testing.T) {
	for shift, want := range map[uint16]natprobe.Ports{
		0:    {Sockets: 4, Preserved: 4, Parity: 4, Neighbours: 3, Contiguous: 3},
		2000: {Sockets: 4, Parity: 4, Neighbours: 3, Contiguous: 3},
		2001: {Sockets: 4, Neighbours: 3, Contiguous: 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(natprobe.EndpointIndependent, natprobe.EndpointIndependent)
			w.shift = shift
			results, _ := start(t, w, 1).from(t, 10000, 10001)
			if diff := cmp.Diff(want, natprobe.JudgePorts(results)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAForwardedPortIsOpen: what a NAT does not let in, its forward does.
func TestAForwardedPortIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(natprobe.EndpointIndependent, natprobe.AddressAndPortDependent)
		w.forwarded = 10002
		results, heard := start(t, w, 2).from(t, 10000)
		if f := natprobe.JudgeFiltering(results, &heard); f.Behaviour != natprobe.EndpointIndependent {
			t.Error(f.Behaviour)
		}
	})
}

// TestSilenceIsNoFilter: without answers that left, nothing is known of a filter.
func TestSilenceIsNoFilter(t *testing.T) {
	for name, lose := range map[string]func(from, to netip.AddrPort) bool{
		"nothing arrives": func(_, to netip.AddrPort) bool { return to.Addr() == first },
		"nothing returns": func(from, _ netip.AddrPort) bool { return from.Addr() == first },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(natprobe.EndpointIndependent, natprobe.EndpointIndependent)
			w.lose = lose
			results, heard := start(t, w, 1).from(t, 10000)
			m, f := natprobe.JudgeMapping(results), natprobe.JudgeFiltering(results, &heard)
			if m.Behaviour != natprobe.Unknown || f.Behaviour != natprobe.Unknown || f.ByPort != nil {
				t.Errorf("%s: %+v %+v", name, m, f)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		results, _ := start(t, newWorld(natprobe.EndpointIndependent, natprobe.AddressAndPortDependent), 1).from(t, 10000)
		if f := natprobe.JudgeFiltering(results, nil); f.ByPort != nil {
			t.Errorf("a filter was seen without the server's ledger: %+v", f)
		}
	})
}

// TestProbeIsBounded: silence takes the time that it should, and the end of ctx is at once.
func TestProbeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("", "")
		conn, began := w.open(inside, 10000), time.Now()
		r, err := natprobe.Probe(t.Context(), natprobe.Config{Conn: conn, Credentials: shared, Requests: natprobe.Plan(natprobe.MappingTest, []netip.AddrPort{netip.AddrPortFrom(first, 1)})})
		if took := time.Since(began); err != nil || took != 6*natprobe.DefaultInterval || r.Exchanges[0].Sent != natprobe.DefaultTries {
			t.Errorf("%v, %v, %+v", err, took, r)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/10)
		defer cancel()
		began = time.Now()
		_, err = natprobe.Probe(ctx, natprobe.Config{Conn: conn, Credentials: shared, Requests: natprobe.Plan(natprobe.MappingTest, []netip.AddrPort{netip.AddrPortFrom(first, 1)})})
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != time.Second/10 {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestServerIsSilent: whoever has no key, another one, or something else to say, gets nothing.
func TestServerIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("", "")
		e := start(t, w, 1)
		stranger := w.open(second, 9)
		whole := build(t, shared)
		other := shared
		other.User = "another run"
		packets := map[string][]byte{
			"no key": build(t, natprobe.Credentials{}), "another key": build(t, natprobe.Credentials{User: shared.User, Key: []byte("x")}),
			"another run": build(t, other), "cut": whole[:len(whole)-9], "nothing": nil, "rtp": {0x80, 0, 0, 1},
		}
		changed := append([]byte(nil), whole...)
		changed[24]++
		packets["changed"] = changed
		for _, p := range packets {
			stranger.WriteTo(p, net.UDPAddrFromAddrPort(e.to[0]))
		}
		synctest.Wait()
		if len(stranger.in) != 0 {
			t.Error("a stranger was answered")
		}
		stranger.WriteTo(whole, net.UDPAddrFromAddrPort(e.to[0]))
		synctest.Wait()
		heard := e.server.Close()
		if len(stranger.in) != 1 || heard.Strangers != int64(len(packets)) || len(heard.Arrivals) != 1 {
			t.Errorf("%d answers, %+v", len(stranger.in), heard)
		}
	})
}

// build makes a request as another program would.
func build(t *testing.T, cred natprobe.Credentials) []byte {
	t.Helper()
	setters := []stun.Setter{stun.TransactionID, stun.BindingRequest}
	if cred.Key != nil {
		setters = append(setters, stun.NewUsername(cred.User), stun.MessageIntegrity(cred.Key))
	}
	m, err := stun.Build(append(setters, stun.Fingerprint)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// TestServerAllows: where answers may not go, requests are only recorded.
func TestServerAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("", "")
		s, err := natprobe.Serve(natprobe.ServerConfig{Credentials: shared, Conns: []net.PacketConn{w.open(first, 1)},
			Allow: func(to netip.AddrPort) bool { return to.Addr() == inside }})
		if err != nil {
			t.Fatal(err)
		}
		to := netip.AddrPortFrom(first, 1)
		for _, from := range []netip.Addr{inside, second} {
			r, err := natprobe.Probe(t.Context(), natprobe.Config{Credentials: shared, Conn: w.open(from, 2), Requests: []natprobe.Request{{To: to}}})
			if err != nil || r.Exchanges[0].Answered() != (from == inside) {
				t.Errorf("%v: %+v %v", from, r, err)
			}
		}
		heard := s.Close()
		if n := heard.Requests(second, 1); n != natprobe.DefaultTries {
			t.Errorf("%d requests recorded", n)
		}
	})
}

// TestServerEnds: the number of answers is bounded.
func TestServerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld("", "")
		e := start(t, w, 1)
		c := w.open(second, 9)
		for range natprobe.MaxAnswers + 5 {
			c.WriteTo(build(t, shared), net.UDPAddrFromAddrPort(e.to[0]))
			synctest.Wait()
			select {
			case <-c.in:
			default:
			}
		}
		heard := e.server.Close()
		if a := heard.Arrivals[0]; a.Requests != natprobe.MaxAnswers+5 || a.Answers != natprobe.MaxAnswers {
			t.Errorf("%+v", a)
		}
	})
}

func FuzzServer(f *testing.F) {
	w := newWorld("", "")
	for _, cred := range []natprobe.Credentials{{}, shared} {
		m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(shared.User), stun.MessageIntegrity(append(cred.Key, 1)), stun.Fingerprint)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(m.Raw)
	}
	s, err := natprobe.Serve(natprobe.ServerConfig{Credentials: shared, Conns: []net.PacketConn{w.open(first, 1)}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	c := w.open(second, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		s.Handle(data, c.local)
		if len(c.in) > 0 {
			t.Error("an answer without the key")
		}
	})
}
