package client

import (
	"context"
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// size sends messages of rising size one way.
func (r *run) size(ctx context.Context, c *evidence.Check) {
	t := sipprobe.Transport(c.Transport)
	if c.Direction == scenarios.Outbound {
		r.sizeOut(ctx, c, t)
		return
	}
	f := r.way(c)
	if f == nil {
		return
	}
	facts := &evidence.SizeFacts{}
	c.SizeFacts = facts
	var err error
	to := sipprobe.Target{Peer: f.peer, Token: r.ev.Run.Token(c.ID)}
	if t == sipprobe.UDP {
		facts.Rungs, err = f.endpoint.Climb(ctx, to, c.Size.Bytes, nil)
		to.Token = r.ev.Run.WholeToken(c.ID)
		facts.Whole = r.whole(ctx, to, c.Size.Bytes)
	} else {
		facts.Rungs, err = r.climbConns(ctx, t, to, c.Size.Bytes)
	}
	if err != nil {
		facts.Missing = err.Error()
	}
	facts.MTU = network.PathMTU(ctx, r.cfg.Network, f.peer)
	facts.LinkMTU = network.LinkMTU(r.cfg.Network, r.local)
}

// climbConns sends over connections of their own, so that none stalls that others use.
func (r *run) climbConns(ctx context.Context, t sipprobe.Transport, to sipprobe.Target, sizes []int) ([]sipprobe.Rung, error) {
	e, err := sipprobe.Start(r.endpointConfig(t))
	if err != nil {
		return nil, err
	}
	defer e.Close()
	f := &flow{endpoint: e, peer: to.Peer}
	return e.Climb(ctx, to, sizes, func(ctx context.Context) error { return failure(r.dial(ctx, f)) })
}

// whole sends from a socket of its own, in datagrams that must not be fragmented.
func (r *run) whole(ctx context.Context, to sipprobe.Target, sizes []int) *evidence.WholeFacts {
	var out evidence.WholeFacts
	e, err := r.wholeEndpoint(ctx)
	if err == nil {
		defer e.Close()
		out.Rungs, err = e.Climb(ctx, to, sizes, nil)
	}
	if err != nil {
		out.Missing = err.Error()
	}
	return &out
}

func (r *run) wholeEndpoint(ctx context.Context) (*sipprobe.Endpoint, error) {
	conn, err := r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(r.local, 0))
	if err != nil {
		return nil, err
	}
	if err := network.ForbidFragments(conn); err != nil {
		conn.Close()
		return nil, err
	}
	cfg := r.endpointConfig(sipprobe.UDP)
	cfg.PacketConn = conn
	return sipprobe.Start(cfg)
}

// sizeOut has the responder send: to this end's own port where that can be reached, else
// over UDP on the flow that this end has opened.
func (r *run) sizeOut(ctx context.Context, c *evidence.Check, t sipprobe.Transport) {
	order, flow := pairing.Size{Check: c.Bare()}, "client"
	switch own := r.own[t]; {
	case own != nil && r.public == r.local:
		order.Port, flow = own.Local().Port(), "new"
	case t != sipprobe.UDP && own != nil:
		c.Skipped = errBehindNAT.Error()
		return
	case t != sipprobe.UDP || r.flows[t] == nil || !r.answers(t):
		c.Skipped = "the client cannot be reached over " + string(t)
		return
	}
	facts := &evidence.SizeFacts{}
	if _, err := r.link.Do(ctx, pairing.Order{Size: &order}); err != nil {
		facts.Missing = "the responder could not be told to send: " + err.Error()
	} else if err := r.fetchRecord(ctx, c.ID, pairing.SizeTime, facts); err != nil {
		facts.Missing = err.Error()
	}
	facts.Flow = flow
	c.SizeFacts = facts
}
