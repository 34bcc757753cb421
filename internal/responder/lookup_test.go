package responder_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/natlab"
	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/internal/resolve"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// ledger fetches the ledger as it stands, with orders numbered from n on.
func (a *agent) ledger(t testing.TB, n int) (l evidence.Ledger) {
	t.Helper()
	var data []byte
	for {
		n++
		r := a.order(t, pairing.Order{Seq: n, Fetch: &pairing.Fetch{Offset: len(data)}})
		if r.Part == nil || !r.Part.Ready {
			t.Fatalf("%+v", r)
		}
		if data = append(data, r.Part.Data...); len(data) >= r.Part.Total {
			break
		}
	}
	if err := pairing.Decode(data, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLookup: the first name that a session's client dialled is looked up, and no other.
func TestLookup(t *testing.T) {
	t.Parallel()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go natlab.ServeDNS(conn, natlab.Zone{"pbx.example.com.": {Addresses: []netip.Addr{loopback}}})
	r := start(t, func(c *responder.Config) {
		c.Resolver = resolve.Resolver{Server: netip.MustParseAddrPort(conn.LocalAddr().String())}
	})
	a := newAgent(t, r, sipprobe.TCP, "abc")
	hello := func(name string) {
		if reply := a.order(t, pairing.Order{Hello: &pairing.Hello{Dialled: loopback, Name: name}}); reply.Welcome == nil {
			t.Fatalf("%q: %+v", name, reply)
		}
	}
	hello("")
	if l := a.ledger(t, 0); l.Resolution != nil {
		t.Errorf("looked up without a name: %+v", l.Resolution)
	}
	hello("pbx.example.com")
	hello("other.example.com")
	n := 100
	if !networktest.Eventually(time.Minute, func() bool { n += 100; return a.ledger(t, n).Resolution != nil }) {
		t.Fatal("nothing was found")
	}
	if got := a.ledger(t, n+100).Resolution; got.Name != "pbx.example.com" || got.Used != loopback {
		t.Errorf("%+v", got)
	}
	for _, name := range []string{"a b", "127.0.0.1", "x\r\ny"} {
		if reply := a.order(t, pairing.Order{Hello: &pairing.Hello{Dialled: loopback, Name: name}}); reply.Welcome != nil || reply.Error == "" {
			t.Errorf("%q: %+v", name, reply)
		}
	}
}
