package natlab_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/natlab"
)

// helped makes a lab with the kernel's SIP helper, or skips the test with the reason.
func helped(t *testing.T, topology natlab.Topology) *natlab.Lab {
	t.Helper()
	build(t, natlab.Topology{}) // skips where nothing can be built
	if err := natlab.SIPHelperSupported(t.Context()); err != nil {
		t.Skip(err)
	}
	return build(t, topology)
}

// invite is an INVITE over UDP or TCP whose sender believes itself at own, and calls to.
func invite(proto string, own, to netip.AddrPort) string {
	family := "IP4"
	if own.Addr().Is6() {
		family = "IP6"
	}
	media := 10000
	if proto == "TCP" {
		media = 10002 // the helper drops a second offer of a port that it expects media to
	}
	sdp := fmt.Sprintf("v=0\r\no=- 1 1 IN %[1]s %[2]s\r\ns=-\r\nc=IN %[1]s %[2]s\r\nt=0 0\r\nm=audio %[3]d RTP/AVP 8\r\n", family, own.Addr(), media)
	return fmt.Sprintf("INVITE sip:pbx@%[2]s SIP/2.0\r\nVia: SIP/2.0/%[6]s %[1]s;branch=z9hG4bK-1;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:a@%[1]s>;tag=1\r\nTo: <sip:pbx@%[2]s>\r\nCall-ID: 1@%[3]s\r\nCSeq: 1 INVITE\r\nContact: <sip:a@%[1]s>\r\n"+
		"Content-Type: application/sdp\r\nContent-Length: %[4]d\r\n\r\n%[5]s", own, to, own.Addr(), len(sdp), sdp, proto)
}

// changed lists the lines that differ, as they were and as they arrived.
func changed(sent, arrived string) []string {
	was, is := strings.Split(sent, "\r\n"), strings.Split(arrived, "\r\n")
	var lines []string
	for i := range max(len(was), len(is)) {
		var a, b string
		if i < len(was) {
			a = was[i]
		}
		if i < len(is) {
			b = is[i]
		}
		if a != b {
			lines = append(lines, a+" -> "+b)
		}
	}
	return lines
}

// carry sends a text and returns what arrives, empty when nothing does in time.
func carry(t *testing.T, from *net.UDPConn, dst netip.AddrPort, to *net.UDPConn, text string, within time.Duration) string {
	t.Helper()
	if _, err := from.WriteToUDPAddrPort([]byte(text), dst); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	to.SetReadDeadline(time.Now().Add(within))
	n, _, err := to.ReadFromUDPAddrPort(buf)
	if ne, ok := err.(net.Error); err != nil && !(ok && ne.Timeout()) {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// stream sends a text over a new connection and returns what arrives.
func stream(t *testing.T, from *natlab.Host, local, dst netip.AddrPort, to *net.TCPListener, text string) string {
	t.Helper()
	c, err := from.DialTCP(t.Context(), local, dst)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	to.SetDeadline(time.Now().Add(soon))
	peer, err := to.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	go func() {
		io.WriteString(c, text) // what it could not write is missed below
		c.CloseWrite()
	}()
	peer.SetDeadline(time.Now().Add(soon))
	got, err := io.ReadAll(peer)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// helping is a topology whose routers run the helper.
func helping(t natlab.Topology, at ...natlab.Router) natlab.Topology {
	t.SIPHelper = at
	return t
}

var (
	// What the helper makes of an INVITE from the site.
	outwards = []string{
		"Via: SIP/2.0/PROTO 192.168.1.10:5060;branch=z9hG4bK-1;rport -> Via: SIP/2.0/PROTO 203.0.113.10:5060;branch=z9hG4bK-1;rport",
		"From: <sip:a@192.168.1.10:5060>;tag=1 -> From: <sip:a@203.0.113.10:5060>;tag=1",
		"Contact: <sip:a@192.168.1.10:5060> -> Contact: <sip:a@203.0.113.10:5060>",
		"o=- 1 1 IN IP4 192.168.1.10 -> o=- 1 1 IN IP4 203.0.113.10",
		"c=IN IP4 192.168.1.10 -> c=IN IP4 203.0.113.10",
	}
	// And of one to the site, through a forward.
	inwards = []string{
		"INVITE sip:pbx@203.0.113.10:5060 SIP/2.0 -> INVITE sip:pbx@192.168.1.10:5060 SIP/2.0",
		"To: <sip:pbx@203.0.113.10:5060> -> To: <sip:pbx@192.168.1.10:5060>",
	}
	// On the client's side, where the public address is longer than the private one.
	fromClient = []string{
		"Via: SIP/2.0/PROTO 10.0.0.20:5060;branch=z9hG4bK-1;rport -> Via: SIP/2.0/PROTO 198.51.100.20:5060;branch=z9hG4bK-1;rport",
		"From: <sip:a@10.0.0.20:5060>;tag=1 -> From: <sip:a@198.51.100.20:5060>;tag=1",
		"Contact: <sip:a@10.0.0.20:5060> -> Contact: <sip:a@198.51.100.20:5060>",
		"Content-Length: 88 -> Content-Length: 96",
		"o=- 1 1 IN IP4 10.0.0.20 -> o=- 1 1 IN IP4 198.51.100.20",
		"c=IN IP4 10.0.0.20 -> c=IN IP4 198.51.100.20",
	}
	toClient = []string{
		"INVITE sip:pbx@198.51.100.20:5060 SIP/2.0 -> INVITE sip:pbx@10.0.0.20:5060 SIP/2.0",
		"To: <sip:pbx@198.51.100.20:5060> -> To: <sip:pbx@10.0.0.20:5060>",
	}
)

// over fills in the transport. Over TCP it is the port that the sender dials from.
func over(proto string, lines []string) []string {
	fill := strings.NewReplacer("PROTO", proto)
	if proto == "TCP" {
		fill = strings.NewReplacer("PROTO", proto, "10.0.0.20:5060", "10.0.0.20:5065",
			"192.168.1.10:5060;", "192.168.1.10:5065;", "a@192.168.1.10:5060", "a@192.168.1.10:5065",
			"203.0.113.10:5060;", "203.0.113.10:5065;", "a@203.0.113.10:5060", "a@203.0.113.10:5065",
			"198.51.100.20:5060;", "198.51.100.20:5065;", "a@198.51.100.20:5060", "a@198.51.100.20:5065")
	}
	var all []string
	for _, l := range lines {
		all = append(all, fill.Replace(l))
	}
	return all
}

// The kernel's helper rewrites both ways, over UDP and TCP, and without it nothing changes.
func TestSIPHelperRewrites(t *testing.T) {
	t.Parallel()
	client := both()
	client.ClientNAT = true
	for _, tt := range []struct {
		name     string
		topology natlab.Topology
		v6       bool
		out, in  []string
	}{
		{"off", both(), false, nil, nil},
		{"off at the client", client, false, nil, nil},
		{"site", helping(both(), natlab.SiteRouter), false, outwards, inwards},
		{"site over IPv6", helping(both(), natlab.SiteRouter), true, nil, nil},
		{"client", helping(client, natlab.ClientRouter), false, toClient, fromClient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lab := helped(t, tt.topology)
			a := lab.Addresses
			own, far, peer, dial := addrPort(a.Inside, 5060), addrPort(a.Outside, 5060), addrPort(a.OutsidePublic, 5060), addrPort(a.SiteWAN, 5060)
			if tt.v6 {
				own, far, peer, dial = addrPort(a.Inside6, 5060), addrPort(a.Outside6, 5060), addrPort(a.Outside6, 5060), addrPort(a.Inside6, 5060)
			}
			inside, outside := udp(t, lab.Inside, own.Addr(), 5060), udp(t, lab.Outside, far.Addr(), 5060)
			sent := invite("UDP", far, dial)
			same(t, "inbound over UDP", over("UDP", tt.in), changed(sent, carry(t, outside, dial, inside, sent, soon)))
			sent = invite("UDP", own, peer)
			same(t, "outbound over UDP", over("UDP", tt.out), changed(sent, carry(t, inside, peer, outside, sent, soon)))
			listener := tcpListener(t, lab.Inside, own.Addr(), 5060)
			far = addrPort(far.Addr(), 5065)
			sent = invite("TCP", far, dial)
			same(t, "inbound over TCP", over("TCP", tt.in), changed(sent, stream(t, lab.Outside, far, dial, listener, sent)))
			listener.Close()
			if tt.topology.ClientNAT {
				return // which forwards nothing
			}
			listener = tcpListener(t, lab.Outside, far.Addr(), 5060)
			own = addrPort(own.Addr(), 5065)
			sent = invite("TCP", own, peer)
			same(t, "outbound over TCP", over("TCP", tt.out), changed(sent, stream(t, lab.Inside, own, peer, listener, sent)))
		})
	}
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got): %s", what, d)
	}
}
