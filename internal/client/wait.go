package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// Errors of a run that waits.
var (
	// ErrNoDoor says that this end cannot listen where the responder will dial.
	ErrNoDoor = errors.New("cannot wait for a responder")
	// ErrNobodyCame says that no responder with the key has dialled in.
	ErrNobodyCame = errors.New("no responder has dialled in")
)

// source is this end's address towards the target; invalid while that is awaited.
func source(ctx context.Context, cfg Config) (netip.Addr, error) {
	if cfg.Wait > 0 && !cfg.Address.IsValid() {
		return netip.Addr{}, nil
	}
	return cfg.Network.Source(ctx, cfg.Address)
}

// await listens on this end's own TLS port until a responder has dialled in, and takes
// the target from it where the user has named none.
func (r *run) await(ctx context.Context) error {
	d := newDoor()
	r.door = d
	if err := r.openDoor(ctx, d); err != nil {
		return fmt.Errorf("%w: %w", ErrNoDoor, err)
	}
	start := time.Now()
	port := d.endpoints[0].Local().Port()
	r.progress("waiting", "", "waiting for a responder to dial in on TLS port %d, for %s", port, r.cfg.Wait)
	limited, cancel := context.WithTimeout(ctx, r.cfg.Wait)
	defer cancel()
	g, err := d.meet(limited)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s", ErrNobodyCame, interruption(context.Cause(ctx)))
	case err != nil:
		return fmt.Errorf("%w within %s%s", ErrNobodyCame, r.cfg.Wait, turnedAway(r.tape.Records("")))
	}
	r.welcome(g, time.Since(start))
	return nil
}

// knocked answers a responder that has dialled the own TLS port; an end that does not
// wait for one is told nothing.
func (r *run) knocked(in *sipprobe.Incoming) {
	own := in.Endpoint.Transport() == sipprobe.TLS && in.Endpoint.Local().IsValid()
	if r.door == nil || !own {
		in.Reply(405, "Method Not Allowed", sipprobe.Body{})
		return
	}
	r.door.answer(in)
}

// welcome makes the connection of a responder a part of the run.
func (r *run) welcome(g guest, waited time.Duration) {
	for _, e := range r.door.endpoints {
		if e != g.endpoint {
			e.Close()
		}
	}
	if !r.cfg.Address.IsValid() {
		r.cfg.Address = g.peer.Addr()
		r.ev.Run.Address = r.cfg.Address
	}
	r.local, r.public = g.local.Addr(), g.local.Addr()
	r.ev.Run.Started = time.Now()
	r.own[sipprobe.TLS] = g.endpoint
	r.ev.Client.Sockets = append(r.ev.Client.Sockets, evidence.Socket{Transport: sipprobe.TLS, Address: g.local})
	r.ev.Pairing.FromInside = &evidence.FromInside{WaitedMs: waited.Milliseconds()}
	r.over(g)
	r.progress("dialled-in", "", "a responder has dialled in from %s", g.peer)
}

// greet says hello to the responder that has dialled in, after the tries over each
// transport, so that the session is fresh when the checks begin; again where its
// connection ends under the hello.
func (r *run) greet(ctx context.Context) *pairing.Welcome {
	if r.door == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*firstContact)
	defer cancel()
	token := r.ev.Run.InsideToken()
	for try := 2; ; try++ {
		g, err := r.door.meet(ctx)
		if err != nil {
			return nil
		}
		x, welcome := r.sayHello(ctx, g.endpoint, sipprobe.Target{Peer: g.peer, Token: token})
		r.over(g)
		r.ev.Pairing.FromInside.Exchange = x
		if welcome != nil {
			r.door.paired()
		}
		if x == nil || x.Outcome != sipprobe.Closed {
			return welcome
		}
		token = fmt.Sprintf("%s-%d", r.ev.Run.InsideToken(), try)
	}
}

// over notes the connection that the responder has opened.
func (r *run) over(g guest) {
	in := r.ev.Pairing.FromInside
	in.Local, in.Remote, in.Inside, in.Dialled = g.local, g.peer, g.presence.Local, g.presence.Dialled
}

// openDoor listens on the own TLS port: of the address towards the target, or of all
// addresses without one. No other port does: the responder has to know it.
func (r *run) openDoor(ctx context.Context, d *door) error {
	port, on := r.cfg.OwnPorts[sipprobe.TLS]
	if !on {
		return errors.New("TLS is switched off")
	}
	addrs := []netip.Addr{r.local}
	if !r.local.IsValid() {
		addrs = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	}
	var refused error
	for _, a := range addrs {
		e, err := r.listen(ctx, sipprobe.TLS, netip.AddrPortFrom(a, port))
		if err != nil {
			refused = errors.Join(refused, err)
			continue
		}
		d.endpoints = append(d.endpoints, e)
		port = e.Local().Port() // where any would do, one for both
	}
	if len(d.endpoints) == 0 || knock.FaultOf(refused) == knock.InUse {
		return refused
	}
	return nil // a machine without one of the families
}

// turnedAway names the last of those who came and did not have the key, or spoke
// another version.
func turnedAway(tape []sipprobe.Record) string {
	for i := len(tape) - 1; i >= 0; i-- {
		rec := tape[i]
		switch {
		case rec.Sent:
		case strings.HasPrefix(rec.Note, "answered 415"):
			return fmt.Sprintf("; %s speaks %s", rec.Remote.Addr(), theirVersion(rec.Data))
		case strings.HasPrefix(rec.Note, "answered 401"):
			return fmt.Sprintf("; %s came without the key", rec.Remote.Addr())
		}
	}
	return ""
}
