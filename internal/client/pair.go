package client

import (
	"context"
	"slices"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/pairing"
	"bothways/internal/resolve"
	"bothways/sipprobe"
)

// firstContact bounds the first try over each transport.
const firstContact = 4 * time.Second

// pair says hello over every transport at once, then to a responder that has dialled
// in, and links over what works.
func (r *run) pair(ctx context.Context) {
	r.progress("pairing", "", "looking for the responder at %s", r.cfg.Address)
	var flows []*flow
	for _, t := range sipprobe.Transports() {
		if f := r.flows[t]; f != nil {
			flows = append(flows, f)
		}
	}
	attempts, welcomes := make([]evidence.Attempt, len(flows)), make([]*pairing.Welcome, len(flows))
	var wg sync.WaitGroup
	for i, f := range flows {
		wg.Go(func() { attempts[i], welcomes[i] = r.hello(ctx, f) })
	}
	wg.Wait()
	r.ev.Pairing.Attempts = attempts
	r.linkUp(r.greet(ctx), attempts, welcomes)
}

func (r *run) hello(ctx context.Context, f *flow) (evidence.Attempt, *pairing.Welcome) {
	t := f.endpoint.Transport()
	a := evidence.Attempt{Transport: t, Connect: r.connect(ctx, f)}
	if a.Connect != nil && a.Connect.Result != "open" {
		return a, nil
	}
	to := sipprobe.Target{Peer: f.peer, Token: r.ev.Run.PairingToken(t)}
	var welcome *pairing.Welcome
	a.Exchange, welcome = r.sayHello(ctx, f.endpoint, to)
	return a, welcome
}

func (r *run) sayHello(ctx context.Context, e *sipprobe.Endpoint, to sipprobe.Target) (*sipprobe.Exchange, *pairing.Welcome) {
	body, err := pairing.Encode(pairing.Order{Run: r.ev.Run.ID, Hello: &pairing.Hello{Program: r.ev.Run.Client, Dialled: r.cfg.Address, Name: r.cfg.dialledName()}})
	if err != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, firstContact)
	defer cancel()
	x := e.Message(ctx, to, pairing.ContentType, pairing.Encoding, body)
	if x.Outcome != sipprobe.Accepted {
		return &x, nil
	}
	var reply pairing.Reply
	err = pairing.Decode(x.Body(), &reply)
	if err != nil {
		reply.Error = "cannot read the reply: " + err.Error()
	}
	if reply.Welcome == nil {
		x.Outcome, x.Error = sipprobe.Refused, reply.Error
	}
	return &x, reply.Welcome
}

// cutShort reports whether an attempt of a run that was stopped ended with the run:
// silence that nobody waited for is no fact.
func cutShort(a evidence.Attempt) bool {
	connected := a.Connect == nil || a.Connect.Result == "open"
	stopped := a.Connect != nil && a.Connect.Result == "local"
	return stopped || connected && (a.Exchange == nil || a.Exchange.Status == 0)
}

// dialledName is the name that led to the address, empty where none did.
func (c Config) dialledName() string {
	if c.Resolution == nil || !resolve.IsName(c.Resolution.Name) {
		return ""
	}
	return c.Resolution.Name
}

// linkUp links over the connection that the responder has dialled, and over the
// transports that work, TLS before TCP before UDP: what is encrypted cannot be tampered
// with, and what is a stream carries large replies.
func (r *run) linkUp(inside *pairing.Welcome, attempts []evidence.Attempt, welcomes []*pairing.Welcome) {
	var paths []pairing.Path
	if inside != nil {
		paths = append(paths, r.door.path())
		r.met(sipprobe.TLS, inside)
		r.seen(inside)
	}
	for i := len(attempts) - 1; i >= 0; i-- {
		if welcomes[i] == nil {
			continue
		}
		f := r.flows[attempts[i].Transport]
		paths = append(paths, r.path(f))
		if r.ev.Run.Responder == nil {
			r.met(attempts[i].Transport, welcomes[i])
		}
	}
	if i := slices.IndexFunc(welcomes, func(w *pairing.Welcome) bool { return w != nil }); i >= 0 && inside == nil {
		r.seen(welcomes[i])
	}
	if len(paths) == 0 {
		r.progress("not-paired", "", "no responder was found")
		return
	}
	r.link = pairing.NewLink(r.ev.Run.ID, paths)
	r.progress("paired", "", "paired over %s with responder %s", r.ev.Pairing.Transport.String(), r.ev.Run.Responder.Version)
}

// path connects again where the connection has died.
func (r *run) path(f *flow) pairing.Path {
	return pairing.Path{Endpoint: f.endpoint, Target: sipprobe.Target{Peer: f.peer}, Connect: func(ctx context.Context) error {
		return failure(r.connect(ctx, f))
	}}
}

// met keeps what the responder said of itself.
func (r *run) met(t sipprobe.Transport, w *pairing.Welcome) {
	r.ev.Run.Responder = &w.Program
	r.ev.Pairing.Transport = t
}

// seen keeps what the responder said of this end. Over UDP it is this end's address as
// media will have it; over TLS and TCP it may be that of a proxy.
func (r *run) seen(w *pairing.Welcome) {
	r.public = w.SeenAs.Addr().Unmap()
	r.guard.Trust(r.cfg.Address)
	r.ev.Pairing.ClientBehindNAT = new(r.public != r.local)
}

// works reports whether the responder answered over the transport when it was paired.
func (r *run) works(t sipprobe.Transport) bool {
	for _, a := range r.ev.Pairing.Attempts {
		if a.Transport == t && a.Works() {
			return true
		}
	}
	return false
}
