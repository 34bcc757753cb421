package sipdiff_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/sipprobe/sipdiff"
)

func lines(l ...string) string { return strings.Join(l, "\r\n") }

// invite is a request as bothways sends it.
func invite() string {
	sdp := lines("v=0", "o=bothways 1 1 IN IP4 192.168.1.10", "s=bothways", "c=IN IP4 192.168.1.10", "t=0 0",
		"m=audio 12000 RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000", "a=rtcp:12001 IN IP4 192.168.1.10",
		"a=candidate:1 1 UDP 2130706431 192.168.1.10 12000 typ host", "a=sendrecv", "")
	return lines("INVITE sip:bob@203.0.113.10:5060;user=phone SIP/2.0",
		"Via: SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bKa.i1;rport",
		"Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb",
		"Route: <sip:203.0.113.9;lr>",
		"Max-Forwards: 70",
		"From: \"Alice A\" <sip:alice@192.168.1.10>;tag=f1",
		"To: <sip:bob@203.0.113.10>",
		"Call-ID: a84b4c76e66710",
		"CSeq: 1 INVITE",
		"Contact: <sip:alice@192.168.1.10:5060;transport=udp>;expires=60",
		"User-Agent: bothways",
		"Content-Type: application/sdp",
		"Content-Length: 240",
		"", sdp)
}

func change(field string, kind sipdiff.Kind, before, after string) sipdiff.Change {
	return sipdiff.Change{Field: field, Kind: kind, Before: before, After: after}
}

func swap(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

// edits are what a box may do to the message, and how that is named.
var edits = []struct {
	name string
	edit func(string) string
	want []sipdiff.Change
}{
	{"method", swap("INVITE sip", "INVIDE sip"), []sipdiff.Change{change("method", sipdiff.Changed, "INVITE", "INVIDE")}},
	{"request host", swap("bob@203.0.113.10:5060", "bob@192.168.1.10:5060"), []sipdiff.Change{change("Request-URI host", sipdiff.Changed, "203.0.113.10", "192.168.1.10")}},
	{"request port gone", swap("203.0.113.10:5060;", "203.0.113.10;"), []sipdiff.Change{change("Request-URI port", sipdiff.Removed, "5060", "")}},
	{"request parameter", swap(";user=phone ", ";user=ip "), []sipdiff.Change{change("Request-URI param user", sipdiff.Changed, "phone", "ip")}},
	{"version", swap("SIP/2.0\r\n", "SIP/2.1\r\n"), []sipdiff.Change{change("request version", sipdiff.Changed, "SIP/2.0", "SIP/2.1")}},
	{"via host", swap("UDP 192.168.1.10:5060", "UDP 203.0.113.10:5060"), []sipdiff.Change{change("Via[0] host", sipdiff.Changed, "192.168.1.10", "203.0.113.10")}},
	{"via port", swap("UDP 192.168.1.10:5060", "UDP 192.168.1.10:61000"), []sipdiff.Change{change("Via[0] port", sipdiff.Changed, "5060", "61000")}},
	{"via transport", swap("SIP/2.0/UDP 192", "SIP/2.0/TCP 192"), []sipdiff.Change{change("Via[0] transport", sipdiff.Changed, "UDP", "TCP")}},
	{"branch", swap("z9hG4bKa.i1", "z9hG4bKother"), []sipdiff.Change{change("Via[0] branch", sipdiff.Changed, "z9hG4bKa.i1", "z9hG4bKother")}},
	{"rport gone", swap(";rport", ""), []sipdiff.Change{change("Via[0] rport", sipdiff.Removed, "", "")}},
	{"second via", swap("UDP 10.0.0.1;", "UDP 10.0.0.2;"), []sipdiff.Change{change("Via[1] host", sipdiff.Changed, "10.0.0.1", "10.0.0.2")}},
	{"second via gone", swap("Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb\r\n", ""), []sipdiff.Change{change("Via[1]", sipdiff.Removed, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb", "")}},
	{"route", swap("203.0.113.9;lr", "203.0.113.8;lr"), []sipdiff.Change{change("Route[0] uri host", sipdiff.Changed, "203.0.113.9", "203.0.113.8")}},
	{"max-forwards alone", swap("Forwards: 70", "Forwards: 69"), []sipdiff.Change{change("Max-Forwards", sipdiff.Changed, "70", "69")}},
	{"from host and tag", func(s string) string {
		return swap("tag=f1", "tag=f2")(swap("alice@192.168.1.10>;t", "alice@203.0.113.10>;t")(s))
	},
		[]sipdiff.Change{change("From uri host", sipdiff.Changed, "192.168.1.10", "203.0.113.10"), change("From tag", sipdiff.Changed, "f1", "f2")}},
	{"display name", swap("Alice A", "Alice B"), []sipdiff.Change{change("From display name", sipdiff.Changed, `"Alice A"`, `"Alice B"`)}},
	{"to user", swap("To: <sip:bob@", "To: <sip:rob@"), []sipdiff.Change{change("To uri user", sipdiff.Changed, "bob", "rob")}},
	{"call-id", swap("a84b4c76e66710", "a84b4c76e66710@203.0.113.10"), []sipdiff.Change{change("Call-ID", sipdiff.Changed, "a84b4c76e66710", "a84b4c76e66710@203.0.113.10")}},
	{"call-id case", swap("a84b4c76e66710", "A84B4C76E66710"), []sipdiff.Change{change("Call-ID", sipdiff.Changed, "a84b4c76e66710", "A84B4C76E66710")}},
	{"cseq", swap("CSeq: 1 INVITE", "CSeq: 2 INVITE"), []sipdiff.Change{change("CSeq number", sipdiff.Changed, "1", "2")}},
	{"contact", swap("192.168.1.10:5060;transport=udp", "203.0.113.10:1024;transport=tcp"), []sipdiff.Change{
		change("Contact uri host", sipdiff.Changed, "192.168.1.10", "203.0.113.10"), change("Contact uri port", sipdiff.Changed, "5060", "1024"),
		change("Contact uri transport", sipdiff.Changed, "udp", "tcp")}},
	{"contact parameter", swap(";expires=60", ";expires=30;x"), []sipdiff.Change{
		change("Contact expires", sipdiff.Changed, "60", "30"), change("Contact x", sipdiff.Added, "", "")}},
	{"second contact", swap(";expires=60", ";expires=60, <sip:alice@10.9.9.9>"), []sipdiff.Change{change("Contact[1]", sipdiff.Added, "", "<sip:alice@10.9.9.9>")}},
	{"header added", swap("User-Agent", "X-Box: seen\r\nUser-Agent"), []sipdiff.Change{change("X-Box", sipdiff.Added, "", "seen")}},
	{"header removed", swap("User-Agent: bothways\r\n", ""), []sipdiff.Change{change("User-Agent", sipdiff.Removed, "bothways", "")}},
	{"content-length", swap("Length: 240", "Length: 238"), []sipdiff.Change{
		change("Content-Length", sipdiff.Changed, "240", "238"), change("body beyond Content-Length", sipdiff.Changed, "0 bytes", "2 bytes")}},
	{"content-length too large", swap("Length: 240", "Length: 268"), []sipdiff.Change{
		change("Content-Length", sipdiff.Changed, "240", "268"), change("body short of Content-Length", sipdiff.Changed, "0 bytes", "28 bytes")}},
	{"sdp origin", swap("IN IP4 192.168.1.10\r\ns=", "IN IP4 203.0.113.10\r\ns="), []sipdiff.Change{
		change("SDP session o= address", sipdiff.Changed, "192.168.1.10", "203.0.113.10")}},
	{"sdp connection, and the length mended", func(s string) string {
		return swap("Length: 240", "Length: 236")(swap("c=IN IP4 192.168.1.10", "c=IN IP4 203.0.11")(s))
	}, []sipdiff.Change{
		change("Content-Length", sipdiff.Changed, "240", "236"),
		change("SDP session c= address", sipdiff.Changed, "192.168.1.10", "203.0.11")}},
	{"sdp port", swap("audio 12000", "audio 40404"), []sipdiff.Change{change("SDP media[0] m= port", sipdiff.Changed, "12000", "40404")}},
	{"sdp formats", swap("RTP/AVP 0 101", "RTP/AVP 0 102"), []sipdiff.Change{change("SDP media[0] m= formats", sipdiff.Changed, "0 101", "0 102")}},
	{"sdp rtcp", swap("a=rtcp:12001 IN IP4 192.168.1.10", "a=rtcp:40405 IN IP4 192.168.1.10"), []sipdiff.Change{change("SDP media[0] a=rtcp port", sipdiff.Changed, "12001", "40405")}},
	{"sdp candidate", swap("192.168.1.10 12000 typ", "203.0.113.1 12000 typ"), []sipdiff.Change{
		change("body length", sipdiff.Changed, "240 bytes", "239 bytes"), change("body short of Content-Length", sipdiff.Changed, "0 bytes", "1 byte"),
		change("SDP media[0] a=candidate address", sipdiff.Changed, "192.168.1.10", "203.0.113.1")}},
	{"sdp attribute", swap("a=sendrecv", "a=sendonly"), []sipdiff.Change{
		change("SDP media[0] a=sendrecv", sipdiff.Removed, "", ""), change("SDP media[0] a=sendonly", sipdiff.Added, "", "")}},
	{"truncated", func(s string) string { return s[:512] }, []sipdiff.Change{change("message length", sipdiff.Truncated, "703 bytes", "512 bytes")}},

	{"compact name", swap("Call-ID:", "i:"), []sipdiff.Change{change("name of Call-ID", sipdiff.Formatting, "Call-ID: ", "i: ")}},
	{"name in another case", swap("Contact:", "CONTACT:"), []sipdiff.Change{change("name of Contact", sipdiff.Formatting, "Contact: ", "CONTACT: ")}},
	{"spaces", swap("CSeq: 1 INVITE", "CSeq: 1  INVITE"), []sipdiff.Change{change("CSeq", sipdiff.Formatting, "1 INVITE", "1  INVITE")}},
	{"folding", swap(";rport", "\r\n ;rport"), []sipdiff.Change{change("Via[0]", sipdiff.Formatting, "SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bKa.i1;rport", `SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bKa.i1\r\n ;rport`)}},
	{"escapes", swap("sip:bob@203.0.113.10:5060", "sip:%62ob@203.0.113.10:05060"), []sipdiff.Change{change("start line", sipdiff.Formatting,
		"INVITE sip:bob@203.0.113.10:5060;user=phone SIP/2.0", "INVITE sip:%62ob@203.0.113.10:05060;user=phone SIP/2.0")}},
	{"joined", swap("\r\nVia: SIP/2.0/UDP 10", ", SIP/2.0/UDP 10"), []sipdiff.Change{change("lines of Via[0]", sipdiff.Formatting, "2", "1")}},
	{"order", func(s string) string {
		return swap("Call-ID: ", "CSeq: 1 INVITE\r\nCall-ID: ")(swap("CSeq: 1 INVITE\r\n", "")(s))
	},
		[]sipdiff.Change{change("order of headers", sipdiff.Formatting, "Call-ID, CSeq", "CSeq, Call-ID")}},
	{"line end", swap("User-Agent: bothways\r\n", "User-Agent: bothways\n"), []sipdiff.Change{change("line end of User-Agent", sipdiff.Formatting, `\r\n`, `\n`)}},
	{"sdp line end", swap("s=bothways\r\n", "s=bothways\n"), []sipdiff.Change{change("body length", sipdiff.Changed, "240 bytes", "239 bytes"),
		change("body short of Content-Length", sipdiff.Changed, "0 bytes", "1 byte"), change("line end of SDP session s=", sipdiff.Formatting, `\r\n`, `\n`)}},
}

func TestCompareNamesTheField(t *testing.T) {
	for _, tt := range edits {
		t.Run(tt.name, func(t *testing.T) {
			sent := invite()
			arrived := tt.edit(sent)
			if arrived == sent {
				t.Fatal("the edit does nothing")
			}
			if diff := cmp.Diff(tt.want, sipdiff.Compare([]byte(sent), []byte(arrived))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheMessageIsWhatItSays(t *testing.T) {
	m := sipdiff.Parse([]byte(invite()))
	if m.Body.Declared != len(m.Body.Raw) {
		t.Errorf("Content-Length %d, body of %d", m.Body.Declared, len(m.Body.Raw))
	}
}
