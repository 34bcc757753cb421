package natlab_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"bothways/internal/natlab"
)

// A packet of the grid: which way, which ports, and whether over IPv6.
type packet struct {
	inbound bool
	outer   uint16 // the outside host's port
	second  bool   // from or to the outside host's second address
	v6      bool
}

// grid is what each rule is held against; all of it passes without rules.
func grid() []packet {
	var all []packet
	for _, inbound := range []bool{true, false} {
		for _, outer := range []uint16{40000, 40001} {
			for _, second := range []bool{false, true} {
				for _, v6 := range []bool{false, true} {
					all = append(all, packet{inbound, outer, second, v6})
				}
			}
		}
	}
	return all
}

// cross sends the packet between fresh flows and tells whether it arrived.
// Inbound it goes to port 5060, outbound it comes from port 6060.
func (p packet) cross(t *testing.T, lab *natlab.Lab, wanted bool) bool {
	t.Helper()
	a := lab.Addresses
	inner, outer, dial := a.Inside, a.Outside, a.SiteWAN
	if p.second {
		outer = a.OutsideSecond
	}
	if p.v6 {
		inner, outer, dial = a.Inside6, a.Outside6, a.Inside6
		if p.second {
			outer = a.OutsideSecond6
		}
	}
	port := uint16(6060)
	if p.inbound {
		port = 5060
	}
	in, out := udp(t, lab.Inside, inner, port), udp(t, lab.Outside, outer, p.outer)
	defer in.Close()
	defer out.Close()
	if p.inbound {
		return send(t, out, addrPort(dial, port), in, wait(wanted)).IsValid()
	}
	return send(t, in, addrPort(outer, p.outer), out, wait(wanted)).IsValid()
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule natlab.Rule
		hits func(packet) bool
	}{
		{natlab.Rule{Name: "everything"}, func(packet) bool { return true }},
		{natlab.Rule{Name: "inbound", Direction: natlab.Inbound}, func(p packet) bool { return p.inbound }},
		{natlab.Rule{Name: "outbound", Direction: natlab.Outbound, Proto: natlab.UDP}, func(p packet) bool { return !p.inbound }},
		{natlab.Rule{Name: "other protocol", Proto: natlab.TCP}, func(packet) bool { return false }},
		{natlab.Rule{Name: "own firewall", Router: natlab.InsideFirewall, Proto: natlab.UDP, DestinationPorts: natlab.Port(5060)},
			func(p packet) bool { return p.inbound }},
		{natlab.Rule{Name: "IPv4", Family: natlab.IPv4}, func(p packet) bool { return !p.v6 }},
		{natlab.Rule{Name: "IPv6", Family: natlab.IPv6, Direction: natlab.Inbound}, func(p packet) bool { return p.v6 && p.inbound }},
		{natlab.Rule{Name: "odd ports", Proto: natlab.UDP, DestinationParity: natlab.Odd},
			func(p packet) bool { return !p.inbound && p.outer == 40001 }},
		{natlab.Rule{Name: "even ports", Proto: natlab.UDP, DestinationParity: natlab.Even},
			func(p packet) bool { return p.inbound || p.outer == 40000 }},
		{natlab.Rule{Name: "more than there is", OverPPS: 100_000}, func(packet) bool { return false }},
		{natlab.Rule{Name: "source port", Proto: natlab.UDP, SourcePorts: natlab.Port(40001)},
			func(p packet) bool { return p.inbound && p.outer == 40001 }},
		{natlab.Rule{Name: "destination ports", Proto: natlab.UDP, DestinationPorts: natlab.Ports{From: 40000, To: 40010}},
			func(p packet) bool { return !p.inbound }},
		{natlab.Rule{Name: "inside source port", Proto: natlab.UDP, SourcePorts: natlab.Ports{From: 6060}, DestinationPorts: natlab.Port(40000)},
			func(p packet) bool { return !p.inbound && p.outer == 40000 }},
		{natlab.Rule{Name: "source", Source: netip.MustParsePrefix("198.51.100.21/32")},
			func(p packet) bool { return p.inbound && p.second && !p.v6 }},
		{natlab.Rule{Name: "private destination", Destination: netip.MustParsePrefix("192.168.1.0/24")},
			func(p packet) bool { return p.inbound && !p.v6 }},
		{natlab.Rule{Name: "IPv6 destination", Destination: netip.MustParsePrefix("2001:db8:2::21/128")},
			func(p packet) bool { return !p.inbound && p.second && p.v6 }},
		{natlab.Rule{Name: "private source", Source: netip.MustParsePrefix("192.168.1.10/32"), Direction: natlab.Outbound},
			func(p packet) bool { return !p.inbound && !p.v6 }},
	} {
		t.Run(tt.rule.Name, func(t *testing.T) {
			t.Parallel()
			lab := build(t, both(tt.rule))
			var want uint64
			for _, p := range grid() {
				if tt.hits(p) {
					want++
				}
				if passed := p.cross(t, lab, !tt.hits(p)); passed == tt.hits(p) {
					t.Errorf("%+v passed: %v", p, passed)
				}
			}
			if got := hits(t, lab, tt.rule.Name); got != want {
				t.Errorf("counted %d hits, want %d", got, want)
			}
		})
	}
}

// A rule also hits flows that exist, and its counters tell rules apart.
func TestRuleHitsReplies(t *testing.T) {
	t.Parallel()
	lab := build(t, both(
		natlab.Rule{Name: "idle", Direction: natlab.Outbound, Proto: natlab.TCP},
		natlab.Rule{Name: "replies", Direction: natlab.Outbound, Proto: natlab.UDP}))
	a := lab.Addresses
	inside, outside := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Outside, a.Outside, 5060)
	src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon)
	if send(t, inside, src, outside, gone).IsValid() {
		t.Error("the reply passed")
	}
	counters, err := lab.Counters()
	if err != nil {
		t.Fatal(err)
	}
	bytes := uint64(20 + 8 + len(t.Name()))
	want := []natlab.Counter{{Rule: "idle"}, {Rule: "replies", Packets: 1, Bytes: bytes}}
	if counters[0] != want[0] || counters[1] != want[1] {
		t.Errorf("counters %+v, want %+v", counters, want)
	}
}

func TestRejectUDP(t *testing.T) {
	t.Parallel()
	lab := build(t, both(natlab.Rule{Name: "reject", Direction: natlab.Inbound, Action: natlab.Reject, Proto: natlab.UDP, DestinationPorts: natlab.Port(5060)}))
	for _, dst := range []netip.Addr{lab.Addresses.SiteWAN, lab.Addresses.Inside6} {
		var c *net.UDPConn
		err := lab.Outside.Do(func() (err error) {
			c, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addrPort(dst, 5060)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("refuse me")); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(soon))
		if _, err := c.Read(make([]byte, 100)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v: %v, want connection refused", dst, err)
		}
	}
	if n := hits(t, lab, "reject"); n != 2 {
		t.Errorf("counted %d, want 2", n)
	}
}

func TestTCPActions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		action natlab.Action
		err    error
		within time.Duration
	}{
		{natlab.Reject, syscall.ECONNREFUSED, soon},
		{natlab.Drop, context.DeadlineExceeded, gone},
	} {
		lab := build(t, both(natlab.Rule{Name: "tcp", Action: tt.action, Proto: natlab.TCP, DestinationPorts: natlab.Port(5060)}))
		a := lab.Addresses
		l, other := tcpListener(t, lab.Inside, a.Inside, 5060), tcpListener(t, lab.Inside, a.Inside, 5061)
		if _, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 5060), l, tt.within); !errors.Is(err, tt.err) && !isTimeout(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.action, err, tt.err)
		}
		if _, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 5061), other, soon); err != nil {
			t.Error(err)
		}
		if hits(t, lab, "tcp") == 0 {
			t.Errorf("%s: no hit was counted", tt.action)
		}
	}
}

// isTimeout tells whether the dialler ran into the deadline that was wanted.
func isTimeout(err, want error) bool {
	var e net.Error
	return want == context.DeadlineExceeded && errors.As(err, &e) && e.Timeout()
}

// burst sends n datagrams outward and counts what arrived and what the rule
// hit, when together they are all.
func burst(t *testing.T, rule natlab.Rule, n int) (arrived, hit int) {
	t.Helper()
	lab := build(t, both(rule))
	a := lab.Addresses
	inside, outside := udp(t, lab.Inside, a.Inside, 6060), udp(t, lab.Outside, a.Outside, 5060)
	for range n {
		if _, err := inside.WriteToUDPAddrPort([]byte(t.Name()), addrPort(a.Outside, 5060)); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(soon); arrived+hit < n && time.Now().Before(end); {
		if receive(t, outside, gone).IsValid() {
			arrived++
		}
		hit = int(hits(t, lab, rule.Name))
	}
	return arrived, hit
}

func TestSampledLoss(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule     natlab.Rule
		min, max int // of 100
	}{
		{natlab.Rule{Name: "every fifth", Every: 5}, 20, 20},
		{natlab.Rule{Name: "every one", Every: 1}, 100, 100},
		{natlab.Rule{Name: "half", Share: 0.5}, 20, 80},
		// Mistakes in byte order show at the ends.
		{natlab.Rule{Name: "hardly any", Share: 0.001}, 0, 5},
		{natlab.Rule{Name: "nearly all", Share: 0.999}, 95, 100},
		{natlab.Rule{Name: "policed", OverPPS: 10}, 80, 99},
		{natlab.Rule{Name: "all", Share: 1}, 100, 100},
	} {
		arrived, hit := burst(t, tt.rule, 100)
		if hit < tt.min || hit > tt.max || arrived != 100-hit {
			t.Errorf("%s: %d of 100 arrived, %d were hit", tt.rule.Name, arrived, hit)
		}
	}
}

// TestAfterBytes counts what passes: datagrams are of one size, so that the first ones
// fit, the one that goes over does not, and nothing after it.
func TestAfterBytes(t *testing.T) {
	t.Parallel()
	const headers = 20 + 8 // IPv4 and UDP
	each := uint64(headers + len(t.Name()))
	for _, bytes := range []uint64{1, 10 * each, 11*each - 1} {
		arrived, hit := burst(t, natlab.Rule{Name: "ban", AfterBytes: bytes}, 30)
		if want := int(bytes / each); arrived != want || hit != 30-want {
			t.Errorf("after %d bytes, %d each: %d of 30 arrived, %d were hit", bytes, each, arrived, hit)
		}
	}
}

// TestUntilBytes counts what is hit: the first datagrams, as far as they fit.
func TestUntilBytes(t *testing.T) {
	t.Parallel()
	const headers = 20 + 8 // IPv4 and UDP
	each := uint64(headers + len(t.Name()))
	for _, bytes := range []uint64{each, 10 * each} {
		arrived, hit := burst(t, natlab.Rule{Name: "slow", UntilBytes: bytes}, 30)
		if want := int(bytes / each); hit != want || arrived != 30-want {
			t.Errorf("until %d bytes, %d each: %d of 30 arrived, %d were hit", bytes, each, arrived, hit)
		}
	}
}

// TestNewFlows: what the rule forbids to begin may still answer.
func TestNewFlows(t *testing.T) {
	t.Parallel()
	lab := build(t, both(natlab.Rule{Name: "new", Direction: natlab.Outbound, Proto: natlab.UDP, NewFlows: true}))
	a := lab.Addresses
	inside, outside := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Outside, a.Outside, 5060)
	if send(t, inside, addrPort(a.Outside, 5060), outside, gone).IsValid() {
		t.Error("a new flow passed")
	}
	src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon)
	if !send(t, inside, src, outside, soon).IsValid() {
		t.Error("the answer did not pass")
	}
	if n := hits(t, lab, "new"); n != 1 {
		t.Errorf("%d hits", n)
	}
}

func TestTopologyErrors(t *testing.T) {
	t.Parallel()
	for want, topology := range map[string]natlab.Topology{
		"own":             both(natlab.Rule{}),
		"taken":           both(natlab.Rule{Name: "a"}, natlab.Rule{Name: "a"}),
		"ports need":      both(natlab.Rule{Name: "a", SourcePorts: natlab.Port(1)}),
		"not in this":     both(natlab.Rule{Name: "a", Router: natlab.CarrierRouter}),
		"run backwards":   both(natlab.Rule{Name: "a", Proto: natlab.UDP, SourcePorts: natlab.Ports{From: 2, To: 1}}),
		"Every or Share":  both(natlab.Rule{Name: "a", Every: 2, Share: 0.5}),
		"between 0 and 1": both(natlab.Rule{Name: "a", Share: 2}),
		"leave one out":   {Container: true, Box: &natlab.Box{}},
		"stands alone":    both(natlab.Rule{Name: "a", AfterBytes: 1000, Every: 2}),
		"leave out Every, Share, OverPPS, OverFlows and AfterBytes": both(natlab.Rule{Name: "a", AfterBytes: 1000, UntilBytes: 2}),
		"keeps no states":    both(natlab.Rule{Name: "a", Router: natlab.InsideFirewall, NewFlows: true}),
		`action "burn"`:      both(natlab.Rule{Name: "a", Action: "burn"}),
		`direction "up"`:     both(natlab.Rule{Name: "a", Direction: "up"}),
		`protocol "sctp"`:    {Forwards: []natlab.Forward{{Proto: "sctp"}}},
		"do not fit":         {Forwards: []natlab.Forward{{Ports: natlab.Ports{From: 1, To: 100}, ToPort: 65500}}},
		"is for IPv4":        {Forwards: []natlab.Forward{{Family: natlab.IPv6, To: natlab.SiteHost}}},
		"whole seconds":      {Timeouts: []natlab.Timeouts{{UDP: time.Millisecond}}},
		"use one family":     both(natlab.Rule{Name: "a", Family: natlab.IPv6, Source: netip.MustParsePrefix("10.0.0.0/8")}),
		"client-router\" is": {Timeouts: []natlab.Timeouts{{Router: natlab.ClientRouter}}},
	} {
		lab, err := natlab.Build(t.Context(), topology)
		if lab != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
}
