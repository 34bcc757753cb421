package sipprobe

import (
	"context"
	"time"

	"github.com/emiago/sipgo/sip"
)

// sdpType is the Content-Type of offers and answers (RFC 3264).
const sdpType = "application/sdp"

// Timers of RFC 3261 section 17.1.1.1 that this package runs itself; sipgo's
// transactions use the same values.
const (
	timerT1 = 500 * time.Millisecond
	timerT2 = 4 * time.Second
	timerC  = 3 * time.Minute // how long a phone rings (section 16.6)
)

// Invite calls the target with an SDP offer and acknowledges the answer. The Call
// is nil unless the far end accepted; the Exchange tells what happened either way,
// and its Body is the SDP answer. When ctx ends first, or after 3 minutes, a ringing
// call is cancelled; should it be answered all the same, it is hung up at once.
func (e *Endpoint) Invite(ctx context.Context, to Target, offer []byte) (*Call, Exchange) {
	return e.Call(ctx, to, Invitation{Offer: offer})
}

// Call is Invite with all that a caller may ask for.
func (e *Endpoint) Call(ctx context.Context, to Target, inv Invitation) (*Call, Exchange) {
	ctx, cancel := context.WithTimeout(ctx, timerC)
	defer cancel()
	d := e.initial("INVITE", to)
	inv.ask(&d)
	// The call is known before the INVITE leaves: a BYE may overtake the answer.
	c := newCall(e, dialogID{d.callID, to.Token}, to.Token, to.Peer)
	c.local = d.from
	if err := e.book.addCall(c); err != nil {
		x := Exchange{Method: d.method, Transport: e.cfg.Transport, Remote: to.Peer, Local: e.localFor(to.Peer)}
		return nil, x.failed(NotSent, err)
	}
	x := e.exchange(ctx, to, d)
	if inv.lengthen(&d, x) {
		before := x.Events
		x = e.exchange(ctx, to, d)
		x.Events = append(before, x.Events...)
	}
	switch {
	case x.Status/100 == 2:
		c.agree(inv, &x)
		c.answered(&x)
	case x.Outcome == Silent && x.Status/100 == 1:
		e.takeBack(&x, c, d)
		return nil, x
	default:
		e.book.dropCall(c, false)
		return nil, x
	}
	if x.Outcome == Accepted {
		return c, x
	}
	c.abandon(ctx)
	return nil, x
}

// answered makes the call a dialog and acknowledges the 2xx, now and whenever it
// comes again (RFC 3261 section 13.2.2.4).
func (c *Call) answered(x *Exchange) {
	c.establish(headerValue(x.response, "To"), x.response.Contact(), routesOf(x.response, true))
	if x.Outcome != Accepted {
		c.distrust()
	}
	c.mu.Lock()
	c.proven = x.Outcome == Accepted && c.endpoint.cfg.Key != ""
	c.ackSeen = true // an ACK that comes here is that of a re-INVITE
	c.events = append(append([]Event(nil), x.Events...), c.events...)
	c.mu.Unlock()
	c.confirm(x)
}

// confirm acknowledges a 2xx, now and whenever it comes again.
func (c *Call) confirm(x *Exchange) {
	c.mu.Lock()
	c.tx = append(c.tx, x.tx)
	c.mu.Unlock()
	cseq := x.response.CSeq().SeqNo
	if tx, ok := x.tx.(*sip.ClientTx); ok {
		tx.OnRetransmission(func(res *sip.Response) {
			c.event(false, statusText(res.StatusCode))
			c.acknowledge(cseq)
		})
	}
	c.acknowledge(cseq)
}

// acknowledge sends the ACK of a 2xx, to the remote target.
func (c *Call) acknowledge(cseq uint32) {
	d := c.draft("ACK", int(cseq))
	if answer := c.answerToOffer(cseq); len(answer) > 0 {
		d.kind, d.body = sdpType, answer
	}
	req, err := c.endpoint.request(d)
	if err != nil {
		return
	}
	c.event(true, "ACK")
	c.endpoint.write(req, d.peer)
}

// abandonTimeout bounds the end of a call that nobody wants.
const abandonTimeout = 2 * time.Second

func (c *Call) abandon(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, abandonTimeout)
	defer cancel()
	c.Bye(ctx)
	c.Forget()
}

// takeBack cancels an INVITE that rang but was not answered in time (RFC 3261
// section 9.1). It returns when the CANCEL is on its way.
func (e *Endpoint) takeBack(x *Exchange, c *Call, d draft) {
	d.method, d.contact, d.kind, d.body, d.auth = "CANCEL", false, "", nil, ""
	d.cseq = int(x.response.CSeq().SeqNo)
	d.branch = branch(c.token, "INVITE", d.cseq)
	var cancel sip.ClientTransaction
	if req, err := e.request(d); err == nil {
		if cancel, err = e.client.TransactionRequest(e.ctx, req, asBuilt); err == nil {
			x.event(true, "CANCEL", time.Now())
		}
	}
	last := *x
	e.background(func() {
		defer e.book.dropCall(c, false)
		if cancel != nil {
			defer cancel.Terminate()
			go drain(cancel)
		}
		if res := e.lastWord(last.tx); res != nil && res.IsSuccess() {
			last.response, last.Outcome = res, Unproven
			c.answered(&last)
			c.abandon(e.ctx)
		}
	})
}

// drain takes what a transaction has to say, because it waits until somebody does.
func drain(tx sip.ClientTransaction) {
	for {
		select {
		case <-tx.Responses():
		case <-tx.Done():
			return
		}
	}
}

// lastWord waits for the final response to a cancelled INVITE, which sipgo
// acknowledges when it is a refusal.
func (e *Endpoint) lastWord(tx sip.ClientTransaction) *sip.Response {
	limit := time.NewTimer(64 * timerT1)
	defer limit.Stop()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res
			}
		case <-tx.Done():
			return nil
		case <-e.ctx.Done():
			return nil
		case <-limit.C:
			tx.Terminate()
			return nil
		}
	}
}
