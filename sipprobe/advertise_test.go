package sipprobe_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
)

func rand16() string { return fmt.Sprintf("%016x", rand.Uint64()) }

// advertise asks a raw far end twice, which says what it sees, and compares what Via
// and Contact carried.
func advertise(t *testing.T, configured netip.AddrPort, tell netip.Addr, told netip.AddrPort, first, later string) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{Advertise: configured})
		if tell.IsValid() {
			client.AdvertiseTo(tell, told)
		}
		server := m.node(serverAddr)
		var got []string
		for _, token := range []string{"a", "b"} {
			done := make(chan sipprobe.Exchange, 1)
			go func() { done <- client.Options(t.Context(), sipprobe.Target{Peer: serverAt, Token: token}) }()
			synctest.Wait()
			ask := one(t, server.heard())
			via := field(ask, "Via")
			_, sentBy, _ := strings.Cut(strings.TrimPrefix(via, "SIP/2.0/UDP"), " ")
			sentBy, _, _ = strings.Cut(sentBy, ";")
			_, contact, _ := strings.Cut(strings.Trim(field(ask, "Contact"), "<>"), "@")
			if sentBy != contact {
				t.Errorf("Via says %q, Contact %q", sentBy, contact)
			}
			got = append(got, sentBy)
			via = strings.Replace(via, ";rport", ";rport=9;received=203.0.113.9", 1)
			answer := lines("SIP/2.0 200 OK", "Via: "+via, "From: "+field(ask, "From"), "To: "+field(ask, "To")+";tag=1",
				"Call-ID: "+field(ask, "Call-ID"), "CSeq: "+field(ask, "CSeq"), "Content-Length: 0", "", "")
			server.WriteTo([]byte(answer), net.UDPAddrFromAddrPort(client.Local()))
			if x := <-done; x.SeenAs.String() != "203.0.113.9:9" {
				t.Errorf("seen as %v", x.SeenAs)
			}
		}
		if d := cmp.Diff([]string{first, later}, got); d != "" {
			t.Error(d)
		}
	})
}

// Without rport the answer goes to the port of Via, where a NAT may let nothing in.
func TestNoRport(t *testing.T) {
	for _, noRport := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			m.endpoint(t, serverAddr, guarded(answer200))
			client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{Key: testKey, Advertise: netip.MustParseAddrPort("10.0.0.9:7060")})
			x := client.Options(t.Context(), sipprobe.Target{Peer: serverAt, Token: "a", NoRport: noRport})
			if want := map[bool]sipprobe.Outcome{false: sipprobe.Accepted, true: sipprobe.Silent}[noRport]; x.Outcome != want {
				t.Errorf("%+v", x)
			}
			for _, f := range m.flights() {
				if f.from == serverAt && noRport && f.to.String() != "198.51.100.1:7060" {
					t.Errorf("answered to %v", f.to)
				}
				if strings.Contains(field(f.data, "Via"), "rport") == noRport {
					t.Errorf("Via: %s", field(f.data, "Via"))
				}
				if f.from == serverAt && !strings.Contains(field(f.data, "Via"), "received=198.51.100.1") {
					t.Errorf("no received in %s", field(f.data, "Via"))
				}
			}
		})
	}
}

// A response nobody asked for must not even make sipgo remember its source.
func TestStrayResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, tape := newMemory(), &sipprobe.Tape{}
		e := m.endpoint(t, serverAddr, sipprobe.EndpointConfig{Tape: tape})
		before := e.PoolSize()
		for i := range 50 {
			peer := m.node(fmt.Sprintf("198.51.100.%d:5060", i+1))
			peer.say(serverAt, lines("SIP/2.0 200 OK", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx", "From: <sip:a>;tag=1",
				"To: <sip:b>;tag=2", "Call-ID: 1", "CSeq: 1 INVITE", "Content-Length: 0", "", ""))
		}
		if n := e.PoolSize(); n != before {
			t.Errorf("sipgo knows %d connections, %d before", n, before)
		}
		if r := tape.Records(""); len(r) != 50 || r[0].Note == "" {
			t.Errorf("%d records, %+v", len(r), r[0])
		}
		e.Options(bounded(t, 1), sipprobe.Target{Peer: serverAt, Token: "self"})
	})
}

// The pool of sipgo stays bounded however many sources are admitted.
func TestManySources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := m.endpoint(t, serverAddr, sipprobe.EndpointConfig{Serve: answer200})
		for i := range 5000 {
			peer := m.node(fmt.Sprintf("10.1.%d.%d:5060", i>>8, i&255))
			if i%1000 == 0 {
				one(t, peer.say(serverAt, request("OPTIONS", fmt.Sprint("a", i))))
				continue
			}
			peer.WriteTo([]byte(request("OPTIONS", fmt.Sprint("a", i))), net.UDPAddrFromAddrPort(serverAt))
		}
		synctest.Wait()
		if n := e.PoolSize(); n > 4100 {
			t.Errorf("%d connections in the pool", n)
		}
	})
}

// When sipgo begins anew, nobody notices.
func TestForgettingSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		cfg := guarded(answer200)
		cfg.Forgetful(3)
		server := m.endpoint(t, serverAddr, cfg)
		for i := range 10 {
			client := m.endpoint(t, fmt.Sprintf("198.51.100.%d:5060", i+1), sipprobe.EndpointConfig{Key: testKey, Guard: guard(), Serve: answer200})
			for token, ask := range map[string]func() sipprobe.Exchange{
				"a": func() sipprobe.Exchange {
					return client.Options(t.Context(), sipprobe.Target{Peer: serverAt, Token: fmt.Sprint("a", i)})
				},
				"b": func() sipprobe.Exchange {
					return server.Options(t.Context(), sipprobe.Target{Peer: client.Local(), Token: fmt.Sprint("b", i)})
				},
			} {
				if x := ask(); x.Outcome != sipprobe.Accepted || len(x.Events) != 4 {
					t.Errorf("%s%d: %+v", token, i, x)
				}
			}
		}
	})
}
