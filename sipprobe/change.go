package sipprobe

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// A Change is what the far end asks of a call that is up: a re-INVITE (RFC 3261 section
// 14.2) or an UPDATE (RFC 3311).
type Change struct {
	// Method is INVITE or UPDATE; ACK where the far end answers an offer of this end.
	Method string
	// Offer is its SDP; nil in a re-INVITE that leaves it to this end to make an offer,
	// and in an UPDATE that only refreshes the session.
	Offer []byte
	// Received is when it came.
	Received time.Time
}

// OnChange has f answer the changes that the far end asks for. It returns the SDP of the
// 200; an error refuses with 488 and leaves the call as it is. It must not block, and is
// called from goroutines of its own. Without OnChange every change is refused.
func (c *Call) OnChange(f func(Change) (answer []byte, err error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onChange = f
}

// statusPending refuses a change while another one is under way (RFC 3261 section 14.2).
const statusPending = 491

// maxGlares is how often a change is tried again that met one of the far end's.
const maxGlares = 3

// Reinvite offers another session for the call (RFC 3261 section 14.1) and acknowledges
// the answer, which is the Body of the Exchange. Where both ends do so at once it waits
// and tries again. After any refusal the session is what it was; should there be no
// answer at all, the caller must end the call. Only one change of this end is under way
// at a time.
func (c *Call) Reinvite(ctx context.Context, offer []byte) Exchange {
	return c.change(ctx, "INVITE", offer, nil)
}

// ReinviteEmpty does as Reinvite without an offer: the far end makes one in its 200, which
// is the Body of the Exchange, and answer answers it in the ACK (RFC 3261 section 14.1), as
// those do who connect two calls with each other (RFC 3725).
func (c *Call) ReinviteEmpty(ctx context.Context, answer func(offer []byte) []byte) Exchange {
	return c.change(ctx, "INVITE", nil, answer)
}

// Update does as Reinvite by UPDATE (RFC 3311), which nobody need acknowledge. A nil offer
// leaves the session alone and only refreshes its timer.
func (c *Call) Update(ctx context.Context, offer []byte) Exchange {
	return c.change(ctx, "UPDATE", offer, nil)
}

func (c *Call) change(ctx context.Context, method string, offer []byte, answer func([]byte) []byte) Exchange {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return (&Exchange{Method: method, Transport: c.endpoint.cfg.Transport}).failed(NotSent, context.Cause(ctx))
	}
	for try := 1; ; try++ {
		x := c.offer(ctx, method, offer, answer)
		if x.Status != statusPending || try == maxGlares || c.pauseForGlare(ctx) != nil {
			return x
		}
	}
}

// offer sends one re-INVITE or UPDATE.
func (c *Call) offer(ctx context.Context, method string, sdp []byte, answer func([]byte) []byte) Exchange {
	c.busy(true)
	defer c.busy(false)
	d := c.draft(method, c.number())
	d.contact, d.number = true, c.number
	if sdp != nil {
		d.kind, d.body = sdpType, sdp
	}
	if s := c.Session(); s.Expires > 0 {
		d.extra = s.request()
	}
	x := c.endpoint.exchange(ctx, Target{Peer: d.peer, Token: c.token}, d)
	c.mu.Lock()
	for _, e := range x.Events {
		if len(c.events) < maxEvents {
			c.events = append(c.events, e)
		}
	}
	c.mu.Unlock()
	switch {
	case x.Status/100 == 2 && x.Outcome == Accepted:
		c.retarget(x.response.Contact())
		c.renew()
		fallthrough
	case x.Status/100 == 2:
		if answer != nil {
			c.answerLater(x.response.CSeq().SeqNo, answer(x.Body()))
		}
		if method == "INVITE" {
			c.confirm(&x)
		}
	case x.tx != nil && x.Outcome == Silent:
		x.tx.Terminate()
	}
	return x
}

func (c *Call) busy(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offering = on
}

// pauseForGlare waits before a change is tried again: the end that made the Call-ID for
// 2.1 to 4 s, the other for less than 2 s (RFC 3261 section 14.1).
func (c *Call) pauseForGlare(ctx context.Context) error {
	wait := time.Duration(rand.IntN(200)) * 10 * time.Millisecond
	if c.id.callID == c.token && c.id.tag == c.token {
		wait = 2100*time.Millisecond + time.Duration(rand.IntN(191))*10*time.Millisecond
	}
	select {
	case <-time.After(wait):
		return nil
	case <-c.ended:
		return errNoAnswer
	case <-ctx.Done():
		return ctx.Err()
	}
}

// change answers a re-INVITE or UPDATE of the far end.
func (in *Incoming) change() {
	to, _ := in.req.To().Params.Get("tag")
	from, _ := in.req.From().Params.Get("tag")
	c := in.Endpoint.book.call(dialogID{in.CallID, to})
	if c == nil || !c.isWith(from) {
		in.Reply(481, "Call/Transaction Does Not Exist", Body{})
		return
	}
	c.event(false, in.Method)
	answer, status, reason := c.weigh(in)
	if status != 200 {
		c.event(true, statusText(status))
		in.Reply(status, reason, Body{})
		return
	}
	c.retarget(in.req.Contact())
	if headerValue(in.req, "Session-Expires") != "" {
		c.admitSession(in)
	}
	c.renew()
	body := Body{}
	if answer != nil {
		body = Body{Type: sdpType, Data: answer}
	}
	if in.Method == "INVITE" {
		c.grant(in, body)
		return
	}
	c.event(true, "200")
	in.Reply(200, "OK", body)
}

// weigh decides on a change: the answer, or why it is refused.
func (c *Call) weigh(in *Incoming) (answer []byte, status int, reason string) {
	cseq := in.req.CSeq().SeqNo
	c.mu.Lock()
	late, busy, f := cseq < c.remoteSeq, c.offering, c.onChange
	c.remoteSeq = max(c.remoteSeq, cseq)
	c.mu.Unlock()
	offers := in.Method == "INVITE" || len(in.Body) > 0
	switch {
	case late:
		return nil, 500, "Server Internal Error"
	case busy && offers:
		return nil, statusPending, "Request Pending"
	case !offers:
		return nil, 200, ""
	case f == nil:
		return nil, 488, "Not Acceptable Here"
	}
	ch := Change{Method: in.Method, Received: in.Received}
	if len(in.Body) > 0 {
		ch.Offer = in.Body
	}
	answer, err := f(ch)
	if err != nil {
		return nil, 488, "Not Acceptable Here"
	}
	return answer, 200, ""
}

// grant answers a re-INVITE 200, again until its ACK; where none comes the call ends
// (RFC 3261 section 13.3.1.4).
func (c *Call) grant(in *Incoming, body Body) {
	cseq := in.req.CSeq().SeqNo
	content := make(chan []byte, 1)
	c.mu.Lock()
	c.acks[cseq] = content
	f := c.onChange
	c.mu.Unlock()
	ok := in.response(200, "OK", body)
	c.event(true, "200")
	if in.respond(ok) != nil {
		return
	}
	acked := make(chan struct{})
	go func() {
		select {
		case answer := <-content:
			if len(in.Body) == 0 && len(answer) > 0 && f != nil {
				f(Change{Method: "ACK", Offer: answer, Received: time.Now()})
			}
			close(acked)
		case <-c.ended:
		}
	}()
	ctx := c.endpoint.ctx
	if err := c.repeat(ctx, in, ok, acked); err != nil {
		bye, cancel := context.WithTimeout(ctx, abandonTimeout)
		defer cancel()
		c.bye(bye, fmt.Sprintf("%v of a re-INVITE", ErrNoAck))
	}
}

// refused reports whether an ACK with this CSeq is that of a refused re-INVITE: it has a
// number that neither the call's INVITE has nor one that was accepted.
func (c *Call) refused(cseq uint32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, accepted := c.acks[cseq]
	return c.ackSeen && !accepted && cseq != c.inviteSeq
}
