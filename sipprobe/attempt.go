package sipprobe

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

var (
	errNoAnswer   = errors.New("no answer")
	errConnClosed = errors.New("the connection is closed")
	errEnded      = errors.New("the endpoint was closed")
	errTokenInUse = errors.New("a request with this token is under way")
)

// attempt runs one client transaction; nil when it ended without a final response.
// The transaction of an INVITE lives on: it acknowledges a refusal that comes again
// (RFC 3261 section 17.1.1.2), or waits for what cancelling leads to.
func (e *Endpoint) attempt(ctx context.Context, x *Exchange, d draft, to Target) *sip.Response {
	d.branch = branch(to.Token, d.method, d.cseq)
	req, err := e.request(d)
	if err != nil {
		x.failed(NotSent, err)
		return nil
	}
	start := time.Now()
	if x.tx, err = e.transact(ctx, req, d); err != nil {
		x.failed(unsent(err), err)
		return nil
	}
	x.event(true, d.method, start)
	res := e.await(ctx, x, start, d.early)
	if d.method != "INVITE" || res == nil && x.Status/100 != 1 {
		x.tx.Terminate()
	}
	return res
}

// transact sends a request, whose branch is known as long as its transaction lives.
func (e *Endpoint) transact(ctx context.Context, req *sip.Request, d draft) (sip.ClientTransaction, error) {
	switch {
	case e.ctx.Err() != nil:
		return nil, errEnded
	case !e.Connected(d.peer):
		return nil, errConnClosed
	case !e.book.ask(d.branch, d.peer):
		return nil, errTokenInUse
	}
	tx, err := e.client.TransactionRequest(ctx, req, asBuilt)
	if err != nil {
		e.book.unask(d.branch)
		return nil, err
	}
	if !tx.OnTerminate(func(string, error) { e.book.unask(d.branch) }) {
		e.book.unask(d.branch)
	}
	return tx, nil
}

// unsent tells a connection that has just gone from a machine that cannot send.
func unsent(err error) Outcome {
	for _, gone := range []error{errConnClosed, errEnded, errNoDial, net.ErrClosed} {
		if errors.Is(err, gone) {
			return Closed
		}
	}
	return NotSent
}

// asBuilt keeps sipgo from completing requests that are complete.
func asBuilt(*sipgo.Client, *sip.Request) error { return nil }

func (e *Endpoint) await(ctx context.Context, x *Exchange, start time.Time, early func([]byte)) *sip.Response {
	answered := false
	for {
		select {
		case res := <-x.tx.Responses():
			if !answered {
				x.measured(time.Since(start))
				answered = true
			}
			x.event(false, statusText(res.StatusCode), time.Now())
			e.learn(x, res)
			if !res.IsProvisional() {
				return res
			}
			if early != nil && len(res.Body()) > 0 {
				early(res.Body())
			}
		case <-x.tx.Done():
			e.ended(x)
			return nil
		case <-ctx.Done():
			x.failed(Silent, errNoAnswer)
			return nil
		}
	}
}

// ended says why a transaction is over without a final response.
func (e *Endpoint) ended(x *Exchange) {
	switch err := x.tx.Err(); {
	case e.ctx.Err() != nil:
		x.failed(Closed, errEnded)
	case errors.Is(err, sip.ErrTransactionTimeout):
		x.failed(Silent, errNoAnswer)
	case errors.Is(err, sip.ErrTransactionTransport) && e.cfg.Transport == UDP:
		x.failed(NotSent, err)
	default:
		x.failed(Closed, errConnClosed)
	}
}
