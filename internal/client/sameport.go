package client

import (
	"context"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// samePort asks the site over UDP from this end's own SIP port, as a provider's proxy
// does, where a question from a fresh port was answered; and if that meets silence, from
// the fresh port again and then from its own once more: the line may have been interrupted
// just then. It comes last: what it opens would be a way in for calls from the
// site. From behind this end's own NAT the port would not be the one that the site sees.
func (r *run) samePort(ctx context.Context) {
	own, f := r.own[sipprobe.UDP], r.flows[sipprobe.UDP]
	port := r.cfg.OwnPorts[sipprobe.UDP]
	if own == nil || f == nil || port == 0 || own.Local().Port() != port || r.public != r.local || ctx.Err() != nil {
		return
	}
	for _, c := range r.ev.Checks {
		if c.Options == nil || c.Control != "" || c.Transport != scenarios.Transport(sipprobe.UDP) || c.Options.Exchange.Outcome != sipprobe.Accepted {
			continue
		}
		same := r.repeat(ctx, c, "-own-port", own, f)
		if same.Options.Exchange.Outcome == sipprobe.Silent {
			again := r.repeat(ctx, same, "-again", f.endpoint, f)
			r.repeat(ctx, again, "-own-port", own, f)
		}
		return
	}
}

// repeat asks a question again from an endpoint, as the control of the one that was asked.
func (r *run) repeat(ctx context.Context, of evidence.Check, suffix string, from *sipprobe.Endpoint, f *flow) evidence.Check {
	c := evidence.Check{Check: of.Check, Control: of.ID}
	c.ID += suffix
	r.progress("check-started", c.ID, "")
	asking, cancel := context.WithTimeout(ctx, firstContact)
	defer cancel()
	c.Options = &evidence.OptionsFacts{
		Exchange: from.Options(asking, sipprobe.Target{Peer: f.peer, Token: r.ev.Run.Token(c.ID)}),
	}
	if ctx.Err() == nil { // silence that nobody waited for is no fact
		r.ev.Checks = append(r.ev.Checks, c)
	}
	r.progress("check-done", c.ID, "")
	return c
}
