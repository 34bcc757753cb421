package client

import (
	"context"
	"strings"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// A pendingCall is an outbound call that this end waits for.
type pendingCall struct {
	ctx   context.Context
	setup call.Setup
	ended chan evidence.CallEnd // buffered
	taken bool
}

// serve answers the requests of the responder, on this end's own ports and on the
// flows that it opened.
func (r *run) serve(in *sipprobe.Incoming) {
	switch in.Method {
	case "OPTIONS":
		in.Reply(200, "OK", sipprobe.Body{})
	case "INVITE":
		if r.oneOfMany(in) {
			return
		}
		p, check := r.take(in)
		if p == nil {
			in.Reply(404, "Not Found", sipprobe.Body{})
			return
		}
		defer r.work.Done()
		p.ended <- call.Answer(p.ctx, in, r.ev.Run.Token(check), p.setup)
	case "MESSAGE":
		r.knocked(in)
	default:
		in.Reply(405, "Method Not Allowed", sipprobe.Body{})
	}
}

// take finds the call that an INVITE belongs to: by its Call-ID, or, where a middlebox
// has changed that, the only one that is pending over the transport.
func (r *run) take(in *sipprobe.Incoming) (*pendingCall, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := strings.TrimPrefix(in.CallID, r.ev.Run.ID+"-")
	if r.pending[id] == nil {
		id = r.onlyPending(in.Endpoint.Transport())
	}
	p := r.pending[id]
	if p == nil || p.taken {
		return nil, ""
	}
	p.taken = true
	r.work.Add(1) // while its check waits
	return p, id
}

func (r *run) onlyPending(t sipprobe.Transport) string {
	var found []string
	for id, p := range r.pending {
		if string(p.setup.Check.Transport) == string(t) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

func (r *run) callOut(ctx context.Context, c *evidence.Check) {
	facts := &evidence.CallFacts{}
	port, ok := r.route(ctx, c, facts)
	if !ok {
		return
	}
	c.CallFacts = facts
	p := &pendingCall{ctx: ctx, setup: r.setup(c.Check), ended: make(chan evidence.CallEnd, 1)}
	r.mu.Lock()
	r.pending[c.ID] = p
	r.mu.Unlock()
	defer r.forget(c.ID)
	if _, err := r.patiently(ctx, c.ID, pairing.Order{Call: &pairing.Call{Check: c.Bare(), Port: port}}); err != nil {
		facts.Missing = "the responder could not be told to call: " + err.Error()
		return
	}
	r.collect(ctx, c, p)
}

// route decides over which path the responder calls: a new flow to this end's own
// port where that can be reached; from behind this end's NAT, the flow that it opened.
func (r *run) route(ctx context.Context, c *evidence.Check, facts *evidence.CallFacts) (port uint16, ok bool) {
	t := sipprobe.Transport(c.Transport)
	own := r.own[t]
	if own != nil && r.reachable(ctx, c, t, own.Local().Port(), facts) {
		facts.Flow = "new"
		return own.Local().Port(), true
	}
	f := r.flows[t]
	if f == nil || !r.answers(t) {
		c.Skipped = "the client cannot be reached over " + string(t) + ": it has no public port, and its own flow does not pass"
		return 0, false
	}
	r.connect(ctx, f)
	facts.Flow = "client"
	return 0, true
}

// reachable takes a public address at its word; from behind a NAT it has the
// responder try.
func (r *run) reachable(ctx context.Context, c *evidence.Check, t sipprobe.Transport, port uint16, facts *evidence.CallFacts) bool {
	if r.public == r.local {
		return true
	}
	reply, err := r.link.Do(ctx, pairing.Order{Reach: &pairing.Reach{Check: c.ID, Transport: t, Port: port}})
	if err != nil || reply.Reached == nil {
		return false
	}
	facts.Reach = reply.Reached
	return reply.Reached.Outcome == sipprobe.Accepted
}

// collect waits for both ends' records of an outbound call.
func (r *run) collect(ctx context.Context, c *evidence.Check, p *pendingCall) {
	wait, cancel := context.WithTimeout(ctx, c.Call.Length()+2*recordTimeout)
	defer cancel()
	select {
	case end := <-p.ended:
		c.CallFacts.Client = &end
	case <-r.untaken(wait, c.ID):
	}
	r.fetchCall(ctx, c)
	if !r.forget(c.ID) || c.CallFacts.Client != nil {
		return
	}
	if ctx.Err() != nil { // the call is about to end, and its record to come
		wait, cancel = lastWords(ctx, stoppedTimeout)
		defer cancel()
	}
	select {
	case end := <-p.ended:
		c.CallFacts.Client = &end
	case <-wait.Done():
		c.CallFacts.Missing = "this end's own call did not end in time"
	}
}

// inviteWait is how long an INVITE of the responder may take to arrive.
const inviteWait = 9 * time.Second

// untaken is closed when no INVITE has come for the call by then, or ctx has ended.
func (r *run) untaken(ctx context.Context, id string) <-chan struct{} {
	none := make(chan struct{})
	go func() {
		defer close(none)
		select {
		case <-ctx.Done():
			return
		case <-time.After(inviteWait):
		}
		r.mu.Lock()
		p := r.pending[id]
		taken := p != nil && p.taken
		r.mu.Unlock()
		if taken {
			<-ctx.Done()
		}
	}()
	return none
}

// forget stops waiting for a call, and reports whether its INVITE had come.
func (r *run) forget(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pending[id]
	delete(r.pending, id)
	return p != nil && p.taken
}
