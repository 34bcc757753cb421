package responder_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// listening gives a session's order numbered n to listen, and reports whether it is to wait.
func (a *agent) listening(t testing.TB, n int, ports string) (l *pairing.Listening, busy bool) {
	t.Helper()
	reply := a.sweep(t, n, pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(uint32(n)), Ports: portSet(t, ports)}})
	if reply.Error != "" && !reply.Busy() || reply.Sweep == nil {
		t.Fatalf("%+v", reply)
	}
	return reply.Sweep.Listening, reply.Busy()
}

// TestCallsWaitForSweeps: a sweep of all media ports leaves none to the calls of other clients,
// which is no fault of anybody's machine.
func TestCallsWaitForSweeps(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 28000, To: 28019} })
	sweeps, calls := newAgent(t, r, sipprobe.TCP, "a"), newAgent(t, r, sipprobe.TCP, "b")
	sweeps.hello(t)
	calls.hello(t)
	in, out := aCheck("in", sipprobe.TCP, time.Second), aCheck("out", sipprobe.TCP, time.Second)
	marks, load := scenarios.Check{ID: "marks", Kind: scenarios.DSCPKind, Direction: scenarios.Inbound, DSCP: &scenarios.DSCP{Packets: 1}}, aCheck("load", sipprobe.TCP, time.Second)
	load.Load, load.Call = &scenarios.LoadTest{Calls: 1, RateCPS: 1, HoldMs: 1000, Call: *load.Call}, nil
	load.Load.Call.TalkMs = 2000 // setting up, and holding
	load.Kind, load.Direction = scenarios.LoadKind, scenarios.Inbound
	orders := []pairing.Order{
		{Expect: &pairing.Expect{Check: in}}, {Call: &pairing.Call{Check: out}}, {Aside: true}, {NAT: &pairing.NATOrder{Open: &pairing.NATOpen{Direction: scenarios.Inbound}}},
		{Marks: &pairing.Marks{Check: marks, ID: 1}}, {Load: &pairing.LoadOrder{Begin: &pairing.LoadBegin{Check: load}}},
	}
	sweeps.listen(t, 1, "28000-28019")
	for i, o := range orders {
		o.Seq = i + 1
		if reply := calls.order(t, o); reply.Error == "" || !reply.Busy() {
			t.Errorf("%d during the sweep: %+v", i, reply)
		}
	}
	// They are next: no other sweep takes the ports before them, but one that leaves some.
	if _, busy := sweeps.listening(t, 2, "28000-28019"); !busy {
		t.Error("a sweep takes all ports again")
	}
	if l, busy := sweeps.listening(t, 3, "28000-28009"); busy || l.Skipped.String() != "" {
		t.Errorf("a sweep of half the ports: %+v, busy %v", l, busy)
	}
	for i, o := range orders {
		o.Seq = i + 11
		if reply := calls.order(t, o); reply.Error != "" {
			t.Errorf("%d beside half a sweep: %+v", i, reply)
		}
	}
}

// TestSweepBesideANATTest finds the sockets of another client's test of a NAT, by a sweep and by bells.
func TestSweepBesideANATTest(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 28100, To: 28103} })
	nat, other := newAgent(t, r, sipprobe.TCP, "a"), newAgent(t, r, sipprobe.TCP, "b")
	nat.hello(t)
	other.hello(t)
	sockets := nat.openNAT(t, 1, scenarios.Inbound)
	var l *pairing.Listening
	n := 0
	if !networktest.Eventually(time.Minute, func() (did bool) {
		var busy bool
		n++
		l, busy = other.listening(t, n, "28100-28103")
		return !busy
	}) {
		t.Fatal("the sweep never begins")
	}
	if l.Own.Len() != len(sockets) || !l.Own.Contains(sockets[0].Port) || !l.Skipped.IsZero() {
		t.Errorf("%+v beside %+v", l, sockets)
	}
	other.sweep(t, n+1, pairing.SweepOrder{Finish: true})
	part := other.order(t, pairing.Order{Seq: n + 5, Fetch: &pairing.Fetch{Sweep: &pairing.SweepPart{ID: uint32(n)}, HoldMs: 1000}}).Part
	var swept pairing.SweepRecord
	if err := pairing.Decode(part.Data, &swept); err != nil || swept.Arrived == nil || !swept.Arrived.InUse.IsZero() {
		t.Errorf("%+v, %v: another program is said to hold them", swept.Arrived, err)
	}
	list := pairing.PortList{ID: 7, UDP: []uint16{sockets[0].Port}}
	if reply := other.ports(t, n+2, pairing.PortOrder{Hang: &list}); reply.Error != "" {
		t.Fatalf("%+v", reply)
	}
	if rec := other.portRecord(t, n+10, 7); len(rec.Heard) != 1 || rec.Heard[0].NotHung != knock.Own {
		t.Errorf("%+v", rec)
	}
}

// TestPortsOfYesterday: another program has a port that a call had once, and is found there.
func TestPortsOfYesterday(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 28200, To: 28201} })
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	a.order(t, pairing.Order{Seq: 1, Call: &pairing.Call{Check: aCheck("out", sipprobe.TCP, time.Second)}})
	var end evidence.CallEnd
	recordOf(t, a, 2, "out", &end)
	conn, err := net.ListenPacket("udp4", netip.AddrPortFrom(loopback, 28200).String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n := 100_000 // higher than any order that waited for the record
	var l *pairing.Listening
	if !networktest.Eventually(time.Minute, func() bool {
		var busy bool
		n++
		l, busy = a.listening(t, n, "28200-28201")
		return !busy && l.Own.IsZero()
	}) {
		t.Fatalf("%+v", l)
	}
	if l.Skipped.String() != "28200" {
		t.Errorf("%+v", l)
	}
}

// TestClientWaitsForSweeps: a client whose calls find all media ports swept makes them later, and
// they are as good.
func TestClientWaitsForSweeps(t *testing.T) {
	t.Parallel()
	for i, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			first := uint16(28300 + 100*i)
			media := rtpprobe.PortRange{From: first, To: first + 19}
			r := start(t, func(c *responder.Config) { c.RTP = media })
			sweeps := newAgent(t, r, sipprobe.TCP, "a")
			sweeps.hello(t)
			sweeps.listen(t, 1, media.String())
			waits := make(chan struct{}, 100)
			check := aCheck("call", sipprobe.UDP, time.Second)
			check.Direction = d
			cfg := clientOf(r, scenarios.Scenario{Name: "call", Checks: []scenarios.Check{check}})
			cfg.Progress = func(e client.Event) {
				if strings.Contains(e.Text, "waiting: another client sweeps") {
					waits <- struct{}{}
				}
			}
			done := make(chan *evidence.Evidence)
			go func() {
				ev, err := client.Run(t.Context(), cfg)
				if err != nil {
					t.Error(err)
				}
				done <- ev
			}()
			select {
			case <-waits:
				sweeps.sweep(t, 2, pairing.SweepOrder{Finish: true})
			case ev := <-done:
				t.Fatalf("it did not wait: %+v", ev.Checks)
			}
			c := (<-done).Checks[0]
			if c.Skipped != "" || len(c.CallFacts.Ends()) != 2 {
				t.Fatalf("skipped %q, %+v", c.Skipped, c.CallFacts)
			}
			for _, end := range c.CallFacts.Ends() {
				if !end.Established || end.Fault != "" {
					t.Errorf("%+v", end)
				}
			}
		})
	}
}
