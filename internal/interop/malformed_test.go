package interop_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bothways/internal/responder"
	"bothways/sipprobe"
)

// proper is a request with nothing wrong.
const proper = "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKproper;rport\r\n" +
	"Max-Forwards: 70\r\n" +
	"From: <sip:a@127.0.0.1>;tag=1\r\n" +
	"To: <sip:x@127.0.0.1>\r\n" +
	"Call-ID: proper\r\n" +
	"CSeq: 1 OPTIONS\r\n" +
	"Contact: <sip:a@127.0.0.1>\r\n" +
	"Content-Length: 0\r\n\r\n"

// malformed are messages in the spirit of RFC 4475: torture, lies about length,
// missing and repeated headers, and no SIP at all.
func malformed() map[string]string {
	with := func(old, changed string) string { return strings.Replace(proper, old, changed, 1) }
	all := map[string]string{
		"short tortuous": "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\nTO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n" +
			"from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\nMaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\n" +
			"l: 0\r\ncseq: 0009\r\n  INVITE\r\nVia  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n\r\n",
		"no headers":              "OPTIONS sip:x SIP/2.0\r\n\r\n",
		"no via":                  with("Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKproper;rport\r\n", ""),
		"via without host":        with("127.0.0.1:5060;branch", ";branch"),
		"via port out of range":   with("127.0.0.1:5060;branch", "127.0.0.1:99999999;branch"),
		"no branch":               with(";branch=z9hG4bKproper", ""),
		"empty branch":            with("branch=z9hG4bKproper", "branch="),
		"no call-id":              with("Call-ID: proper\r\n", ""),
		"no cseq":                 with("CSeq: 1 OPTIONS\r\n", ""),
		"cseq overflow":           with("CSeq: 1", "CSeq: 99999999999999999999"),
		"cseq of another method":  with("1 OPTIONS", "1 INVITE"),
		"cseq of nothing":         with("CSeq: 1 OPTIONS", "CSeq:"),
		"two call-ids":            with("Call-ID: proper\r\n", "Call-ID: proper\r\nCall-ID: other\r\n"),
		"from unclosed":           with("<sip:a@127.0.0.1>;tag=1", "<sip:a@127.0.0.1;tag=1"),
		"to unclosed quote":       with("To: <sip:x@127.0.0.1>", "To: \"Watson, come here <sip:x@127.0.0.1>"),
		"negative length":         with("Content-Length: 0", "Content-Length: -1"),
		"length of a lie":         with("Content-Length: 0", "Content-Length: 9999"),
		"length too large":        with("Content-Length: 0", "Content-Length: 99999999999999"),
		"length of letters":       with("Content-Length: 0", "Content-Length: x"),
		"two lengths":             with("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 5"),
		"unknown version":         with("SIP/2.0\r\n", "SIP/7.0\r\n"),
		"unknown method":          strings.ReplaceAll(proper, "OPTIONS", "NEWMETHOD"),
		"unknown scheme":          with("sip:x@127.0.0.1 ", "nobodyKnowsThisScheme:totallyopaquecontent "),
		"uri with headers":        with("sip:x@127.0.0.1 ", "sip:x@127.0.0.1?Route=%3Csip:127.0.0.2%3E "),
		"spaces in the uri":       with("sip:x@127.0.0.1 ", "sip:x@127.0.0.1; lr "),
		"escaped null":            with("sip:x@127.0.0.1 ", "sip:null-%00-null@127.0.0.1 "),
		"a null":                  with("Call-ID: proper", "Call-ID: pro\x00per"),
		"not utf-8":               with("Call-ID: proper", "Call-ID: \xff\xfe\x80"),
		"bare line feeds":         strings.ReplaceAll(proper, "\r\n", "\n"),
		"header without colon":    with("Contact: <", "Contact <"),
		"folded forever":          with("Contact:", "X: a"+strings.Repeat("\r\n ", 2000)+"\r\nContact:"),
		"a thousand vias":         with("Max-Forwards", strings.Repeat("Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\n", 500)+"Max-Forwards"),
		"a long header":           with("Call-ID: proper", "Call-ID: "+strings.Repeat("a", 30_000)),
		"bad authorization":       with("Contact:", "Authorization: Digest username=\"\r\nContact:"),
		"authorization of others": with("Contact:", "Authorization: Digest username=\"x\",realm=\"bothways\",nonce=\"AAAA\",uri=\"sip:bothways\",response=\"00\",algorithm=SHA-256,qop=auth,nc=zzzzzzzz,cnonce=\"\"\r\nContact:"),
		"response to nobody":      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		"status of letters":       "SIP/2.0 abc OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n\r\n",
		"ack of nothing":          strings.ReplaceAll(proper, "OPTIONS", "ACK"),
		"cancel of nothing":       strings.ReplaceAll(proper, "OPTIONS", "CANCEL"),
		"bye of nothing":          strings.ReplaceAll(proper, "OPTIONS", "BYE"),
		"keep-alives":             "\r\n\r\n\r\n\r\n\r\n",
		"http":                    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"tls hello":               "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 200),
		"nothing":                 "",
	}
	for n := 1; n < len(proper); n += 23 {
		all[fmt.Sprintf("cut at %d", n)] = proper[:n]
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 64 {
		b := []byte(proper)
		for range 1 + random.IntN(12) {
			b[random.IntN(len(b))] = byte(random.Uint32())
		}
		all[fmt.Sprintf("garbled %d", i)] = string(b)
	}
	return all
}

// TestMalformedSIPEndsNothing throws everything at a responder that answers anyone,
// which lets most of it in, and at one that does not.
func TestMalformedSIPEndsNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*responder.Config){"guarded": nil, "open": answerAnyone} {
		for _, transport := range sipprobe.Transports() {
			t.Run(name+" "+string(transport), func(t *testing.T) {
				t.Parallel()
				r := start(t, change)
				for _, message := range malformed() {
					throw(t, r, transport, message)
				}
				for _, after := range sipprobe.Transports() {
					paired(t, r, after, nil)
				}
			})
		}
	}
}

// throw sends a message; over a stream each has a connection of its own.
func throw(t *testing.T, r *responder.Responder, transport sipprobe.Transport, message string) {
	t.Helper()
	if transport == sipprobe.UDP {
		c := packetConn(t, loopback)
		defer c.Close()
		c.WriteToUDPAddrPort([]byte(message), addressOf(r, transport))
		return
	}
	c := dialled(t, r, transport)
	defer c.Close()
	c.Write([]byte(message))
}
