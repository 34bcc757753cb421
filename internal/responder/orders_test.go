package responder_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestOrderIsCarriedOutOnce gives one order over every transport at once: the
// client's phone rings once.
func TestOrderIsCarriedOutOnce(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	var agents []*agent
	for _, transport := range sipprobe.Transports() {
		a := newAgent(t, r, transport, "abc")
		a.hello(t)
		agents = append(agents, a)
	}
	call := pairing.Order{Seq: 1, Call: &pairing.Call{Check: aCheck("out", sipprobe.UDP, time.Second)}}
	var wg sync.WaitGroup
	for _, a := range agents {
		wg.Go(func() {
			if reply := a.order(t, call); reply.Error != "" {
				t.Errorf("%s: %s", a.Transport(), reply.Error)
			}
		})
	}
	wg.Wait()
	record := pairing.Order{Seq: 2, Fetch: &pairing.Fetch{Call: "out"}}
	if !networktest.Eventually(time.Minute, func() bool {
		record.Seq++
		return agents[1].order(t, record).Part.Ready
	}) {
		t.Error("the call does not end")
	}
	if n := agents[0].invites.Load(); n != 1 {
		t.Errorf("%d INVITEs came, want 1", n)
	}
}

// TestOrdersOutOfBounds gives orders that nobody should.
func TestOrdersOutOfBounds(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	a.hello(t)
	check := func(change func(*scenarios.Check)) scenarios.Check {
		c := aCheck("out", sipprobe.UDP, time.Second)
		change(&c)
		return c
	}
	for i, row := range []struct {
		order pairing.Order
		want  string
	}{
		{pairing.Order{Seq: 0}, "too late"},
		{pairing.Order{Call: &pairing.Call{Check: check(func(c *scenarios.Check) { c.Call = nil })}}, "not a call"},
		{pairing.Order{Call: &pairing.Call{Check: check(func(c *scenarios.Check) { c.ID = "a\r\nb" })}}, "bad name"},
		{pairing.Order{Call: &pairing.Call{Check: check(func(c *scenarios.Check) { c.Call.TalkMs = 1<<31 - 1 })}}, "not between"},
		{pairing.Order{Expect: &pairing.Expect{Check: check(func(c *scenarios.Check) { c.Call.TalkMs = 0 })}}, "not between"},
		{pairing.Order{Call: &pairing.Call{Check: check(func(c *scenarios.Check) { c.Call.SRTP = true })}}, "over TLS only"},
		{pairing.Order{Call: &pairing.Call{Check: check(func(c *scenarios.Check) { c.Call.Responder.DTMF = strings.Repeat("1", 17) })}}, "dtmf"},
		{pairing.Order{Expect: &pairing.Expect{Check: check(func(c *scenarios.Check) { c.Call.Responder.Probation = 1 << 30 })}}, "probation"},
		{pairing.Order{Expect: &pairing.Expect{Check: check(func(c *scenarios.Check) { c.Call.Responder.PtimeMs = 1 })}}, "ptime"},
		{pairing.Order{Expect: &pairing.Expect{Check: check(func(c *scenarios.Check) { c.Call.Responder.GapMs = 1 << 30 })}}, "gap"},
		{pairing.Order{Expect: &pairing.Expect{Check: check(func(*scenarios.Check) {}), ColdMs: 60_000}}, "cold"},
		{pairing.Order{Expect: &pairing.Expect{Check: check(func(*scenarios.Check) {}), ColdMs: -1}}, "cold"},
		{pairing.Order{Expect: &pairing.Expect{Check: check(func(c *scenarios.Check) { c.Call.Codec = strings.Repeat("x", 20_000) })}}, "cannot read"},
		{pairing.Order{Fetch: &pairing.Fetch{Offset: 1 << 30}}, "offset"},
		{pairing.Order{Fetch: &pairing.Fetch{Offset: -1}}, "offset"},
		{pairing.Order{Reach: &pairing.Reach{Check: "", Transport: sipprobe.UDP, Port: 9}}, "bad name"},
	} {
		t.Run(row.want, func(t *testing.T) {
			if row.want != "too late" {
				row.order.Seq = i + 1
			}
			if reply := a.order(t, row.order); !strings.Contains(reply.Error, row.want) {
				t.Errorf("reply %+v, want an error with %q", reply, row.want)
			}
		})
	}
	if reply := a.order(t, pairing.Order{Seq: 100}); reply.Error != "" {
		t.Errorf("the session did not survive: %s", reply.Error)
	}
	if reply := a.order(t, pairing.Order{Seq: 60}); !strings.Contains(reply.Error, "too late") {
		t.Errorf("an old order: %+v", reply)
	}
}

func TestOrdersThatAreNone(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	bomb, err := pairing.Encode(string(bytes.Repeat([]byte{'x'}, 8<<20)))
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"empty": {}, "not gzip": []byte("{}"), "bomb": bomb, "cut": bomb[:100]} {
		t.Run(name, func(t *testing.T) {
			if reply := a.send(t, body); !strings.Contains(reply.Error, "cannot read the order") {
				t.Errorf("%+v", reply)
			}
		})
	}
	for _, run := range []string{"", "UPPER", "a b", "x\r\ny", strings.Repeat("a", 17)} {
		a.run = run
		if reply := a.hello(t); !strings.Contains(reply.Error, "bad run id") {
			t.Errorf("run %q: %+v", run, reply)
		}
	}
	if n := r.Sessions(); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.TCP, "abc")
	if reply := a.order(t, pairing.Order{Seq: 1}); !strings.Contains(reply.Error, "knows no such run") {
		t.Errorf("before hello: %+v", reply)
	}
	for i := range 16 {
		a.run = fmt.Sprintf("run%d", i)
		if reply := a.hello(t); reply.Error != "" {
			t.Fatalf("hello %d: %s", i, reply.Error)
		}
	}
	a.run = "onemore"
	if reply := a.hello(t); !strings.Contains(reply.Error, "too many clients at once") {
		t.Errorf("%+v", reply)
	}
	a.run = "run3"
	if reply := a.order(t, pairing.Order{Seq: 1, End: true}); reply.Error != "" {
		t.Errorf("goodbye: %s", reply.Error)
	}
	a.run = "onemore"
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return a.hello(t).Welcome != nil }) {
		t.Error("no room after a goodbye")
	}
}
