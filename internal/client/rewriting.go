package client

import (
	"context"
	"errors"
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

var errBehindNAT = errors.New("the client is behind a NAT of its own, which lets nothing in that it did not ask for")

// rewriting shows the path all forms, to and from the SIP port, and over UDP between
// two other ports.
func (r *run) rewriting(ctx context.Context, c *evidence.Check) {
	t := sipprobe.Transport(c.Transport)
	f := r.way(c)
	if f == nil {
		return
	}
	facts := &evidence.RewritingFacts{}
	c.Rewriting = facts
	if err := failure(r.connect(ctx, f)); err != nil {
		facts.Missing = err.Error()
		return
	}
	if c.Direction == scenarios.Inbound {
		facts.Shown = f.endpoint.ShowAll(ctx, sipprobe.Target{Peer: f.peer, Token: r.ev.Run.Token(c.ID)}, r.private())
	} else {
		r.showOut(ctx, c, t)
	}
	if t == sipprobe.UDP {
		if err := r.aside(ctx, c); err != nil {
			facts.AsideMissing = err.Error()
		}
	}
}

// private is this end's own address where it is private, else invalid.
func (r *run) private() netip.Addr {
	if network.Private(r.local) {
		return r.local
	}
	return netip.Addr{}
}

// showOut has the responder show the forms: to this end's own port where that can be
// reached, else over the flow that this end has opened.
func (r *run) showOut(ctx context.Context, c *evidence.Check, t sipprobe.Transport) {
	show := pairing.Show{Token: r.ev.Run.Token(c.ID), Transport: t}
	c.Rewriting.Flow = "client"
	if own := r.own[t]; own != nil && r.public == r.local {
		show.Port, c.Rewriting.Flow = own.Local().Port(), "new"
	}
	reply, err := r.link.Do(ctx, pairing.Order{Show: &show})
	if err != nil {
		c.Rewriting.Missing = "the responder could not show them: " + err.Error()
		return
	}
	c.Rewriting.Shown = reply.Shown
}

// aside shows the forms between two ports that are not SIP's.
func (r *run) aside(ctx context.Context, c *evidence.Check) error {
	reply, err := r.patiently(ctx, c.ID, pairing.Order{Aside: true})
	if err != nil {
		return err
	}
	e, err := r.listen(ctx, sipprobe.UDP, netip.AddrPortFrom(r.local, 0))
	if err != nil {
		return err
	}
	defer e.Close()
	token := r.ev.Run.AsideToken(c.ID)
	if c.Direction == scenarios.Inbound {
		to := sipprobe.Target{Peer: netip.AddrPortFrom(r.cfg.Address, reply.Aside), Token: token}
		c.Rewriting.Aside = e.ShowAll(ctx, to, r.private())
		return nil
	}
	if err := r.unreachable(); err != nil {
		return err
	}
	reply, err = r.link.Do(ctx, pairing.Order{Show: &pairing.Show{
		Token: token, Transport: sipprobe.UDP, Port: e.Local().Port(), Aside: true,
	}})
	c.Rewriting.Aside = reply.Shown
	return err
}
