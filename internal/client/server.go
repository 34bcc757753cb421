package client

import (
	"context"

	"bothways/internal/evidence"
	"bothways/internal/pairing"
	"bothways/internal/serverprobe"
	"bothways/scenarios"
)

// serverTimeout is for the responder's question to a server that does not answer, and for
// those before it.
const serverTimeout = 2*serverprobe.Longest + recordTimeout

// server has the responder ask somebody else's server, or asks it from here. What failed
// from the site is tried from here as well: so that a server that is down is told from
// a site that does not reach it.
func (r *run) server(ctx context.Context, c *evidence.Check) {
	if c.Direction == scenarios.Inbound {
		c.ServerFacts = r.askServer(ctx, c)
		return
	}
	reply, err := r.link.Do(ctx, pairing.Order{Server: &pairing.Server{Check: c.Bare()}})
	switch {
	case reply.Error != "":
		c.Skipped = reply.Error
		return
	case err != nil:
		c.Skipped = "the responder could not be told to ask: " + err.Error()
		return
	}
	c.ServerFacts = r.fetchServer(ctx, c.ID)
	if f := c.ServerFacts; f.Missing == "" && !f.Content() && !r.sameHost() && ctx.Err() == nil {
		f.Control = r.askServer(ctx, c)
	}
}

func (r *run) askServer(ctx context.Context, c *evidence.Check) *evidence.ServerFacts {
	return serverprobe.Ask(ctx, c.Check, serverprobe.Config{Network: r.cfg.Network, Roots: r.cfg.Roots, Software: r.software()})
}

// fetchServer brings home the responder's record.
func (r *run) fetchServer(ctx context.Context, check string) *evidence.ServerFacts {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	f := &evidence.ServerFacts{}
	if err := r.link.Fetch(ctx, check, f); err != nil {
		return &evidence.ServerFacts{Missing: unfetched(ctx, err).Error()}
	}
	return f
}
