package natlab

import (
	"bytes"
	"net/netip"
	"regexp"
	"strconv"
)

// The places in a SIP message that a box rewrites (RFC 3261 sections 7.3.3 and 20,
// RFC 4566): what stands before, the value, and what may follow it. Headers may have
// their compact names; they are not folded.
var (
	viaHost       = regexp.MustCompile(`(?i)(\r\n(?:via|v)[ \t]*:[ \t]*sip[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*[a-z]+[ \t]+)(\[[^\]\r\n]*\]|[^][:;, \t\r\n]+)(:[0-9]+)?`)
	contactHost   = regexp.MustCompile(`(?i)(\r\n(?:contact|m)[ \t]*:[^\r\n]*?sips?:(?:[^@>\r\n]*@)?)(\[[^\]\r\n]*\]|[^][:;,>? \t\r\n]+)(:[0-9]+)?`)
	callIDHost    = regexp.MustCompile(`(?i)(\r\n(?:call-id|i)[ \t]*:[ \t]*[^@\r\n]*)(@[^\r\n]*)?`)
	contentLength = regexp.MustCompile(`(?i)(\r\n(?:content-length|l)[ \t]*:[ \t]*)([0-9]+)`)
	contentSDP    = regexp.MustCompile(`(?i)\r\n(?:content-type|c)[ \t]*:[ \t]*application/sdp\b`)
	toTag         = regexp.MustCompile(`(?i)\r\n(?:to|t)[ \t]*:[^\r\n]*;[ \t]*tag[ \t]*=`)
	cseqMethod    = regexp.MustCompile(`(?i)\r\ncseq[ \t]*:[ \t]*[0-9]+[ \t]+([^ \t\r\n]+)`)
	sdpConnection = regexp.MustCompile(`(?m)(^c=IN )(IP[46] [^\r\n]+)`)
	sdpMediaPort  = regexp.MustCompile(`(?m)(^m=[a-z]+ )([0-9]+)`)
)

// A sipText is a SIP message, cut after the empty line.
type sipText struct{ head, body []byte }

// readSIP takes a datagram for a SIP message if it begins and is cut like one.
func readSIP(data []byte) (sipText, bool) {
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		return sipText{}, false
	}
	line, _, _ := bytes.Cut(data, []byte("\r\n"))
	if !bytes.HasPrefix(line, []byte("SIP/2.0 ")) && !bytes.HasSuffix(line, []byte(" SIP/2.0")) {
		return sipText{}, false
	}
	return sipText{head: data[:end+4], body: data[end+4:]}, true
}

func (m sipText) isResponse() bool { return bytes.HasPrefix(m.head, []byte("SIP/2.0 ")) }

func (m sipText) inDialog() bool { return !m.isResponse() && toTag.Match(m.head) }

func (m sipText) hasSDP() bool { return len(m.body) > 0 && contentSDP.Match(m.head) }

// method is that of the request, also in a response.
func (m sipText) method() string {
	if found := cseqMethod.FindSubmatch(m.head); found != nil {
		return string(found[1])
	}
	return ""
}

// bytes is the message put together again.
func (m sipText) bytes() []byte { return append(bytes.Clone(m.head), m.body...) }

// alter returns the message with the change made; where there is nothing to change
// it comes back as it was.
func (m sipText) alter(a Alteration) []byte {
	switch a.Change {
	case RewriteVia:
		m.head = putHost(m.head, viaHost, a)
	case RewriteContact:
		m.head = putHost(m.head, contactHost, a)
	case RewriteCallID:
		m.head = putFirst(m.head, callIDHost, func([]string) string { return "@" + a.Address.String() })
	case RewriteContentLength:
		m.head = putFirst(m.head, contentLength, func(was []string) string { return plus(was[2], a.By, 1<<31-1) })
	case RewriteSDPAddress:
		m = m.putSDP(sdpConnection, func([]string) string { return sdpAddress(a.Address) })
	case RewriteSDPPort:
		m = m.putSDP(sdpMediaPort, func(was []string) string { return plus(was[2], a.By, 65535) })
	case TruncateMessage:
		whole := m.bytes()
		return whole[:min(a.Bytes, len(whole))]
	}
	return m.bytes()
}

// putSDP replaces in each matching line of the SDP what the place's second group is,
// and keeps the Content-Length right.
func (m sipText) putSDP(place *regexp.Regexp, value func(was []string) string) sipText {
	if !m.hasSDP() {
		return m
	}
	before := len(m.body)
	m.body = put(m.body, place, -1, value)
	if by := len(m.body) - before; by != 0 {
		m.head = putFirst(m.head, contentLength, func(was []string) string { return plus(was[2], by, 1<<31-1) })
	}
	return m
}

// putHost replaces host and port at the first place.
func putHost(head []byte, place *regexp.Regexp, a Alteration) []byte {
	host := a.Address.String()
	if a.Address.Is6() {
		host = "[" + host + "]"
	}
	// The port stands in the third group, which stays unless it is replaced.
	head = putFirst(head, place, func([]string) string { return host })
	if a.Port == 0 {
		return head
	}
	found := place.FindSubmatchIndex(head)
	if found == nil {
		return head
	}
	port := ":" + strconv.Itoa(int(a.Port))
	return bytes.Join([][]byte{head[:found[5]], []byte(port), head[found[1]:]}, nil)
}

func putFirst(text []byte, place *regexp.Regexp, value func(was []string) string) []byte {
	return put(text, place, 1, value)
}

// put replaces the second group of the first n places, of all for -1.
func put(text []byte, place *regexp.Regexp, n int, value func(was []string) string) []byte {
	var out []byte
	from := 0
	for _, at := range place.FindAllSubmatchIndex(text, n) {
		was := make([]string, len(at)/2)
		for g := range was {
			if at[2*g] >= 0 {
				was[g] = string(text[at[2*g]:at[2*g+1]])
			}
		}
		begin, end := at[4], at[5]
		if begin < 0 { // the group is absent, and stands after the first
			begin, end = at[3], at[3]
		}
		out = append(append(out, text[from:begin]...), value(was)...)
		from = end
	}
	return append(out, text[from:]...)
}

// plus adds to a number, within 0 and limit.
func plus(was string, by, limit int) string {
	n, err := strconv.Atoi(was)
	if err != nil {
		return was
	}
	return strconv.Itoa(min(max(n+by, 0), limit))
}

// sdpAddress is the address as "c=" has it, after the network type.
func sdpAddress(a netip.Addr) string {
	if a.Is6() {
		return "IP6 " + a.String()
	}
	return "IP4 " + a.String()
}
