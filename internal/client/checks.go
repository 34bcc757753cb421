package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// coldTime is how long the responder only listens at the start of an inbound call:
// what arrives then was let in by a forward, and by nothing that the site has sent.
const coldTime = time.Second

// runChecks runs the scenario in phases: questions, TLS, ports, sweeps, inbound calls,
// outbound calls, sizes, marks, servers of others, the forms that may leave states of their
// own in a middlebox, NATs, what takes long, many calls at once, and last a question from
// this end's own SIP port. The checks of a phase run side by side, over different ports,
// but for sweeps, sizes, marks and many calls, which would take each other's bandwidth for
// loss, and NATs, which come late: what they send from media ports may be remembered.
// Inbound sweeps come before anything that makes the site send from its media ports.
func (r *run) runChecks(ctx context.Context) {
	all := r.cfg.Scenario.Checks
	r.ev.Checks = make([]evidence.Check, len(all))
	for i, c := range all {
		r.ev.Checks[i].Check = c
	}
	r.phase(ctx, func(c scenarios.Check) bool { return c.Kind == scenarios.Options })
	r.phase(ctx, func(c scenarios.Check) bool { return c.Kind == scenarios.TLSKind })
	r.ports(ctx, scenarios.Inbound)
	r.ports(ctx, scenarios.Outbound)
	r.oneByOne(ctx, scenarios.SweepKind, scenarios.Inbound)
	r.oneByOne(ctx, scenarios.SweepKind, scenarios.Outbound)
	r.phase(ctx, func(c scenarios.Check) bool {
		return c.Kind == scenarios.CallKind && c.Direction == scenarios.Inbound && !long(c)
	})
	r.phase(ctx, func(c scenarios.Check) bool {
		return c.Kind == scenarios.CallKind && c.Direction == scenarios.Outbound && !long(c)
	})
	r.oneByOne(ctx, scenarios.SizeKind, anyDirection)
	r.oneByOne(ctx, scenarios.DSCPKind, anyDirection)
	r.phase(ctx, func(c scenarios.Check) bool { return c.Server != nil })
	r.phase(ctx, func(c scenarios.Check) bool { return c.Kind == scenarios.RewritingKind })
	r.oneByOne(ctx, scenarios.NATKind, scenarios.Outbound) // the site's NAT before this end's own
	r.oneByOne(ctx, scenarios.NATKind, scenarios.Inbound)
	r.phase(ctx, long)
	r.oneByOne(ctx, scenarios.LoadKind, anyDirection)
	r.samePort(ctx)
}

// anyDirection is that of checks which run in the order of the scenario.
const anyDirection scenarios.Direction = ""

// oneByOne runs the checks of a kind and direction, one after the other.
func (r *run) oneByOne(ctx context.Context, k scenarios.Kind, d scenarios.Direction) {
	for i := range r.ev.Checks {
		if c := &r.ev.Checks[i]; c.Kind == k && (c.Direction == d || d == anyDirection) {
			r.check(ctx, c)
		}
	}
}

func (r *run) phase(ctx context.Context, in func(scenarios.Check) bool) {
	var wg sync.WaitGroup
	again := make([]*evidence.Check, len(r.ev.Checks))
	for i := range r.ev.Checks {
		if c := &r.ev.Checks[i]; in(c.Check) {
			wg.Go(func() {
				r.check(ctx, c)
				again[i] = r.idleAgain(ctx, c)
			})
		}
	}
	wg.Wait()
	for _, c := range again {
		if c != nil {
			r.ev.Checks = append(r.ev.Checks, *c)
		}
	}
	if c, ok := r.control(in); ok {
		r.check(ctx, &c)
		r.ev.Checks = append(r.ev.Checks, c)
	}
}

func (r *run) check(ctx context.Context, c *evidence.Check) {
	if ctx.Err() != nil {
		c.Skipped = interruption(context.Cause(ctx))
		return
	}
	r.progress("check-started", c.ID, "")
	switch {
	case c.Kind == scenarios.Options:
		r.options(ctx, c)
	case c.Kind == scenarios.SweepKind:
		r.sweep(ctx, c)
	case c.Idle != nil:
		r.idle(ctx, c)
	case c.Kind == scenarios.RewritingKind:
		r.rewriting(ctx, c)
	case c.Kind == scenarios.TLSKind:
		r.tls(ctx, c)
	case c.Kind == scenarios.NATKind:
		r.nat(ctx, c)
	case c.Kind == scenarios.SizeKind:
		r.size(ctx, c)
	case c.Kind == scenarios.DSCPKind:
		r.dscp(ctx, c)
	case c.Kind == scenarios.LoadKind:
		r.load(ctx, c)
	case c.NeedsSecond() && r.noSecond() != "":
		c.Skipped = r.noSecond()
	case c.Server != nil:
		r.server(ctx, c)
	case c.Direction == scenarios.Inbound:
		r.callIn(ctx, c)
	default:
		r.callOut(ctx, c)
	}
	if ctx.Err() != nil && !told(c) {
		c.Options, c.CallFacts, c.SweepFacts, c.Rewriting, c.IdleFacts, c.TLSFacts, c.NATFacts = nil, nil, nil, nil, nil, nil, nil
		c.SizeFacts, c.DSCPFacts, c.LoadFacts, c.ServerFacts = nil, nil, nil, nil
		c.Skipped = interruption(context.Cause(ctx))
	}
	r.progress("check-done", c.ID, "%s", c.Skipped)
}

// told reports whether a check that was cut short has told anything: silence that
// nobody waited for is no fact.
func told(c *evidence.Check) bool {
	if c.Options != nil {
		return c.Options.Exchange.Status != 0
	}
	if f := c.SweepFacts; f != nil {
		return f.Sent != nil || f.Arrived != nil
	}
	if f := c.TLSFacts; f != nil {
		return f.Result.Ordinary.Outcome != tlsprobe.NotTested
	}
	if f := c.NATFacts; f != nil {
		return len(f.Sockets) > 0
	}
	if f := c.SizeFacts; f != nil {
		return len(f.Rungs) > 0
	}
	if f := c.LoadFacts; f != nil {
		return f.Client != nil && len(f.Client.Calls) > 0
	}
	if f := c.DSCPFacts; f != nil {
		return f.Sent != nil && f.Arrived != nil
	}
	if f := c.ServerFacts; f != nil {
		return f.Missing == ""
	}
	for _, end := range c.CallFacts.Ends() {
		if end.Established || end.Fault != "" || end.Invite != nil && end.Invite.Status != 0 {
			return true
		}
	}
	return c.Skipped != ""
}

func (r *run) options(ctx context.Context, c *evidence.Check) {
	t := sipprobe.Transport(c.Transport)
	f := r.flows[t]
	if f == nil {
		c.Skipped = r.missing(t)
		return
	}
	facts := &evidence.OptionsFacts{Connect: r.connect(ctx, f)}
	c.Options = facts
	if failure(facts.Connect) != nil {
		facts.Exchange = sipprobe.Exchange{Method: "OPTIONS", Transport: t, Remote: f.peer,
			Outcome: sipprobe.NotReached, Error: facts.Connect.Error}
		return
	}
	ctx, cancel := context.WithTimeout(ctx, firstContact)
	defer cancel()
	facts.Exchange = f.endpoint.Options(ctx, sipprobe.Target{Peer: f.peer, Token: r.ev.Run.Token(c.ID)})
}

// missing says why there is no flow over a transport.
func (r *run) missing(t sipprobe.Transport) string {
	if _, on := r.cfg.Ports[t]; on {
		return "this machine could not open a socket for " + string(t)
	}
	return string(t) + " is switched off"
}

// answers reports whether signalling passes over a transport, by its OPTIONS check
// or by the pairing.
func (r *run) answers(t sipprobe.Transport) bool {
	for i := range r.ev.Checks { // other checks are being written to: no copies
		if c := &r.ev.Checks[i]; c.Options != nil && sipprobe.Transport(c.Transport) == t {
			return c.Options.Exchange.Outcome == sipprobe.Accepted
		}
	}
	return r.works(t)
}

// way is the flow for a check that this end begins; nil when there is none that
// answers, which is then why the check is skipped.
func (r *run) way(c *evidence.Check) *flow {
	t := sipprobe.Transport(c.Transport)
	switch {
	case r.flows[t] == nil:
		c.Skipped = r.missing(t)
	case !r.answers(t):
		c.Skipped = fmt.Sprintf("the responder does not answer over %s", t)
	default:
		return r.flows[t]
	}
	return nil
}

func (r *run) callIn(ctx context.Context, c *evidence.Check) {
	f := r.way(c)
	if f == nil {
		return
	}
	_, err := r.patiently(ctx, c.ID, pairing.Order{Expect: &pairing.Expect{Check: c.Bare(), ColdMs: int(coldTime.Milliseconds())}})
	if err != nil {
		c.Skipped = "the responder could not be told to expect the call: " + err.Error()
		return
	}
	c.CallFacts = &evidence.CallFacts{Client: new(r.place(ctx, c, f))}
	r.fetchCall(ctx, c)
}

func (r *run) place(ctx context.Context, c *evidence.Check, f *flow) evidence.CallEnd {
	if err := failure(r.connect(ctx, f)); err != nil {
		return call.Unplaced(err)
	}
	setup := r.setup(c.Check)
	setup.Lead = coldTime
	to := sipprobe.Target{Peer: f.peer, Token: r.ev.Run.Token(c.ID), NoRport: !c.Call.Client.Rport,
		OwnVia: c.Call.Responder.AnswersTo == scenarios.ToVia}
	return call.Place(ctx, f.endpoint, to, setup)
}

func (r *run) setup(check scenarios.Check) call.Setup {
	s := call.Setup{
		Network: r.cfg.Network, Ports: r.cfg.RTP, Local: r.local, Public: r.public, Check: check, Behaviour: check.Call.Client,
		MediaKey: pairing.MediaKey(r.cfg.Key, r.ev.Run.ID), Allow: r.maySend, Pacer: r.pacer,
	}
	second := r.ev.Pairing.Second
	if second == nil || second.SeenAs == nil {
		return s
	}
	s.Second = call.Address{Local: second.Address, Public: second.SeenAs.Addr()}
	if check.FromSecond() {
		s.Local, s.Public, s.Control = s.Second.Local, s.Second.Public, r.local
	}
	return s
}

// recordTimeout is how long after a call its record may take to come.
const recordTimeout = 15 * time.Second

// unfetched says why there is no record of the responder's, by the reason for which
// the run ended where that is why.
func unfetched(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	return fmt.Errorf("the responder's record could not be fetched: %w", err)
}

// fetchRecord brings home the responder's record of a check, which is ready within some time.
func (r *run) fetchRecord(ctx context.Context, check string, within time.Duration, record any) error {
	ctx, cancel := lastWords(ctx, within+recordTimeout)
	defer cancel()
	if err := r.link.Fetch(ctx, check, record); err != nil {
		return unfetched(ctx, err)
	}
	return nil
}

// fetchCall brings home the responder's record of a call.
func (r *run) fetchCall(ctx context.Context, c *evidence.Check) {
	var end evidence.CallEnd
	switch err := r.fetchRecord(ctx, c.ID, 0, &end); {
	case errors.Is(err, pairing.ErrNoRecord):
	case err != nil:
		c.CallFacts.Missing = err.Error()
	default:
		c.CallFacts.Responder = &end
	}
}
