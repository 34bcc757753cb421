package sipprobe

import (
	"context"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// An Outcome says how an exchange ended.
type Outcome string

// The outcomes of an Exchange.
const (
	Accepted   Outcome = "accepted"    // 2xx, and the far end proved that it holds the key
	Refused    Outcome = "refused"     // a final answer that is neither 2xx nor a challenge
	WrongKey   Outcome = "wrong-key"   // our credentials were challenged again
	Unproven   Outcome = "unproven"    // an answer from something that does not hold the key
	Silent     Outcome = "silent"      // no final answer within the time
	NotSent    Outcome = "not-sent"    // this machine could not send
	Closed     Outcome = "closed"      // the connection, or the endpoint, ended before the answer
	NotReached Outcome = "not-reached" // no connection could be opened
)

// An Event is one SIP message of an exchange or call, at one end.
type Event struct {
	Time time.Time `json:"time"`
	Sent bool      `json:"sent"`
	What string    `json:"what"` // method or status code: "INVITE", "180"
}

// An Exchange holds what one request, with its challenge, led to. It is a fact
// whatever the outcome.
type Exchange struct {
	Method    string         `json:"method"`
	Transport Transport      `json:"transport"`
	Local     netip.AddrPort `json:"local"`
	Remote    netip.AddrPort `json:"remote"`
	Outcome   Outcome        `json:"outcome"`
	Status    int            `json:"status,omitempty"` // of the last answer, final or not; 0 = none
	Reason    string         `json:"reason,omitempty"`
	Server    string         `json:"server,omitempty"` // what the answer says of its sender
	Accepts   string         `json:"accepts,omitempty"`
	// RTTMs is the shortest time from the first copy of a request to its first
	// response, in milliseconds; null without any.
	RTTMs *float64 `json:"rtt_ms"`
	// SeenAs is the source that the far end saw, as reported by received and rport.
	SeenAs netip.AddrPort `json:"seen_as"`
	Error  string         `json:"error,omitempty"`
	Events []Event        `json:"events"` // at most a few hundred

	response *sip.Response
	tx       sip.ClientTransaction
}

// Body is the body of the final answer.
func (x *Exchange) Body() []byte {
	if x.response == nil {
		return nil
	}
	return x.response.Body()
}

// Options asks the far end what it supports (RFC 3261 section 11): the smallest
// question that proves a path both ways. Without a deadline in ctx it waits 64×T1.
func (e *Endpoint) Options(ctx context.Context, to Target) Exchange {
	d := e.initial("OPTIONS", to)
	d.contact = true
	return e.exchange(ctx, to, d)
}

// Message sends an order (RFC 3428) whose body both ends protect with the key.
func (e *Endpoint) Message(ctx context.Context, to Target, contentType, encoding string, body []byte) Exchange {
	d := e.initial("MESSAGE", to)
	d.kind, d.encoding, d.body = contentType, encoding, body
	return e.exchange(ctx, to, d)
}

// maxAttempts is a first try, one with credentials, and one after a stale nonce.
const maxAttempts = 3

// exchange sends a request and answers the challenge that it draws.
func (e *Endpoint) exchange(ctx context.Context, to Target, d draft) Exchange {
	x := Exchange{Method: d.method, Transport: e.cfg.Transport, Remote: to.Peer, Local: e.localFor(to.Peer)}
	if err := to.check(); err != nil {
		return x.failed(NotSent, err)
	}
	p, have := e.granted(to.Peer, d.method)
	for range maxAttempts {
		if have {
			creds, err := p.credentials(d.method, d.body)
			if err != nil {
				return x.failed(NotSent, err)
			}
			d.auth = creds.String()
		}
		res := e.attempt(ctx, &x, d, to)
		if res == nil {
			return x
		}
		if res.StatusCode != sip.StatusUnauthorized || e.cfg.Key == "" {
			return e.settle(&x, d, res, p, have)
		}
		nonce, stale, err := parseChallenge(headerValue(res, "WWW-Authenticate"))
		switch {
		case err != nil:
			return x.failed(Unproven, err)
		case have && !stale:
			return x.failed(WrongKey, ErrWrongKey)
		}
		p, have = e.grant(to.Peer, nonce, d.method), true
		d.cseq = d.next()
	}
	return x.failed(Refused, errAlwaysStale)
}

// next is the CSeq of the request with credentials.
func (d draft) next() int {
	if d.number != nil {
		return d.number()
	}
	return d.cseq + 1
}

// settle judges the final answer by the proof that it carries.
func (e *Endpoint) settle(x *Exchange, d draft, res *sip.Response, p proofs, have bool) Exchange {
	x.Outcome = Refused
	if res.IsSuccess() {
		x.Outcome = Accepted
	}
	if e.cfg.Key == "" || d.dialog {
		return *x
	}
	if !have || p.verifyInfo(headerValue(res, "Authentication-Info"), res.Body()) != nil {
		if x.Outcome == Accepted || res.StatusCode != sip.StatusUnsupportedMediaType {
			return x.failed(Unproven, ErrUnproven)
		}
	}
	return *x
}

func (x *Exchange) failed(o Outcome, err error) Exchange {
	x.Outcome, x.Error = o, err.Error()
	return *x
}

func (x *Exchange) measured(d time.Duration) {
	ms := float64(d.Microseconds()) / 1000
	if x.RTTMs == nil || ms < *x.RTTMs {
		x.RTTMs = &ms
	}
}

func (x *Exchange) event(sent bool, what string, at time.Time) {
	if len(x.Events) < maxEvents {
		x.Events = append(x.Events, Event{Time: at, Sent: sent, What: what})
	}
}

// learn keeps what a response says about its sender and about this end.
func (e *Endpoint) learn(x *Exchange, res *sip.Response) {
	x.response = res
	x.Status, x.Reason = res.StatusCode, res.Reason
	x.Server = headerValue(res, "Server")
	x.Accepts = headerValue(res, "Accept")
	if seen := observed(res.Via().Value()); seen.IsValid() {
		x.SeenAs = seen
		e.book.see(x.Remote, seen)
	}
}
