package responder_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func portSet(t testing.TB, text string) (s rtpprobe.PortSet) {
	t.Helper()
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

func inbound(id uint32) rtpprobe.SweepTerms {
	return rtpprobe.SweepTerms{ID: id, Direction: rtpprobe.SweepInbound}
}

func outbound(id uint32) rtpprobe.SweepTerms {
	return rtpprobe.SweepTerms{ID: id, Direction: rtpprobe.SweepOutbound}
}

// sweep gives the order numbered n.
func (a *agent) sweep(t testing.TB, n int, o pairing.SweepOrder) pairing.Reply {
	t.Helper()
	return a.order(t, pairing.Order{Seq: n, Sweep: &o})
}

// listen has the responder listen on ports, and fails the test when it does not.
func (a *agent) listen(t testing.TB, n int, ports string) *pairing.Listening {
	t.Helper()
	reply := a.sweep(t, n, pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(uint32(n)), Ports: portSet(t, ports)}})
	if reply.Error != "" || reply.Sweep == nil || reply.Sweep.Listening == nil {
		t.Fatalf("%+v", reply)
	}
	return reply.Sweep.Listening
}

// free reports whether a UDP port of the loopback address can be opened.
func free(port uint16) bool {
	c, err := net.ListenPacket("udp4", netip.AddrPortFrom(loopback, port).String())
	if err == nil {
		c.Close()
	}
	return err == nil
}

// TestSweepOrdersOutOfBounds gives orders that nobody should.
func TestSweepOrdersOutOfBounds(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	ports := portSet(t, "29000-29009")
	var scattered rtpprobe.PortSet
	for port := uint16(1); port < 2000; port += 3 {
		scattered.Add(port)
	}
	for i, row := range []struct {
		order pairing.SweepOrder
		want  string
	}{
		{pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(1)}}, "needs ports"},
		{pairing.SweepOrder{Listen: &pairing.Listen{Terms: outbound(1), Ports: ports}}, "inbound is wanted"},
		{pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(1), Ports: scattered}}, "ranges"},
		{pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(1), Ports: ports, ProbeBytes: 20}}, "probe_bytes"},
		{pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(1), Ports: ports, Prime: 9}}, "to prime"},
		{pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(1), Ports: portSet(t, "1-201"), Prime: 9, RatePPS: 5000}}, "to prime"},
		{pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(1), Ports: portSet(t, "1-100"), Prime: 9, RatePPS: 10}}, "to prime"},
		{pairing.SweepOrder{Source: &pairing.Source{Ports: 17}}, "to send from"},
		{pairing.SweepOrder{Source: &pairing.Source{}}, "to send from"},
		{pairing.SweepOrder{Send: &pairing.Send{Terms: inbound(1), Ports: ports}}, "outbound is wanted"},
		{pairing.SweepOrder{Send: &pairing.Send{Terms: outbound(1), Ports: ports, RatePPS: 2_000_000}}, "rate"},
		{pairing.SweepOrder{Send: &pairing.Send{Terms: outbound(1), Ports: ports, RatePPS: -1}}, "rate"},
		{pairing.SweepOrder{Send: &pairing.Send{Terms: outbound(1), Ports: ports}}, "no ports to send from"},
	} {
		if reply := a.sweep(t, i+1, row.order); !strings.Contains(reply.Error, row.want) {
			t.Errorf("%d: reply %+v, want an error with %q", i, reply, row.want)
		}
	}
	for i, f := range []pairing.Fetch{{Sweep: &pairing.SweepPart{ID: 1}, HoldMs: 5000}, {Sweep: &pairing.SweepPart{ID: 1}, HoldMs: -1}} {
		if reply := a.order(t, pairing.Order{Seq: 50 + i, Fetch: &f}); !strings.Contains(reply.Error, "hold time") {
			t.Errorf("%+v", reply)
		}
	}
	absent := pairing.Order{Seq: 60, Fetch: &pairing.Fetch{Sweep: &pairing.SweepPart{ID: 1}}}
	if reply := a.order(t, absent); reply.Part == nil || !reply.Part.Absent {
		t.Errorf("a record that there is not: %+v", reply)
	}
}

// TestSweepsAtOnce has three clients sweep: two at most, and never the same ports.
func TestSweepsAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	var agents []*agent
	for _, run := range []string{"a", "b", "c"} {
		a := newAgent(t, r, sipprobe.TCP, run)
		a.hello(t)
		agents = append(agents, a)
	}
	agents[0].listen(t, 1, "29100-29199")
	busy := func(n int, ports string) bool {
		reply := agents[2].sweep(t, n, pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(9), Ports: portSet(t, ports)}})
		return reply.Error != "" && reply.Sweep.Busy
	}
	if !busy(1, "29150-29250") {
		t.Error("two clients have the same ports")
	}
	agents[1].listen(t, 1, "29200-29299")
	if !busy(2, "29300-29399") {
		t.Error("three clients sweep at once")
	}
	agents[0].sweep(t, 2, pairing.SweepOrder{Finish: true})
	if busy(3, "29100-29199") {
		t.Error("there is no room after one has finished")
	}
	// A session's next sweep ends the one before.
	agents[1].listen(t, 2, "29200-29299")
	agents[1].listen(t, 3, "29400-29499")
	if !free(29200) {
		t.Error("the session's earlier sweep holds its ports")
	}
}

// TestSweepPortsCloseWithTheSession leaves by a goodbye, and without a word.
func TestSweepPortsCloseWithTheSession(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 29600, To: 29699} })
	byeing, silent := newAgent(t, r, sipprobe.TCP, "a"), newAgent(t, r, sipprobe.TCP, "b")
	byeing.hello(t)
	silent.hello(t)
	if l := byeing.listen(t, 1, "29500-29599"); !l.Rest.IsZero() || free(29500) {
		t.Errorf("%+v", l)
	}
	reply := silent.sweep(t, 1, pairing.SweepOrder{Source: &pairing.Source{Ports: 16}})
	if reply.Sweep == nil || len(reply.Sweep.Sources) != 16 || free(reply.Sweep.Sources[0]) {
		t.Fatalf("%+v", reply)
	}
	even := 0
	for _, port := range reply.Sweep.Sources {
		if !(rtpprobe.PortRange{From: 29600, To: 29699}).Contains(port) {
			t.Errorf("port %d is not one for media", port)
		}
		even += int(1 - port&1)
	}
	if even != 8 {
		t.Errorf("%d of %v are even, want half", even, reply.Sweep.Sources)
	}
	silent.sweep(t, 2, pairing.SweepOrder{Send: &pairing.Send{Terms: outbound(1), Ports: portSet(t, "1025-65535"), RatePPS: 10}})
	byeing.order(t, pairing.Order{Seq: 2, End: true})
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return free(29500) }) {
		t.Error("the ports are open after a goodbye")
	}
	if !networktest.Eventually(idleWithin, func() bool { return free(reply.Sweep.Sources[0]) && r.Sessions() == 0 }) {
		t.Errorf("the responder still sends %v after its client vanished", idleWithin)
	}
}

// TestSweepBesideACall finds the ports of another client's call, which no stranger holds.
func TestSweepBesideACall(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 29910, To: 29911} })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		client.Run(ctx, clientOf(r, scenarios.Scenario{Name: "call", Checks: []scenarios.Check{aCheck("out", sipprobe.UDP, time.Minute)}}))
	}()
	defer func() { stop(); networktest.Within(t, done, "the client goes on") }()
	if !networktest.Eventually(time.Minute, func() bool { return !free(29910) && !free(29911) }) {
		t.Fatal("there is no call")
	}
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	n := 0
	if !networktest.Eventually(time.Minute, func() bool {
		n++
		_, busy := a.listening(t, n, "29900-29919")
		return !busy
	}) {
		t.Fatal("no sweep begins beside a call that goes on")
	}
	if l := a.listen(t, n+1, "29900-29919"); l.Own.String() != "29910-29911" || !l.Skipped.IsZero() || !l.Rest.IsZero() {
		t.Errorf("%+v", l)
	}
	b := newAgent(t, r, sipprobe.TCP, "def")
	b.hello(t)
	if reply := b.sweep(t, 1, pairing.SweepOrder{Source: &pairing.Source{Ports: 2}}); !reply.Sweep.Busy {
		t.Errorf("%+v", reply)
	}
}

// TestSweepRecords fetches the record of a window, and finds that old ones are gone.
func TestSweepRecords(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.UDP, "abc")
	a.hello(t)
	fetch := func(n int, id uint32) *pairing.Part {
		return a.order(t, pairing.Order{Seq: n, Fetch: &pairing.Fetch{Sweep: &pairing.SweepPart{ID: id}}}).Part
	}
	a.listen(t, 1, "29700-29709")
	if p := fetch(2, 1); p.Ready || p.Absent {
		t.Errorf("while it listens: %+v", p)
	}
	for n := 3; n < 8; n++ {
		a.listen(t, n, "29700-29709")
	}
	a.sweep(t, 8, pairing.SweepOrder{Finish: true})
	if p := fetch(9, 1); !p.Absent {
		t.Errorf("an old record: %+v", p)
	}
	p := fetch(10, 7)
	var record pairing.SweepRecord
	if err := pairing.Decode(p.Data, &record); err != nil || !p.Ready || p.Total != len(p.Data) {
		t.Fatalf("%+v: %v", p, err)
	}
	if got := record.Arrived; got == nil || got.Listened.String() != "29700-29709" || got.Packets != 0 || got.Address != loopback {
		t.Errorf("%+v", got)
	}
}

// TestPrimedPortsSendFirst has the responder send from its ports before it listens.
func TestPrimedPortsSendFirst(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	to := c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	ports := portSet(t, "29800-29819")
	reply := a.sweep(t, 1, pairing.SweepOrder{Listen: &pairing.Listen{Terms: inbound(1), Ports: ports, Prime: to, RatePPS: 1000}})
	if reply.Error != "" || reply.Sweep.Listening.Primed != 20 {
		t.Fatalf("%+v", reply)
	}
	var heard rtpprobe.PortSet
	buffer := make([]byte, 1500)
	c.SetReadDeadline(time.Now().Add(time.Minute))
	for heard.Len() < 20 {
		n, from, err := c.ReadFrom(buffer)
		if err != nil {
			t.Fatalf("heard %v: %v", heard, err)
		}
		port := from.(*net.UDPAddr).AddrPort().Port()
		heard.Add(port)
		if report := buffer[1] == 201; n < 12 || buffer[0]>>6 != 2 || report != (port&1 == 1) {
			t.Errorf("from %d: % x", port, buffer[:12])
		}
	}
	if !heard.Equal(ports) {
		t.Errorf("heard %v", heard)
	}
}

// TestSweepInWindows runs where few files can be open: the ports are taken a window at a time.
func TestSweepInWindows(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), sh, "-c", `ulimit -n 400 && exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=sweeps")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string][2]int
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, id := range []string{"in", "out"} {
		if windows, open := got[id][0], got[id][1]; windows < 3 || open != 300 {
			t.Errorf("%s: %d windows, %d ports open, want 300", id, windows, open)
		}
	}
}

// playSweeps runs both ends, and says for each check how many windows there were, and how many ports are open.
func playSweeps() {
	r, err := responder.Start(context.Background(), responder.Config{Network: network.Host{}, Key: "k", Ports: anyPorts(),
		Listen: []netip.Addr{loopback}, Version: "test"})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	defer r.Close()
	check := func(id string, d scenarios.Direction, ports string) scenarios.Check {
		return scenarios.Check{ID: id, Kind: scenarios.SweepKind, Direction: d, Transport: "udp",
			Sweep: &scenarios.Sweep{Ports: ports, RatePPS: 5000}}
	}
	ev, err := client.Run(context.Background(), clientOf(r, scenarios.Scenario{Name: "sweeps", Checks: []scenarios.Check{
		check("in", scenarios.Inbound, "30000-30299"), check("out", scenarios.Outbound, "30400-30699")}}))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	found := make(map[string][2]int)
	for _, c := range ev.Checks {
		windows := make(map[uint8]bool)
		for _, round := range c.SweepFacts.Sent.Rounds {
			windows[round.Window] = true
		}
		found[c.ID] = [2]int{len(windows), rtpprobe.JudgeSweep(*c.SweepFacts.Sent, *c.SweepFacts.Arrived).Open.Len()}
	}
	json.NewEncoder(os.Stdout).Encode(found)
}
