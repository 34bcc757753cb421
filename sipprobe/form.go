package sipprobe

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
)

// A Form is one way to write a SIP request. Middleboxes that meddle with SIP do so by
// what they recognise, so that each form is shown to the path on its own.
type Form struct {
	// Name is made of lower-case words joined by hyphens.
	Name   string
	Method string
	// Private names the sender's private address in Via, Contact and SDP, as a host
	// behind a NAT does that does not know its public one.
	Private bool
	// NoRport leaves rport out of Via (RFC 3581).
	NoRport bool
	// Compact uses the one-letter header names of RFC 3261 section 7.3.3.
	Compact bool
	// Body is the kind of body.
	Body FormBody
}

// A FormBody is the kind of body of a form.
type FormBody string

// The bodies of forms.
const (
	NoBody FormBody = ""
	// SDPBody offers one audio stream, with the port of RTCP named (RFC 3605).
	SDPBody FormBody = "sdp"
	// MultipartBody has the offer as the first of two parts (RFC 5621).
	MultipartBody FormBody = "multipart"
	// IPv6Body offers a stream at an IPv6 literal, which Contact names as well.
	IPv6Body FormBody = "ipv6"
)

// Forms lists the forms that middleboxes are known to react to.
func Forms() []Form {
	return []Form{
		{Name: "options", Method: "OPTIONS"},
		{Name: "options-private", Method: "OPTIONS", Private: true},
		{Name: "options-no-rport", Method: "OPTIONS", NoRport: true},
		{Name: "options-compact", Method: "OPTIONS", Compact: true},
		{Name: "register-private", Method: "REGISTER", Private: true},
		{Name: "invite-no-sdp", Method: "INVITE"},
		{Name: "invite-sdp", Method: "INVITE", Body: SDPBody},
		{Name: "invite-private", Method: "INVITE", Private: true, Body: SDPBody},
		{Name: "invite-no-rport", Method: "INVITE", NoRport: true, Body: SDPBody},
		{Name: "invite-compact", Method: "INVITE", Private: true, Compact: true, Body: SDPBody},
		{Name: "invite-multipart", Method: "INVITE", Private: true, Body: MultipartBody},
		{Name: "invite-ipv6", Method: "INVITE", Body: IPv6Body},
	}
}

// A formText is a form with all that its text depends on.
type formText struct {
	Form
	transport Transport
	uri       string
	public    netip.AddrPort // how the far end reaches the sender
	private   netip.AddrPort
	token     string
	software  string
}

// formMedia is the port that forms offer for media; nothing listens there.
const formMedia = 40000

// exampleIPv6 is an address of the documentation prefix (RFC 3849).
var exampleIPv6 = netip.MustParseAddr("2001:db8:5060::10")

func (f formText) branch() string { return "z9hG4bK" + f.token }

// here is the address that the form gives for its sender.
func (f formText) here() netip.AddrPort {
	if f.Private && f.private.IsValid() {
		return f.private
	}
	return f.public
}

// bytes is the request as it stands on the wire.
func (f formText) bytes() []byte {
	body, kind := f.body()
	rport := ";rport"
	if f.NoRport {
		rport = ""
	}
	contact := f.here()
	if f.Body == IPv6Body {
		contact = netip.AddrPortFrom(exampleIPv6, contact.Port())
	}
	var b bytes.Buffer
	field := func(name, compact, format string, args ...any) {
		if f.Compact && compact != "" {
			name = compact
		}
		fmt.Fprintf(&b, name+": "+format+"\r\n", args...)
	}
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", f.Method, f.uri)
	field("Via", "v", "SIP/2.0/%s %s;branch=%s%s", f.transport, hostPort(f.here()), f.branch(), rport)
	field("Max-Forwards", "", "70")
	field("From", "f", "<sip:bothways@%s>;tag=%s", hostPort(f.here()), f.token)
	field("To", "t", "<%s>", f.uri)
	field("Call-ID", "i", "%s", f.token)
	field("CSeq", "", "1 %s", f.Method)
	field("Contact", "m", "<sip:bothways@%s>", hostPort(contact))
	field("User-Agent", "", "%s", f.software)
	field("Allow", "", "%s", allowed)
	field("Supported", "k", "replaces, timer")
	field("Accept", "", "application/sdp, multipart/mixed")
	if kind != "" {
		field("Content-Type", "c", "%s", kind)
	}
	field("Content-Length", "l", "%d", len(body))
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

func (f formText) body() (body []byte, kind string) {
	const sdp = "application/sdp"
	switch f.Body {
	case SDPBody:
		return f.sdp(f.here().Addr()), sdp
	case IPv6Body:
		return f.sdp(exampleIPv6), sdp
	case MultipartBody:
		const boundary = "bothways-part"
		parts := "--" + boundary + "\r\nContent-Type: " + sdp + "\r\n\r\n" + string(f.sdp(f.here().Addr())) +
			"\r\n--" + boundary + "\r\nContent-Type: text/plain\r\n\r\nsecond part\r\n--" + boundary + "--\r\n"
		return []byte(parts), "multipart/mixed;boundary=" + boundary
	}
	return nil, ""
}

func (f formText) sdp(addr netip.Addr) []byte {
	family := "IP4"
	if addr.Is6() {
		family = "IP6"
	}
	lines := []string{
		"v=0",
		fmt.Sprintf("o=bothways 1 1 IN %s %s", family, addr),
		"s=bothways",
		fmt.Sprintf("c=IN %s %s", family, addr),
		"t=0 0",
		fmt.Sprintf("m=audio %d RTP/AVP 0 8 101", formMedia),
		fmt.Sprintf("a=rtcp:%d IN %s %s", formMedia+1, family, addr),
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000",
		"a=sendrecv",
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}
