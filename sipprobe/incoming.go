package sipprobe

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// An Incoming is a request that passed the endpoint's Guard.
type Incoming struct {
	Method      string
	CallID      string
	ContentType string
	Body        []byte
	Source      netip.AddrPort // where the packet came from
	Local       netip.AddrPort
	Endpoint    *Endpoint
	// User is the name under which the sender proved the key to the Guard; empty for
	// somebody whom AnswerAnyone let in, and without a Guard.
	User     string
	Received time.Time

	req       *sip.Request // a copy: sipgo's timers read the original
	tx        sip.ServerTransaction
	inDialog  bool
	extra     []string // further header fields of the answer, whole
	cancelled chan struct{}
}

func (e *Endpoint) incoming(req *sip.Request, tx sip.ServerTransaction) *Incoming {
	source, _ := netip.ParseAddrPort(req.Source())
	in := &Incoming{
		Method: string(req.Method), CallID: req.CallID().Value(), Body: req.Body(), Endpoint: e,
		Source: unmap(source), Received: time.Now(), req: req.Clone(), tx: tx,
		ContentType: headerValue(req, "Content-Type"), cancelled: make(chan struct{}),
	}
	in.Local = e.localFor(in.Source)
	in.User = e.cfg.Guard.prover(in.Method, in.Body, headerValue(req, "Authorization"), in.Source.Addr())
	// One tag for every response of this request (RFC 3261 section 8.2.6.2).
	to := in.req.To()
	if in.inDialog = to.Params.Has("tag"); !in.inDialog {
		to.Params.Add("tag", randomHex(8))
	}
	return in
}

func (e *Endpoint) onRequest(req *sip.Request, tx sip.ServerTransaction) {
	if e.ctx.Err() != nil {
		return
	}
	in := e.incoming(req, tx)
	if in.Method == "INVITE" {
		in.watch()
	}
	switch {
	case (in.Method == "INVITE" || in.Method == "UPDATE") && in.inDialog:
		in.change()
	case in.Method == "CANCEL":
		in.Reply(481, "Call/Transaction Does Not Exist", Body{})
	case e.cfg.Serve == nil:
		in.Reply(501, "Not Implemented", Body{})
	default:
		e.cfg.Serve(in)
	}
}

// watch lets the CANCEL of an INVITE and the ACK of its refusal in, for as long as
// its transaction lives.
func (in *Incoming) watch() {
	id, book := in.inviteID(), in.Endpoint.book
	book.ring(id, true)
	if !in.tx.OnTerminate(func(string, error) { book.ring(id, false) }) {
		book.ring(id, false)
	}
	cancel := sync.OnceFunc(func() { close(in.cancelled) })
	if !in.tx.OnCancel(func(*sip.Request) { cancel() }) && errors.Is(in.tx.Err(), sip.ErrTransactionCanceled) {
		cancel()
	}
}

func (in *Incoming) inviteID() inviteID {
	branch, _ := in.req.Via().Params.Get("branch")
	return inviteID{in.CallID, branch}
}

// A Body is what a response carries; the zero value is none.
type Body struct {
	Type     string // Content-Type
	Encoding string // Content-Encoding, empty = identity
	Data     []byte
}

// Reply sends a final response, with the proof that this end holds the key when
// the sender has proven it too. OPTIONS is answered without a transaction, so that a
// flood of them leaves nothing behind. An answer too long for UDP is not sent and
// gives ErrTooLarge; a shorter one may follow.
func (in *Incoming) Reply(status int, reason string, body Body) error {
	return in.respond(in.response(status, reason, body))
}

func (in *Incoming) respond(res *sip.Response) error {
	if n := len(res.String()); in.Endpoint.cfg.Transport == UDP && n > maxDatagram {
		return fmt.Errorf("%d of %d bytes is %w", res.StatusCode, n, ErrTooLarge)
	}
	if in.Method == "OPTIONS" {
		return in.tx.(interface{ Connection() sip.Connection }).Connection().WriteMsg(res)
	}
	if in.Method == "INVITE" && res.StatusCode >= 300 {
		in.Endpoint.book.refuse(in.inviteID())
	}
	return in.tx.Respond(res)
}

func (in *Incoming) response(status int, reason string, body Body) *sip.Response {
	res := sip.NewResponseFromRequest(in.req, status, reason, nil)
	e := in.Endpoint
	in.addReceived(res.Via())
	if e.book.mannersOf(in.CallID).IgnoreRport && res.Via().Params.Has("rport") {
		res.Via().Params.Add("rport", "")
	}
	if in.User != "" && status >= 200 {
		auth := headerValue(in.req, "Authorization")
		if info, err := authenticationInfo(e.cfg.Guard.cfg.Key, auth, body.Data); err == nil {
			res.AppendHeader(sip.NewHeader("Authentication-Info", info))
		}
	}
	if in.Method == "OPTIONS" {
		res.AppendHeader(sip.NewHeader("Allow", allowed))
	}
	if (in.Method == "INVITE" || in.Method == "UPDATE") && status < 300 && status > 100 {
		res.AppendHeader(sip.NewHeader("Contact", e.contact(in.Source)))
	}
	for _, field := range in.extra {
		name, value, _ := strings.Cut(field, ": ")
		res.AppendHeader(sip.NewHeader(name, value))
	}
	res.AppendHeader(sip.NewHeader("Server", e.software()))
	if body.Data != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", body.Type))
		if body.Encoding != "" {
			res.AppendHeader(sip.NewHeader("Content-Encoding", body.Encoding))
		}
		res.SetBody(body.Data)
	}
	return res
}

// addReceived says where the request came from when its Via says something else,
// which sipgo does for rport only (RFC 3261 section 18.2.1).
func (in *Incoming) addReceived(via *sip.ViaHeader) {
	source := in.Source.Addr().WithZone("")
	if host, _ := netip.ParseAddr(strings.Trim(via.Host, "[]")); host == source && !via.Params.Has("rport") {
		return
	}
	via.Params.Add("received", source.String())
}

// Authenticated reports whether the sender proved that it holds the key.
func (in *Incoming) Authenticated() bool { return in.User != "" }

// Header returns the value of the first header of that name, empty without one.
func (in *Incoming) Header(name string) string { return strings.TrimSpace(headerValue(in.req, name)) }
