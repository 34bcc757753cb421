package sipprobe

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/emiago/sipgo/sip"
)

// maxDatagram is the most that SIP sends over UDP without knowing the path MTU
// (RFC 3261 section 18.1.1).
const maxDatagram = 1300

// maxFragmented is the most that an INVITE takes that may leave in fragments.
const maxFragmented = 8000

// ErrTooLarge says that a message is longer than the 1,300 bytes that may be sent over UDP, or
// an INVITE longer than those that it was allowed.
var ErrTooLarge = errors.New("larger than the 1,300 bytes that SIP sends over UDP (RFC 3261 section 18.1.1)")

// A link is the connection that sipgo's transactions write to, in place of sipgo's
// own: those count references and close a socket at zero, choose where a response
// goes from what its Via claims, and are replaced by new sockets when they are gone.
// A link belongs to the endpoint's socket, which alone decides how long it lives.
type link struct {
	endpoint *Endpoint
	conn     *guardedConn   // nil over UDP
	source   netip.AddrPort // whom responses over UDP answer; zero for requests of our own
}

// WriteMsg sends a message. A response over UDP leaves for the host that the
// request came from, whatever stands in the message.
func (l *link) WriteMsg(msg sip.Message) error {
	var b bytes.Buffer
	msg.StringWrite(&b)
	if l.conn != nil {
		_, err := l.conn.Write(b.Bytes())
		return err
	}
	if b.Len() > maxDatagram && !mayBeLarge(msg) {
		return fmt.Errorf("%s of %d bytes is %w", startOf(msg), b.Len(), ErrTooLarge)
	}
	how := l.manners(msg)
	to := l.destination(msg, how)
	if !usable(to) {
		return fmt.Errorf("%q is not an address to send to", to)
	}
	return l.endpoint.packets.writeFrom(how.From, b.Bytes(), to)
}

// mayBeLarge is true for an INVITE: how long it may be was decided when it was built.
func mayBeLarge(msg sip.Message) bool {
	req, ok := msg.(*sip.Request)
	return ok && req.Method == sip.INVITE
}

func (l *link) manners(msg sip.Message) Manners {
	id := msg.CallID()
	if id == nil {
		return Manners{}
	}
	return l.endpoint.book.mannersOf(id.Value())
}

func (l *link) destination(msg sip.Message, how Manners) netip.AddrPort {
	via := msg.Via()
	if _, ok := msg.(*sip.Response); ok {
		return replyTo(via.Params.Has("rport") && !how.IgnoreRport, via.Port, l.source)
	}
	// sipgo's own ACK of a refusal names no destination: it goes where the INVITE went.
	branch, _ := via.Params.Get("branch")
	if peer, ok := l.endpoint.book.askedOf(branch); ok {
		return peer
	}
	to, _ := netip.ParseAddrPort(msg.Destination())
	return to
}

func startOf(msg sip.Message) string {
	switch m := msg.(type) {
	case *sip.Request:
		return string(m.Method)
	case *sip.Response:
		return statusText(m.StatusCode)
	}
	return "message"
}

// usable reports whether an address is one host's, and not zero.
func usable(to netip.AddrPort) bool {
	a := to.Addr()
	return a.IsValid() && to.Port() != 0 && !a.IsUnspecified() && !a.IsMulticast()
}

// LocalAddr is this end's address.
func (l *link) LocalAddr() net.Addr {
	if l.conn != nil {
		return l.conn.LocalAddr()
	}
	return l.endpoint.packets.LocalAddr()
}

// Ref and TryClose count nothing.
func (l *link) Ref(int) int { return 1 }

// TryClose does nothing, as Ref.
func (l *link) TryClose() (int, error) { return 0, nil }

// Close does nothing: the endpoint closes its sockets.
func (l *link) Close() error { return nil }

// write sends a request outside of any transaction: the ACK of a 2xx.
func (e *Endpoint) write(req *sip.Request, peer netip.AddrPort) error {
	l := &link{endpoint: e}
	if e.queue != nil {
		if l.conn = e.queue.to(peer); l.conn == nil {
			return net.ErrClosed
		}
	}
	return l.WriteMsg(req)
}
