package client

import (
	"context"
	"strconv"
	"strings"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A pendingLoad is the outbound load that this end waits for.
type pendingLoad struct {
	ctx   context.Context
	check scenarios.Check
	many  *call.Many
}

// load holds many calls at once.
func (r *run) load(ctx context.Context, c *evidence.Check) {
	check := c.Check
	check.Call = &c.Load.Call
	if c.Direction == scenarios.Outbound {
		r.loadOut(ctx, c, check)
	} else {
		r.loadIn(ctx, c, check)
	}
}

// beginLoad has the responder begin its part; false when it would not, which is then why the
// check is skipped.
func (r *run) beginLoad(ctx context.Context, c *evidence.Check, port uint16) bool {
	_, err := r.patiently(ctx, c.ID, pairing.Order{Load: &pairing.LoadOrder{Begin: &pairing.LoadBegin{Check: c.Check, Port: port}}})
	if err != nil {
		c.Skipped = "the responder would not take the calls: " + err.Error()
	}
	return err == nil
}

func (r *run) loadIn(ctx context.Context, c *evidence.Check, check scenarios.Check) {
	f := r.way(c)
	if f == nil {
		return
	}
	if err := failure(r.connect(ctx, f)); err != nil {
		c.Skipped = "there is no connection to the responder: " + err.Error()
		return
	}
	if !r.beginLoad(ctx, c, 0) {
		return
	}
	many := call.NewMany(*c.Load)
	setup := many.Setup(r.setup(check))
	many.Place(ctx, func(ctx context.Context, number int) evidence.CallEnd {
		to := sipprobe.Target{Peer: f.peer, Token: r.ev.Run.LoadToken(c.ID, number), NoRport: !c.Load.Call.Client.Rport}
		return call.Place(ctx, f.endpoint, to, setup)
	}, r.tellCalls(c))
	c.LoadFacts = &evidence.LoadFacts{Client: new(many.Close())}
	r.fetchLoad(ctx, c)
}

// tellCalls tells each tenth of the calls.
func (r *run) tellCalls(c *evidence.Check) func(int) {
	step := max(c.Load.Calls/10, 1)
	return func(calls int) {
		if calls%step == 0 || calls == c.Load.Calls {
			r.progress("check-progress", c.ID, "%d of %d calls", calls, c.Load.Calls)
		}
	}
}

// fetchLoad brings home the responder's record.
func (r *run) fetchLoad(ctx context.Context, c *evidence.Check) {
	ctx, cancel := lastWords(ctx, ledgerTimeout)
	defer cancel()
	if c.Direction == scenarios.Inbound {
		if _, err := r.link.Do(ctx, pairing.Order{Load: &pairing.LoadOrder{End: c.ID}}); err != nil {
			c.LoadFacts.Missing = unfetched(ctx, err).Error()
			return
		}
	}
	var end evidence.LoadEnd
	if err := r.link.Fetch(ctx, c.ID, &end); err != nil {
		c.LoadFacts.Missing = unfetched(ctx, err).Error()
		return
	}
	c.LoadFacts.Responder = &end
}

func (r *run) loadOut(ctx context.Context, c *evidence.Check, check scenarios.Check) {
	var way evidence.CallFacts
	port, ok := r.route(ctx, c, &way)
	if !ok {
		return
	}
	p := &pendingLoad{ctx: ctx, check: check, many: call.NewMany(*c.Load)}
	r.pend(p)
	defer r.pend(nil)
	if !r.beginLoad(ctx, c, port) {
		p.many.Close()
		return
	}
	c.LoadFacts = &evidence.LoadFacts{Flow: way.Flow}
	select {
	case <-time.After(c.Load.Length()):
	case <-ctx.Done():
	}
	r.fetchLoad(ctx, c)
	c.LoadFacts.Client = new(p.many.Close())
}

// pend sets the load whose calls may come in, nil for none.
func (r *run) pend(p *pendingLoad) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loading = p
}

// oneOfMany answers an INVITE that belongs to the load, and reports whether it did.
func (r *run) oneOfMany(in *sipprobe.Incoming) bool {
	r.mu.Lock()
	p := r.loading
	r.mu.Unlock()
	if p == nil || string(p.check.Transport) != string(in.Endpoint.Transport()) {
		return false
	}
	number := p.many.Next()
	if rest, ours := strings.CutPrefix(in.CallID, r.ev.Run.ID+"-"); ours {
		rest, ours = strings.CutPrefix(rest, p.check.ID+"-")
		var err error
		if number, err = strconv.Atoi(rest); err != nil || !ours {
			return false
		}
	}
	if !p.many.Begin(number) {
		in.Reply(486, "Busy Here", sipprobe.Body{})
		return true
	}
	p.many.Done(number, call.Answer(p.ctx, in, r.ev.Run.LoadToken(p.check.ID, number), p.many.Setup(r.setup(p.check))))
	return true
}
