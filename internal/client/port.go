package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A ports is a set of checks of ports of one direction, under way.
type ports struct {
	*run
	checks []*evidence.Check
	list   pairing.PortList
}

// ports knocks at the ports of a direction, side by side.
func (r *run) ports(ctx context.Context, d scenarios.Direction) {
	var left []*evidence.Check
	for i := range r.ev.Checks {
		if c := &r.ev.Checks[i]; c.Kind == scenarios.PortKind && c.Direction == d {
			left = append(left, c)
		}
	}
	for set := range slices.Chunk(left, pairing.MaxPorts) {
		r.portSet(ctx, d, set)
	}
}

func (r *run) portSet(ctx context.Context, d scenarios.Direction, checks []*evidence.Check) {
	p := &ports{run: r, checks: checks, list: pairing.PortList{ID: newID()}}
	for _, c := range checks {
		r.progress("check-started", c.ID, "")
		p.list.Add(knock.Transport(c.Transport), c.Port.Number)
	}
	err := ctx.Err()
	switch {
	case err != nil:
	case d == scenarios.Inbound:
		err = p.inbound(ctx)
	default:
		err = p.outbound(ctx)
	}
	for _, c := range checks {
		if c.Skipped == "" && (ctx.Err() != nil && !settled(c.PortFacts) || c.PortFacts == nil) {
			c.PortFacts, c.Skipped = nil, reason(ctx, err)
		}
		r.progress("check-done", c.ID, "%s", c.Skipped)
	}
}

// newID is any number but 0.
func newID() uint32 { return rand.Uint32N(1<<32-1) + 1 }

// settled reports whether what was recorded until a run was stopped is worth having:
// silence that nobody waited for is no fact.
func settled(f *evidence.PortFacts) bool {
	return f != nil && f.Heard != nil && f.Knocked != nil && f.Knocked.Answered() != nil
}

// inbound has the responder hang bells, and knocks at them.
func (p *ports) inbound(ctx context.Context) error {
	reply, err := p.order(ctx, p.hang())
	if err != nil {
		return errors.Join(errNoPorts, err)
	}
	if reply.Hung == nil {
		return errors.New("the responder does not say where its bells hang")
	}
	hung := *reply.Hung
	hung.ID = p.list.ID
	k := knock.Knocker{
		Terms: p.terms(), Dialer: p.cfg.Network, Result: network.ConnectResult, Local: netip.AddrPortFrom(p.local, 0), // not used before
	}
	knocked := hung.KnockAt(ctx, k, p.cfg.Address)
	rec, err := p.takeDown(ctx)
	p.enter(rec.Heard, knocked, err)
	p.askHeld(ctx, rec.Said)
	for _, c := range p.checks {
		if f := c.PortFacts; f.Heard != nil && f.Heard.NotHung == knock.Own {
			c.PortFacts, c.Skipped = nil, ownPort("responder")
		}
	}
	return nil
}

var errNoPorts = errors.New("no port could be tried")

// ownPort is why a port is not knocked at that one of the two programs uses.
func ownPort(end string) string {
	return "the " + end + " itself uses the port; where it is its SIP port, checks of kind options and call test it"
}

// takeDown has the responder take its bells down, and brings home what they heard, also
// when the run was stopped.
func (p *ports) takeDown(ctx context.Context) (rec pairing.PortRecord, err error) {
	ctx, cancel := lastWords(ctx, recordTimeout)
	defer cancel()
	if _, err = p.order(ctx, pairing.PortOrder{TakeDown: true}); err != nil {
		return rec, err
	}
	return p.link.FetchPorts(ctx, p.list.ID)
}

// order gives an order.
func (p *ports) order(ctx context.Context, o pairing.PortOrder) (pairing.PortReply, error) {
	reply, err := p.patiently(ctx, p.checks[0].ID, pairing.Order{Port: &o})
	switch {
	case err != nil:
		return pairing.PortReply{}, err
	case reply.Port == nil:
		return pairing.PortReply{}, errors.New("the responder knows no checks of ports; its version is older")
	}
	return *reply.Port, nil
}

func (p *ports) terms() knock.Terms {
	return knock.Terms{ID: p.list.ID, Key: pairing.KnockKey(p.cfg.Key, p.ev.Run.ID)}
}

// enter gives each check its facts. Missing is why the other end's ledgers are not there.
func (p *ports) enter(heard []knock.Heard, knocked []knock.Knocked, missing error) {
	for _, c := range p.checks {
		if c.Skipped != "" {
			continue
		}
		f := &evidence.PortFacts{}
		t, port := knock.Transport(c.Transport), c.Port.Number
		for _, k := range knocked {
			if k.Transport == t && k.Remote.Port() == port {
				f.Knocked = &k
			}
		}
		f.Heard = meantFor(heard, t, port)
		if missing != nil {
			f.Missing = "the responder's record could not be fetched: " + missing.Error()
		}
		c.PortFacts = f
	}
}

// meantFor is the ledger of the bell at a port, with the knocks that were meant for it
// on whichever bell they arrived, and without those that were meant for others.
func meantFor(all []knock.Heard, t knock.Transport, port uint16) (found *knock.Heard) {
	arrivals := []knock.Arrival{}
	for _, h := range all {
		if h.Transport != t {
			continue
		}
		if h.Local.Port() == port {
			found = &h
		}
		for _, a := range h.Arrivals {
			if a.Port == port {
				arrivals = append(arrivals, a)
			}
		}
	}
	if found != nil {
		found.Arrivals = arrivals
	}
	return found
}

// holds reports whether one of the two programs uses a port of this host.
func (r *run) holds(t knock.Transport, port uint16) bool {
	for transport, e := range r.own {
		if (transport == sipprobe.UDP) == (t == knock.UDP) && e.Local().Port() == port {
			return true
		}
	}
	if f := r.flows[sipprobe.UDP]; t == knock.UDP && f != nil && f.endpoint.Local().Port() == port {
		return true
	}
	for transport, taken := range r.cfg.Ports {
		if r.sameHost() && taken == port && (transport == sipprobe.UDP) == (t == knock.UDP) {
			return true
		}
	}
	return false
}
