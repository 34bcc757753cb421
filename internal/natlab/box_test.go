package natlab_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/natlab"
)

// boxed is a topology with everything forwarded and a box on the wire.
func boxed(all ...natlab.Alteration) natlab.Topology {
	t := both()
	t.Box = &natlab.Box{Alterations: all}
	return t
}

// A path is how both hosts reach each other over one family.
type path struct {
	name            string
	own, far        netip.Addr // the hosts' own addresses
	toInside, toFar netip.Addr // what the other one dials
}

func paths(lab *natlab.Lab) []path {
	a := lab.Addresses
	return []path{
		{name: "IPv4", own: a.Inside, far: a.Outside, toInside: a.SiteWAN, toFar: a.Outside},
		{name: "IPv6", own: a.Inside6, far: a.Outside6, toInside: a.Inside6, toFar: a.Outside6},
	}
}

func lostNothing(t *testing.T, lab *natlab.Lab) {
	t.Helper()
	if n, err := lab.BoxLost(); n != 0 || err != nil {
		t.Errorf("the box lost %d packets, %v", n, err)
	}
}

// A box without alterations changes nothing: neither small nor fragmented datagrams,
// nor a stream as fast as it will go.
func TestBoxIsTransparent(t *testing.T) {
	t.Parallel()
	lab := build(t, boxed())
	for _, p := range paths(lab) {
		inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
		for _, size := range []int{0, 1, 1400, 3500} {
			text := strings.Repeat("x", size)
			if carry(t, outside, addrPort(p.toInside, 5060), inside, text, soon) != text ||
				carry(t, inside, addrPort(p.toFar, 5060), outside, text, soon) != text {
				t.Errorf("%s: a datagram of %d bytes was changed", p.name, size)
			}
		}
		data := make([]byte, 1<<20)
		rand.NewChaCha8([32]byte{}).Read(data)
		listener := tcpListener(t, lab.Inside, p.own, 5060)
		if stream(t, lab.Outside, addrPort(p.far, 5065), addrPort(p.toInside, 5060), listener, string(data)) != string(data) {
			t.Errorf("%s: the stream inwards was changed", p.name)
		}
		listener = tcpListener(t, lab.Outside, p.far, 5066)
		if stream(t, lab.Inside, addrPort(p.own, 5067), addrPort(p.toFar, 5066), listener, string(data)) != string(data) {
			t.Errorf("%s: the stream outwards was changed", p.name)
		}
	}
	lostNothing(t, lab)
	if h := lab.Host("box"); h == nil || h != lab.Box || len(h.Addrs()) != 0 {
		t.Errorf("the box is %+v", h)
	}
}

// rewrites are alterations of the INVITE of these tests, with the lines that change.
var rewrites = []struct {
	alteration natlab.Alteration
	v4, v6     []string // inbound
}{
	{natlab.Alteration{Change: natlab.RewriteVia, Address: netip.MustParseAddr("192.0.2.1"), Port: 7000},
		[]string{"Via: SIP/2.0/UDP 198.51.100.20:5060;branch=z9hG4bK-1;rport -> Via: SIP/2.0/UDP 192.0.2.1:7000;branch=z9hG4bK-1;rport"},
		[]string{"Via: SIP/2.0/UDP [2001:db8:2::20]:5060;branch=z9hG4bK-1;rport -> Via: SIP/2.0/UDP 192.0.2.1:7000;branch=z9hG4bK-1;rport"}},
	{natlab.Alteration{Change: natlab.RewriteContact, Address: netip.MustParseAddr("2001:db8::1")},
		[]string{"Contact: <sip:a@198.51.100.20:5060> -> Contact: <sip:a@[2001:db8::1]:5060>"},
		[]string{"Contact: <sip:a@[2001:db8:2::20]:5060> -> Contact: <sip:a@[2001:db8::1]:5060>"}},
	{natlab.Alteration{Change: natlab.RewriteCallID, Address: netip.MustParseAddr("192.0.2.1")},
		[]string{"Call-ID: 1@198.51.100.20 -> Call-ID: 1@192.0.2.1"},
		[]string{"Call-ID: 1@2001:db8:2::20 -> Call-ID: 1@192.0.2.1"}},
	{natlab.Alteration{Change: natlab.RewriteContentLength, By: -2},
		[]string{"Content-Length: 96 -> Content-Length: 94"},
		[]string{"Content-Length: 98 -> Content-Length: 96"}},
	{natlab.Alteration{Change: natlab.RewriteSDPAddress, Address: netip.MustParseAddr("192.0.2.1")},
		[]string{"Content-Length: 96 -> Content-Length: 92", "c=IN IP4 198.51.100.20 -> c=IN IP4 192.0.2.1"},
		[]string{"Content-Length: 98 -> Content-Length: 93", "c=IN IP6 2001:db8:2::20 -> c=IN IP4 192.0.2.1"}},
	{natlab.Alteration{Change: natlab.RewriteSDPPort, By: 2},
		[]string{"m=audio 10000 RTP/AVP 8 -> m=audio 10002 RTP/AVP 8"},
		[]string{"m=audio 10000 RTP/AVP 8 -> m=audio 10002 RTP/AVP 8"}},
	{natlab.Alteration{Change: natlab.TruncateMessage, Bytes: 16},
		[]string{"INVITE sip:pbx@203.0.113.10:5060 SIP/2.0 -> INVITE sip:pbx@2"},
		[]string{"INVITE sip:pbx@[2001:db8:1::10]:5060 SIP/2.0 -> INVITE sip:pbx@["}},
}

// Each rewriting changes its lines, in its direction, and counts.
func TestBoxRewrites(t *testing.T) {
	t.Parallel()
	for _, tt := range rewrites {
		t.Run(string(tt.alteration.Change), func(t *testing.T) {
			t.Parallel()
			a := tt.alteration
			a.Name, a.Direction = "it", natlab.Inbound
			lab := build(t, boxed(a))
			for i, p := range paths(lab) {
				want := [][]string{tt.v4, tt.v6}[i]
				inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
				sent := invite("UDP", addrPort(p.far, 5060), addrPort(p.toInside, 5060))
				got := changed(sent, carry(t, outside, addrPort(p.toInside, 5060), inside, sent, soon))
				same(t, "inbound "+p.name, want, got[:min(len(got), len(want))])
				if a.Change != natlab.TruncateMessage {
					same(t, "inbound "+p.name, want, got)
				}
				if carry(t, outside, addrPort(p.toInside, 5060), inside, "no SIP\r\n\r\n", soon) != "no SIP\r\n\r\n" {
					t.Errorf("%s: something else was changed", p.name)
				}
				sent = invite("UDP", addrPort(p.own, 5060), addrPort(p.toFar, 5060))
				same(t, "outbound "+p.name, nil, changed(sent, carry(t, inside, addrPort(p.toFar, 5060), outside, sent, soon)))
			}
			if n := hits(t, lab, "it"); n != 2 {
				t.Errorf("counted %d, want 2", n)
			}
			lostNothing(t, lab)
		})
	}
}

// What is picked by message is dropped, and nothing else.
func TestBoxPicksMessages(t *testing.T) {
	t.Parallel()
	ok := "SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
	options := "OPTIONS sip:x SIP/2.0\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
	bare := strings.Replace(options, "OPTIONS", "INVITE", 2)
	whole := invite("UDP", netip.MustParseAddrPort("198.51.100.20:5060"), netip.MustParseAddrPort("203.0.113.10:5060"))
	all := map[string]string{"200": ok, "OPTIONS": options, "INVITE": bare, "INVITE with SDP": whole, "text": "INVITE"}
	for i, tt := range []struct {
		alteration natlab.Alteration
		drops      string
	}{
		{natlab.Alteration{Messages: natlab.Responses}, "200"},
		{natlab.Alteration{Messages: natlab.Requests}, "INVITE INVITE with SDP OPTIONS"},
		{natlab.Alteration{Method: "invite"}, "200 INVITE INVITE with SDP"},
		{natlab.Alteration{Method: "INVITE", Messages: natlab.Requests, SDP: true}, "INVITE with SDP"},
		{natlab.Alteration{Method: "ACK"}, ""},
		{natlab.Alteration{SDP: true, Ports: natlab.Port(5061)}, ""},
		{natlab.Alteration{Proto: natlab.UDP, Ports: natlab.Port(5060)}, "200 INVITE INVITE with SDP OPTIONS text"},
		{natlab.Alteration{Proto: natlab.TCP}, ""},
		{natlab.Alteration{Direction: natlab.Outbound, Proto: natlab.UDP}, ""}, // hosts send ICMPv6 of their own
		{natlab.Alteration{Family: natlab.IPv6, Proto: natlab.UDP}, ""},
		{natlab.Alteration{Above: 28 + len(whole)}, ""},
		{natlab.Alteration{Above: 28 + len(whole) - 1}, "INVITE with SDP"},
		{natlab.Alteration{Above: 28 + len(whole) - 1, Below: 28 + len(whole)}, ""},
		{natlab.Alteration{Above: 28 + len(whole) - 1, Below: 28 + len(whole) + 1}, "INVITE with SDP"},
		{natlab.Alteration{Fragments: true}, ""},
		{natlab.Alteration{Proto: natlab.UDP, After: 10}, ""},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			a := tt.alteration
			a.Name, a.Change = "it", natlab.DropPacket
			lab := build(t, boxed(a))
			inside, outside := udp(t, lab.Inside, lab.Addresses.Inside, 5060), udp(t, lab.Outside, lab.Addresses.Outside, 5060)
			var drops []string
			for _, name := range []string{"200", "INVITE", "INVITE with SDP", "OPTIONS", "text"} {
				wanted := !strings.Contains(" "+tt.drops+" ", " "+name+" ")
				if carry(t, outside, addrPort(lab.Addresses.SiteWAN, 5060), inside, all[name], wait(wanted)) != all[name] {
					drops = append(drops, name)
				}
			}
			if got := strings.Join(drops, " "); got != tt.drops {
				t.Errorf("%+v: dropped %q, want %q", a, got, tt.drops)
			}
			if n := hits(t, lab, "it"); n != uint64(len(drops)) {
				t.Errorf("counted %d, dropped %d", n, len(drops))
			}
		})
	}
}

func TestBoxDropsFragments(t *testing.T) {
	t.Parallel()
	lab := build(t, boxed(
		natlab.Alteration{Name: "fragments", Change: natlab.DropPacket, Direction: natlab.Inbound, Fragments: true}))
	for _, p := range paths(lab) {
		inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
		text := strings.Repeat("x", 2000)
		if carry(t, inside, addrPort(p.toFar, 5060), outside, text, soon) != text {
			t.Errorf("%s: fragments were lost outwards", p.name)
		}
		if carry(t, outside, addrPort(p.toInside, 5060), inside, text, gone) != "" {
			t.Errorf("%s: fragments passed", p.name)
		}
		if carry(t, outside, addrPort(p.toInside, 5060), inside, text[:1400], soon) != text[:1400] {
			t.Errorf("%s: a whole datagram was lost", p.name)
		}
	}
	if n := hits(t, lab, "fragments"); n != 4 {
		t.Errorf("counted %d fragments, want 2 a datagram", n)
	}
}

// A held packet is late; with Every, its followers overtake it.
func TestBoxDelays(t *testing.T) {
	t.Parallel()
	const hold = 60 * time.Millisecond
	lab := build(t, boxed(
		natlab.Alteration{Name: "late", Change: natlab.DelayPacket, Direction: natlab.Inbound, Proto: natlab.UDP, Every: 3, Delay: hold}))
	p := paths(lab)[0]
	inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
	began := time.Now()
	for i := range 5 {
		if _, err := outside.WriteToUDPAddrPort([]byte{'1' + byte(i)}, addrPort(p.toInside, 5060)); err != nil {
			t.Fatal(err)
		}
	}
	var order bytes.Buffer
	for range 5 {
		inside.SetReadDeadline(time.Now().Add(soon))
		if _, err := io.CopyN(&order, inside, 1); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); order.String() != "12453" || took < hold {
		t.Errorf("arrived as %s after %v", &order, took)
	}
}

// Outbound packets move to another port while the flow lasts.
func TestBoxMovesSourcePort(t *testing.T) {
	t.Parallel()
	lab := build(t, boxed(
		natlab.Alteration{Name: "move", Change: natlab.MoveSourcePort, Direction: natlab.Outbound, Proto: natlab.UDP, After: 2, By: 100}))
	for _, p := range paths(lab) {
		inside, outside := udp(t, lab.Inside, p.own, 6000), udp(t, lab.Outside, p.far, 5060)
		var ports []uint16
		for range 4 {
			ports = append(ports, send(t, inside, addrPort(p.toFar, 5060), outside, soon).Port())
		}
		if fmt.Sprint(ports) != "[6000 6000 6100 6100]" {
			t.Errorf("%s: arrived from %v", p.name, ports)
		}
	}
}

func TestBoxCountsWhatItLoses(t *testing.T) {
	t.Parallel()
	lab := build(t, boxed(
		natlab.Alteration{Name: "longer", Change: natlab.RewriteCallID, Address: netip.MustParseAddr("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")}))
	p := paths(lab)[0]
	inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
	sent := "OPTIONS sip:x SIP/2.0\r\nCall-ID: 1\r\n\r\n" + strings.Repeat("x", 1430)
	if carry(t, outside, addrPort(p.toInside, 5060), inside, sent, gone) != "" {
		t.Error("a packet longer than the link carries passed")
	}
	if n, err := lab.BoxLost(); n != 1 || err != nil {
		t.Errorf("the box lost %d, %v", n, err)
	}
	if n, err := build(t, natlab.Topology{}).BoxLost(); n != 0 || err != nil {
		t.Errorf("no box lost %d, %v", n, err)
	}
	lab.Close()
	if _, err := lab.BoxLost(); err == nil {
		t.Error("a closed lab's box tells what it lost")
	}
}

func TestBadAlterations(t *testing.T) {
	t.Parallel()
	via := natlab.Alteration{Name: "it", Change: natlab.RewriteVia, Address: netip.MustParseAddr("192.0.2.1")}
	for want, all := range map[string][]natlab.Alteration{
		"empty or taken":       {via, via},
		"empty":                {{Change: natlab.DropPacket}},
		`change "explode"`:     {{Name: "it", Change: "explode"}},
		"needs Address":        {{Name: "it", Change: natlab.RewriteVia}},
		"needs By":             {{Name: "it", Change: natlab.RewriteSDPPort}},
		"needs Bytes":          {{Name: "it", Change: natlab.TruncateMessage}},
		"needs Delay":          {{Name: "it", Change: natlab.DelayPacket}},
		"no use for By":        {{Name: "it", Change: natlab.DropPacket, By: 1}},
		"no use for Port":      {{Name: "it", Change: natlab.DropPacket, Port: 1}},
		"no use for DSCP":      {{Name: "it", Change: natlab.SetDSCP, DSCP: 64}},
		"set Proto":            {{Name: "it", Change: natlab.MoveSourcePort, By: 1}},
		"whole datagrams":      {{Name: "it", Change: natlab.DropPacket, Method: "ACK", Proto: natlab.TCP}},
		"ports need":           {{Name: "it", Change: natlab.DropPacket, Ports: natlab.Port(1)}},
		"fragments have":       {{Name: "it", Change: natlab.DropPacket, Fragments: true, After: 1}},
		"there is nothing":     {{Name: "it", Change: natlab.DropPacket, Above: 100, Below: 100}},
		"every packet":         {{Name: "it", Change: natlab.DropPacket, Above: -1}},
		"is marked 64":         {{Name: "it", Change: natlab.DropPacket, Marked: 64}},
		"run backwards":        {{Name: "it", Change: natlab.DropPacket, Proto: natlab.UDP, Ports: natlab.Ports{From: 2, To: 1}}},
		`messages "both"`:      {{Name: "it", Change: natlab.DropPacket, Messages: "both"}},
		`direction "sideways"`: {{Name: "it", Change: natlab.DropPacket, Direction: "sideways"}},
	} {
		lab, err := natlab.Build(t.Context(), boxed(all...))
		if err == nil || !strings.Contains(err.Error(), want) || lab != nil {
			t.Errorf("%s: built, or %v", want, err)
		}
	}
	taken := boxed(via)
	taken.Rules = []natlab.Rule{{Name: "it"}}
	if _, err := natlab.Build(t.Context(), taken); err == nil {
		t.Error("a rule and an alteration share a name")
	}
}
