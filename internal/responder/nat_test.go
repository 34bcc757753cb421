package responder_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v3"

	"bothways/internal/evidence"
	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// nat gives the order numbered n.
func (a *agent) nat(t testing.TB, n int, o pairing.NATOrder) pairing.Reply {
	t.Helper()
	return a.order(t, pairing.Order{Seq: n, NAT: &o})
}

// openNAT has the responder open its sockets, and fails the test when it does not.
func (a *agent) openNAT(t testing.TB, n int, d scenarios.Direction) []pairing.NATSocket {
	t.Helper()
	reply := a.nat(t, n, pairing.NATOrder{Open: &pairing.NATOpen{Direction: d}})
	if reply.Error != "" || reply.NAT == nil || len(reply.NAT.Sockets) == 0 {
		t.Fatalf("%+v", reply)
	}
	return reply.NAT.Sockets
}

// natRecord fetches the record of the test.
func (a *agent) natRecord(t testing.TB, n int) (rec pairing.NATRecord) {
	t.Helper()
	var part *pairing.Part
	if !networktest.Eventually(time.Minute, func() bool {
		n++
		part = a.order(t, pairing.Order{Seq: n, Fetch: &pairing.Fetch{NAT: true}}).Part
		return part != nil && part.Ready
	}) {
		t.Fatalf("%+v", part)
	}
	if err := pairing.Decode(part.Data, &rec); err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestNATPorts(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 22000, To: 22099} })
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	seen := make(map[uint16]bool)
	for n := range 3 {
		sockets := a.openNAT(t, n+1, scenarios.Outbound)
		if len(sockets) != 8 {
			t.Fatalf("%+v", sockets)
		}
		for i, s := range sockets {
			inRange := s.Port >= 22000 && s.Port <= 22099
			if inRange != (s.Class == evidence.MediaPort) || seen[s.Port] || !s.Fresh || int(s.Port&1) != i&1 || free(s.Port) {
				t.Errorf("socket %d: %+v, seen before %v", i, s, seen[s.Port])
			}
			seen[s.Port] = true
		}
	}
	a.order(t, pairing.Order{Seq: 9, End: true})
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return r.Sessions() == 0 }) {
		t.Fatal("the session does not end")
	}
	for port := range seen {
		if !free(port) {
			t.Errorf("port %d stays open", port)
		}
	}
}

// TestNATOutOfBounds gives orders that nobody should.
func TestNATOutOfBounds(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	elsewhere := netip.MustParseAddr("192.0.2.1")
	probe := func(p pairing.NATProbe) pairing.NATOrder { return pairing.NATOrder{Probe: &p} }
	if reply := a.nat(t, 1, probe(pairing.NATProbe{Ports: []uint16{9}})); !strings.Contains(reply.Error, "no test of a NAT") {
		t.Errorf("%+v", reply)
	}
	a.openNAT(t, 2, scenarios.Outbound)
	for i, row := range []struct {
		order pairing.NATOrder
		want  string
	}{
		{pairing.NATOrder{Open: &pairing.NATOpen{Direction: "sideways"}}, "bad direction"},
		{probe(pairing.NATProbe{Ports: []uint16{1, 2, 3}}), "more than 2"},
		{probe(pairing.NATProbe{Ports: []uint16{0}}), "port 0"},
		{probe(pairing.NATProbe{Ports: []uint16{9}, Second: elsewhere}), "belong together"},
		{probe(pairing.NATProbe{Ports: []uint16{9}, SecondPorts: []uint16{9}}), "belong together"},
		{probe(pairing.NATProbe{Ports: []uint16{9}, Second: elsewhere, SecondPorts: []uint16{9}}), "not proven"},
		{probe(pairing.NATProbe{}), "nobody to ask"},
	} {
		if reply := a.nat(t, 3+i, row.order); !strings.Contains(reply.Error, row.want) {
			t.Errorf("reply %+v, want an error with %q", reply, row.want)
		}
	}
	if rec := a.order(t, pairing.Order{Seq: 20, Fetch: &pairing.Fetch{NAT: true}}); rec.Part == nil || rec.Part.Ready {
		t.Errorf("a record of what was not done: %+v", rec)
	}
	if reply := a.nat(t, 21, pairing.NATOrder{Finish: true}); reply.Error != "" {
		t.Error(reply.Error)
	}
	if rec := a.natRecord(t, 22); rec.Heard == nil || len(rec.Sockets) != 0 {
		t.Errorf("%+v", rec)
	}
}

// TestNATPortsAreSilent: the ports of a test answer whoever has the key and has proven
// where he is, and nobody else.
func TestNATPortsAreSilent(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	sockets := a.openNAT(t, 1, scenarios.Inbound)
	to := netip.AddrPortFrom(loopback, sockets[0].Port)
	plain, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	stranger.WriteTo(plain.Raw, net.UDPAddrFromAddrPort(to))
	for _, row := range []struct {
		from, key string
		answered  bool
	}{{"127.0.0.1", "another key", false}, {"127.0.0.1", "k", true}, {"127.0.0.2", "k", false}} {
		conn, err := net.ListenPacket("udp4", row.from+":0")
		if err != nil {
			t.Skip(err)
		}
		defer conn.Close()
		result, err := natprobe.Probe(t.Context(), natprobe.Config{
			Credentials: pairing.STUNCredentials(row.key, "abc"), Conn: conn, Requests: []natprobe.Request{{To: to}}, Tries: 2,
		})
		if err != nil || result.Exchanges[0].Answered() != row.answered {
			t.Errorf("from %s with %q: %+v %v", row.from, row.key, result, err)
		}
	}
	stranger.SetReadDeadline(time.Now())
	if n, _, err := stranger.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("a stranger got %d bytes", n)
	}
	a.nat(t, 2, pairing.NATOrder{Finish: true})
	heard := a.natRecord(t, 3).Heard
	if heard == nil || heard.Strangers < 2 || heard.Requests(netip.MustParseAddr("127.0.0.2"), to.Port()) != 2 {
		t.Errorf("%+v", heard)
	}
}

// TestProveIsNoHello: an address that proves itself opens no session, and does not
// become the client's own.
func TestProveIsNoHello(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.UDP, "abc")
	if reply := a.order(t, pairing.Order{Prove: true}); !strings.Contains(reply.Error, "knows no such run") || r.Sessions() != 0 {
		t.Errorf("%+v", reply)
	}
	a.hello(t)
	reply := a.order(t, pairing.Order{Prove: true})
	if reply.Proven == nil || reply.Proven.Addr() != loopback || reply.Error != "" {
		t.Errorf("%+v", reply)
	}
}

// TestNATProbesTheClient: what the client asks for reaches its ports, and no more.
func TestNATProbesTheClient(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TLS, "abc")
	a.hello(t)
	a.openNAT(t, 1, scenarios.Outbound)
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	port := conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	ask := pairing.NATOrder{Probe: &pairing.NATProbe{Ports: []uint16{port}}}
	if reply := a.nat(t, 2, ask); reply.Error != "" {
		t.Fatal(reply.Error)
	}
	if reply := a.nat(t, 3, ask); !strings.Contains(reply.Error, "no test of a NAT") {
		t.Errorf("asked twice: %+v", reply)
	}
	rec := a.natRecord(t, 10)
	if len(rec.Sockets) != 4 || rec.Hairpin != nil {
		t.Fatalf("%+v", rec)
	}
	packets := 0
	buf := make([]byte, 2048)
	for conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); ; packets++ {
		if _, _, err := conn.ReadFrom(buf); err != nil {
			break
		}
	}
	if packets != 4*natprobe.DefaultTries {
		t.Errorf("%d packets came", packets)
	}
	for _, s := range rec.Sockets {
		if s.Exchanges[0].Answered() || s.Exchanges[0].Sent != natprobe.DefaultTries {
			t.Errorf("%+v", s)
		}
	}
}
