package sipprobe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Errors of a call that was not set up.
var (
	// ErrNoAck says that the far end never acknowledged the 200 within 64×T1 (RFC 3261 section 13.3.1.4).
	ErrNoAck = errors.New("no ACK arrived")
	// ErrCancelled says that the caller gave up before the call was accepted (RFC 3261 section 9).
	ErrCancelled = errors.New("the caller gave up")
)

// Ring answers 180.
func (in *Incoming) Ring() error {
	if in.isCancelled() {
		return ErrCancelled
	}
	return in.respond(in.response(180, "Ringing", Body{}))
}

// Progress answers 183 with a session description: the caller hears from then on what
// this end sends it, before the call is answered (RFC 3960). A later 200 must carry the
// same description.
func (in *Incoming) Progress(sdp []byte) error {
	if in.isCancelled() {
		return ErrCancelled
	}
	return in.respond(in.response(183, "Session Progress", Body{Type: sdpType, Data: sdp}))
}

// Cancelled is closed when the caller takes an INVITE back before it was accepted;
// the 487 has been sent then.
func (in *Incoming) Cancelled() <-chan struct{} { return in.cancelled }

func (in *Incoming) isCancelled() bool {
	select {
	case <-in.cancelled:
		return true
	default:
		return false
	}
}

// Accept answers 200 with an SDP answer, or with an offer where the INVITE had none, repeats it until the ACK arrives, and
// returns the call. When the 200 did not leave, the call is nil; the error is
// ErrCancelled when the caller has given up. When no ACK arrives in 64×T1, or ctx
// ends, the call comes together with an error that is ErrNoAck, and the caller
// should end it. The token marks the requests that this end will send in the dialog.
func (in *Incoming) Accept(ctx context.Context, token string, answer []byte) (*Call, error) {
	if err := checkToken(token); err != nil {
		return nil, err
	}
	e, to, from := in.Endpoint, in.req.To(), in.req.From()
	local, _ := to.Params.Get("tag")
	c := newCall(e, dialogID{in.CallID, local}, token, in.Source)
	c.local = to.Value()
	c.event(false, "INVITE")
	c.establish(from.Value(), in.req.Contact(), routesOf(in.req, false))
	if err := e.book.addCall(c); err != nil {
		return nil, err
	}
	c.inviteSeq, c.proven = in.req.CSeq().SeqNo, in.Authenticated()
	c.remoteSeq = c.inviteSeq
	c.admitSession(in)
	ok := in.response(200, "OK", Body{Type: sdpType, Data: answer})
	if err := in.accept(c, ok); err != nil {
		c.finish("not accepted")
		e.book.dropCall(c, false)
		return nil, err
	}
	return c, c.repeat(ctx, in, ok, c.acked)
}

// accept sends the first 200.
func (in *Incoming) accept(c *Call, ok *sip.Response) error {
	if in.isCancelled() {
		return ErrCancelled
	}
	c.event(true, "200")
	err := in.respond(ok)
	switch {
	case in.isCancelled():
		return ErrCancelled
	case err != nil:
		return fmt.Errorf("cannot answer 200: %w", err)
	}
	return nil
}

// overtaken is how long the ACK may come after the BYE that the network delivered first.
const overtaken = 200 * time.Millisecond

// repeat sends the 200 again until its ACK (RFC 3261 section 13.3.1.4).
func (c *Call) repeat(ctx context.Context, in *Incoming, ok *sip.Response, acked <-chan struct{}) error {
	deadline := time.NewTimer(64 * timerT1)
	defer deadline.Stop()
	again := time.NewTimer(timerT1)
	defer again.Stop()
	for wait := timerT1; ; {
		select {
		case <-acked:
			return nil
		case <-again.C:
			wait = min(2*wait, timerT2)
			again.Reset(wait)
			c.event(true, "200")
			in.respond(ok) // a failure is one more 200 lost
		case <-c.ended:
			return c.afterEnd(acked)
		case <-deadline.C:
			return ErrNoAck
		case <-in.tx.Done():
			return fmt.Errorf("%w before the transaction ended", ErrNoAck)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrNoAck, ctx.Err())
		}
	}
}

func (c *Call) afterEnd(acked <-chan struct{}) error {
	select {
	case <-acked:
		return nil
	case <-time.After(overtaken):
	case <-c.endpoint.ctx.Done():
	}
	return fmt.Errorf("%w before the call ended: %s", ErrNoAck, c.EndReason())
}
