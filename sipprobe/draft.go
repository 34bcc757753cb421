package sipprobe

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// A draft is a request about to be built.
type draft struct {
	method   string
	uri      string
	route    []string // Route values
	to, from string   // header values
	callID   string
	cseq     int
	branch   string
	contact  bool
	noRport  bool
	ownVia   bool // see [Target.OwnVia]
	dialog   bool // a BYE, whose dialog was authenticated when it was set up
	auth     string
	kind     string // Content-Type
	encoding string // Content-Encoding
	body     []byte
	extra    []string // further header fields, whole
	peer     netip.AddrPort
	// number gives the next CSeq of a dialog; nil counts on from cseq.
	number func() int
	// early is given the body of each provisional answer that has one; nil drops it.
	early func(sdp []byte)
	// large lets the request leave in fragments over UDP.
	large bool
}

// initial drafts a request outside of any dialog.
func (e *Endpoint) initial(method string, to Target) draft {
	uri := fmt.Sprintf("sip:%s@%s", cmp.Or(to.User, e.user()), to.host())
	if e.cfg.Transport != UDP {
		uri += ";transport=" + string(e.cfg.Transport)
	}
	here := hostPort(e.advertised(to.Peer))
	return draft{
		method: method, uri: uri, peer: to.Peer,
		to: "<" + uri + ">", from: fmt.Sprintf("<sip:%s@%s>;tag=%s", e.user(), here, to.Token),
		callID: to.Token, cseq: 1, noRport: to.NoRport, ownVia: to.OwnVia,
	}
}

func (e *Endpoint) user() string {
	if e.cfg.User == "" {
		return "bothways"
	}
	return e.cfg.User
}

func (e *Endpoint) software() string {
	if e.cfg.Software == "" {
		return "bothways"
	}
	return e.cfg.Software
}

// request builds what sipgo sends. The text goes through sipgo's own parser, so
// that what it serialises again is what stands here.
func (e *Endpoint) request(d draft) (*sip.Request, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	data := e.render(d)
	most := maxDatagram
	if d.large {
		most = maxFragmented
	}
	if e.cfg.Transport == UDP && len(data) > most {
		return nil, fmt.Errorf("%s of %d bytes is %w", d.method, len(data), ErrTooLarge)
	}
	msg, err := sip.ParseMessage(data)
	if err != nil {
		return nil, fmt.Errorf("cannot build %s: %w", d.method, err)
	}
	req := msg.(*sip.Request)
	req.SetTransport(e.cfg.Transport.String())
	req.SetDestination(d.peer.String())
	if e.cfg.Transport == UDP {
		req.Laddr = *e.laddr()
	}
	return req, nil
}

// check keeps a value from becoming a header field of its own.
func (d draft) check() error {
	for _, v := range slices.Concat([]string{d.uri, d.to, d.from, d.callID, d.auth, d.kind, d.encoding, d.branch}, d.route, d.extra) {
		if strings.ContainsAny(v, "\r\n") {
			return fmt.Errorf("cannot build %s: a line end in %q", d.method, v)
		}
	}
	return nil
}

// laddr is the local address of the link for requests of our own.
func (e *Endpoint) laddr() *sip.Addr {
	return &sip.Addr{IP: net.IP(e.local.Addr().AsSlice()), Port: int(e.local.Port())}
}

func (e *Endpoint) render(d draft) []byte {
	var b bytes.Buffer
	here := hostPort(e.advertised(d.peer))
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("%s %s SIP/2.0", d.method, d.uri)
	rport := ";rport"
	if d.noRport || e.book.mannersOf(d.callID).From != nil {
		rport = ""
	}
	if d.ownVia {
		here = hostPort(e.localFor(d.peer))
	}
	line("Via: SIP/2.0/%s %s;branch=%s%s", e.cfg.Transport, here, d.branch, rport)
	line("Max-Forwards: 70")
	for _, r := range d.route {
		line("Route: %s", r)
	}
	line("From: %s", d.from)
	line("To: %s", d.to)
	line("Call-ID: %s", d.callID)
	line("CSeq: %d %s", d.cseq, d.method)
	if d.contact {
		line("Contact: %s", e.contact(d.peer))
	}
	if d.auth != "" {
		line("Authorization: %s", d.auth)
	}
	line("User-Agent: %s", e.software())
	if d.method != "ACK" && d.method != "CANCEL" {
		line("Allow: %s", allowed)
		line("Accept: application/sdp")
	}
	for _, field := range d.extra {
		line("%s", field)
	}
	if d.kind != "" {
		line("Content-Type: %s", d.kind)
	}
	if d.encoding != "" {
		line("Content-Encoding: %s", d.encoding)
	}
	line("Content-Length: %d", len(d.body))
	line("")
	b.Write(d.body)
	return b.Bytes()
}

// allowed is the value of Allow. Together with the other headers that say what an
// end supports (RFC 3261 section 11) it makes every request that can be challenged
// larger than the challenge, which is what lets the challenge through.
const allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, UPDATE"

func (e *Endpoint) contact(peer netip.AddrPort) string {
	uri := fmt.Sprintf("sip:%s@%s", e.user(), hostPort(e.advertised(peer)))
	if e.cfg.Transport != UDP {
		uri += ";transport=" + string(e.cfg.Transport)
	}
	return "<" + uri + ">"
}

// branch makes a transaction's branch from the probe's token (RFC 3261 section 8.1.1.7).
func branch(token, method string, cseq int) string {
	return fmt.Sprintf("z9hG4bK%s.%s%d", token, strings.ToLower(method[:1]), cseq)
}
