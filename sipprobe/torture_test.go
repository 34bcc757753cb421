package sipprobe_test

import "strings"

// torture are messages in the spirit of RFC 4475: what a parser meets that it did
// not expect. They seed the fuzzers.
func torture() []string {
	ok := request("OPTIONS", "ok")
	seeds := []string{
		ok,
		request("INVITE", "inv", "Content-Type: application/sdp", "body="+lines("v=0", "c=IN IP4 192.0.2.3", "m=audio 4000 RTP/AVP 0", "")),
		request("MESSAGE", "msg", "Content-Type: text/plain", "body=\x00\xff\r\n\r\nSIP/2.0 200 OK"),
		// Wild whitespace, folding, compact names, and case (3.1.1.1).
		lines("OPTIONS sip:x@192.0.2.1 SIP/2.0", "TO :", " sip:x@192.0.2.1 ;   tag    = 1", "from   : \"a \\\"q\\\" b\"  <sip:a@x>", "  ;", "  tag = 98",
			"MaX-fOrWaRdS: 0068", "i: wsinv.x@192.0.2.2", "l:0", "cseq: 0009", "  OPTIONS",
			"v  : SIP  / 2.0  / UDP", "    192.0.2.2 : 5060 ; branch = z9hG4bKwild ; rport", "s : ", "NewFangled:   x", " y", "", ""),
		// Unusual characters, escapes, and an embedded zero (3.1.1.2, 3.1.1.3).
		strings.Replace(ok, "sip:x@192.0.2.1 SIP", "sip:%00%6aoe%40x;p=%2f@192.0.2.1?h=%0d%0a SIP", 1),
		strings.Replace(ok, "OPTIONS", "!interesting-Method0123456789_*+`.%indeed'~", 2),
		strings.Replace(ok, "tag=f", "tag=f\x00\xc3\x28", 1),
		// More than one message in a datagram, extra bytes (3.1.1.8).
		ok + ok, ok + "extra",
		// Missing, repeated, and contradicting fields (3.1.2, 3.3).
		without(ok, "Via"), without(ok, "CSeq"), without(ok, "Call-ID"), without(ok, "From"), without(ok, "To"), without(ok, "Content-Length"),
		strings.Replace(ok, "Max-Forwards", "Call-ID: two\r\nMax-Forwards", 1),
		strings.Replace(ok, "CSeq: 1 OPTIONS", "CSeq: 36893488147419103232 INVITE", 1),
		strings.Replace(ok, "Content-Length: 0", "Content-Length: -999", 1),
		strings.Replace(ok, "Content-Length: 0", "Content-Length: 9999", 1),
		strings.Replace(ok, "Content-Length: 0", "Content-Length: 0\r\nl: 5", 1),
		strings.Replace(ok, "SIP/2.0\r\n", "SIP/7.0\r\n", 1),
		strings.Replace(ok, "SIP/2.0/UDP", "SIP/2.0/UNKNOWN", 1),
		strings.Replace(ok, "10.0.0.1:5060", "[2001:db8::1]:99999", 1),
		strings.Replace(ok, "10.0.0.1:5060", "[2001:db8::1", 1),
		strings.Replace(ok, "To: <sip:x@192.0.2.1>", "To: \"unfinished <sip:x@192.0.2.1>", 1),
		strings.Replace(ok, "sip:x@192.0.2.1 SIP", "<sip:x@192.0.2.1> SIP", 1),
		strings.Replace(ok, "sip:x@192.0.2.1 SIP", "* SIP", 1),
		strings.ReplaceAll(ok, "\r\n", "\n"),
		strings.Replace(ok, "Contact: ", "Contact: *;q=2, <sip:[::>;expires=x,", 1),
		request("OPTIONS", "auth", `Authorization: Digest username="\"",realm=,nonce="AAAAAAAAAAAAAAAAAAAAAAAA",uri=sip:bothways,nc=zz,qop=auth`),
		request("OPTIONS", "auth2", `Authorization: Digest `+strings.Repeat(`a="b",`, 50)),
		request("ACK", "ack"), request("CANCEL", "can"), request("BYE", "bye"),
		// Responses to nothing, with odd status lines (3.1.2.19, 3.3.10).
		lines("SIP/2.0 200 OK", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx", "From: <sip:a>;tag=1", "To: <sip:b>;tag=2", "Call-ID: 1", "CSeq: 1 INVITE", "", ""),
		"SIP/2.0 4294967301 better not break the receiver\r\n\r\n", "SIP/2.0 100\r\n\r\n", "SIP/2.0 \r\n\r\n",
		// Something else altogether.
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "\r\n\r\n", "\r\n", "\r", "\x00\x00", "",
		strings.Repeat("A", 5000), "OPTIONS sip:x SIP/2.0\r\n" + strings.Repeat("Via: SIP/2.0/UDP x;branch=z9hG4bK1\r\n", 200) + "\r\n",
	}
	for cut := 1; cut < len(ok); cut += 17 {
		seeds = append(seeds, ok[:cut])
	}
	return seeds
}

// without leaves a header field out.
func without(message, name string) string {
	var out []string
	for l := range strings.SplitSeq(message, "\r\n") {
		if !strings.HasPrefix(l, name+":") {
			out = append(out, l)
		}
	}
	return lines(out...)
}
