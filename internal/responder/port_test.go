package responder_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"bothways/internal/knock"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// ports gives the order numbered n.
func (a *agent) ports(t testing.TB, n int, o pairing.PortOrder) pairing.Reply {
	t.Helper()
	return a.order(t, pairing.Order{Seq: n, Port: &o})
}

// portRecord fetches the record of a list, with orders numbered from n on.
func (a *agent) portRecord(t testing.TB, n int, id uint32) (rec pairing.PortRecord) {
	t.Helper()
	var data []byte
	for range 50 {
		n++
		r := a.order(t, pairing.Order{Seq: n, Fetch: &pairing.Fetch{Ports: id, Offset: len(data), HoldMs: 1000}})
		if r.Part == nil || r.Part.Absent {
			t.Fatalf("%+v", r)
		}
		data = append(data, r.Part.Data...)
		if r.Part.Ready && len(data) >= r.Part.Total {
			break
		}
	}
	if err := pairing.Decode(data, &rec); err != nil {
		t.Fatal(err)
	}
	return rec
}

func tcpFree(port uint16) bool {
	l, err := net.Listen("tcp4", netip.AddrPortFrom(loopback, port).String())
	if err == nil {
		l.Close()
	}
	return err == nil
}

func TestBellsHangUntilTheyAreTakenDown(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.UDP, "abc")
	a.hello(t)
	list := pairing.PortList{ID: 7, TCP: []uint16{23800, addressOf(r, sipprobe.TCP).Port()}, UDP: []uint16{23800}}
	reply := a.ports(t, 1, pairing.PortOrder{Hang: &list})
	if reply.Error != "" || reply.Port == nil || reply.Port.Hung == nil || reply.Port.Hung.Len() != 2 {
		t.Fatalf("%+v", reply)
	}
	if tcpFree(23800) || free(23800) {
		t.Error("no bell hangs")
	}
	knocker := knock.Knocker{
		Terms: knock.Terms{ID: 7, Key: pairing.KnockKey("k", "abc")}, Dialer: network.Host{}, Result: network.ConnectResult,
		Local: netip.AddrPortFrom(loopback, 0),
	}
	for _, over := range []knock.Transport{knock.TCP, knock.UDP} {
		k := knocker.At(t.Context(), over, netip.AddrPortFrom(loopback, 23800))
		if k.Answered() == nil {
			t.Errorf("%+v", k)
		}
	}
	if reply := a.ports(t, 2, pairing.PortOrder{TakeDown: true}); reply.Error != "" {
		t.Fatalf("%+v", reply)
	}
	if !tcpFree(23800) || !free(23800) {
		t.Error("a bell was left")
	}
	rec := a.portRecord(t, 10, 7)
	if len(rec.Heard) != 3 || rec.Heard[1].NotHung != knock.Own || len(rec.Heard[0].Arrivals) != 1 || len(rec.Heard[2].Arrivals) != 1 {
		t.Errorf("%+v", rec)
	}
	absent := pairing.Order{Seq: 100, Fetch: &pairing.Fetch{Ports: 8}}
	if reply := a.order(t, absent); reply.Part == nil || !reply.Part.Absent {
		t.Errorf("a record that there is not: %+v", reply)
	}
}

// TestBellsGoWithTheirSession hangs bells, and others after them, and leaves.
func TestBellsGoWithTheirSession(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	for n, port := range []uint16{23810, 23811} {
		if reply := a.ports(t, n+1, pairing.PortOrder{Hang: &pairing.PortList{ID: uint32(n + 1), TCP: []uint16{port}}}); reply.Error != "" {
			t.Fatalf("%+v", reply)
		}
	}
	if !tcpFree(23810) || tcpFree(23811) {
		t.Error("the bells before were not taken down, or those after not hung")
	}
	a.order(t, pairing.Order{Seq: 3, End: true})
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return tcpFree(23811) }) {
		t.Error("a bell hangs that nobody wants any more")
	}
}

// TestPortsAreBusy: what another session uses is waited for, and is no other program's.
func TestPortsAreBusy(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a, b := newAgent(t, r, sipprobe.TCP, "a"), newAgent(t, r, sipprobe.TCP, "b")
	a.hello(t)
	b.hello(t)
	udp := pairing.PortOrder{Hang: &pairing.PortList{ID: 1, UDP: []uint16{23820}}}
	if reply := a.ports(t, 1, udp); reply.Error != "" {
		t.Fatalf("%+v", reply)
	}
	if reply := b.ports(t, 1, udp); reply.Error == "" || reply.Port == nil || !reply.Port.Busy {
		t.Errorf("a bell beside a bell: %+v", reply)
	}
	sweep := pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(1), Ports: portSet(t, "23820-23829")}}
	if reply := b.sweep(t, 2, sweep); reply.Sweep == nil || !reply.Sweep.Busy {
		t.Errorf("a sweep beside a bell: %+v", reply)
	}
	a.ports(t, 2, pairing.PortOrder{TakeDown: true})
	if reply := b.sweep(t, 3, sweep); reply.Error != "" {
		t.Fatalf("%+v", reply)
	}
	if reply := a.ports(t, 3, udp); reply.Port == nil || !reply.Port.Busy {
		t.Errorf("a bell beside a sweep: %+v", reply)
	}
}

// TestKnocksGoToTheClient: the responder knocks where the order came from, one list at
// a time, and says what became of it.
func TestKnocksGoToTheClient(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	terms := knock.Terms{ID: 5, Key: pairing.KnockKey("k", "abc")}
	go knock.RingTCP(t.Context(), l, knock.BellConfig{Terms: terms})
	port := func(a net.Addr) uint16 { return netip.MustParseAddrPort(a.String()).Port() }
	list := pairing.PortList{ID: 5, TCP: []uint16{port(l.Addr())}, UDP: []uint16{port(silent.LocalAddr())}}
	if reply := a.ports(t, 1, pairing.PortOrder{Knock: &list}); reply.Error != "" {
		t.Fatalf("%+v", reply)
	}
	if reply := a.ports(t, 2, pairing.PortOrder{Knock: &list}); !strings.Contains(reply.Error, "not over") {
		t.Errorf("knocks beside knocks: %+v", reply)
	}
	rec := a.portRecord(t, 10, 5)
	if len(rec.Knocked) != 2 || rec.Knocked[0].Answered() == nil || rec.Knocked[1].Answered() != nil || len(rec.Heard) != 0 {
		t.Fatalf("%+v", rec)
	}
	for _, k := range rec.Knocked {
		if k.Remote.Addr() != loopback {
			t.Errorf("knocked at %v", k.Remote)
		}
	}
}
