package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/idle"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// longCall is from where on a call is left to the end of a run, with the idle times.
const longCall = 30 * time.Second

// long says which checks take so long that all of them run side by side at the end.
func long(c scenarios.Check) bool {
	return c.Idle != nil || c.Call != nil && c.Call.Length() >= longCall
}

// idle runs one check of idle times, all of its trials side by side.
func (r *run) idle(ctx context.Context, c *evidence.Check) {
	t := sipprobe.Transport(c.Transport)
	outward := c.Direction == scenarios.Outbound
	switch {
	case outward && r.unreachable() == errConcealed:
		c.Skipped = errConcealed.Error()
	case outward && r.public != r.local:
		c.Skipped = "the client is behind a NAT of its own, whose memory would be measured too"
	case outward && c.Kind == scenarios.IdleKind && r.own[t] == nil:
		c.Skipped = "this machine has no " + string(t) + " port of its own for the responder to connect to"
	case !outward && r.flows[t] == nil:
		c.Skipped = r.missing(t)
	case !outward && !r.answers(t):
		c.Skipped = fmt.Sprintf("the responder does not answer over %s", t)
	case c.Kind == scenarios.BindingKind:
		r.bindings(ctx, c)
	case outward:
		r.connectionsOut(ctx, c)
	default:
		r.connectionsIn(ctx, c)
	}
}

// idleAgain tries once more what was dead in a check after less than its limit: a line that
// was interrupted just then, or a router that started anew, looks like one that forgets. Nil
// when nothing was, or when it could not be tried.
func (r *run) idleAgain(ctx context.Context, of *evidence.Check) *evidence.Check {
	if of.Idle == nil || of.IdleFacts == nil || ctx.Err() != nil {
		return nil
	}
	var dead []int
	for i, ms := range of.Idle.StepsMs {
		if alive := of.IdleFacts.Alive(i); alive != nil && !*alive && ms < of.Idle.LimitMs {
			dead = append(dead, ms)
		}
	}
	if len(dead) == 0 {
		return nil
	}
	c := &evidence.Check{Check: of.Check, Control: of.ID}
	again := *of.Idle
	again.StepsMs, again.LimitMs = dead, dead[len(dead)-1]
	c.ID, c.Idle = of.ID+"-again", &again
	if r.check(ctx, c); c.IdleFacts == nil {
		return nil
	}
	return c
}

// bindings answers the bindings that the responder opens, and tries each of them
// after its idle time.
func (r *run) bindings(ctx context.Context, c *evidence.Check) {
	order := pairing.Idle{Check: c.Bare(), Number: rand.Uint32()}
	conns := make([]net.PacketConn, len(c.Idle.StepsMs))
	for i := range conns {
		conn, err := r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(r.local, 0))
		if err != nil {
			c.Skipped = "this machine has no socket for it: " + err.Error()
			network.CloseAll(conns[:i])
			return
		}
		conns[i] = conn
		order.Ports = append(order.Ports, network.PortOf(conn))
	}
	facts := &evidence.IdleFacts{Bindings: make([]evidence.BindingTrial, len(conns))}
	c.IdleFacts = facts
	if _, err := r.link.Do(ctx, pairing.Order{Idle: &order}); err != nil {
		facts.Missing = "the responder could not be told to begin: " + err.Error()
		network.CloseAll(conns)
		return
	}
	var wg sync.WaitGroup
	for i, conn := range conns {
		trial := &facts.Bindings[i]
		trial.IdleMs = c.Idle.StepsMs[i]
		wg.Go(func() {
			terms := idle.Terms{Key: pairing.MediaKey(r.cfg.Key, r.ev.Run.ID), Check: order.Number, Trial: uint8(i), Traffic: c.Idle.Traffic}
			trial.Outside = new(idle.Outside(ctx, conn, terms, time.Duration(trial.IdleMs)*time.Millisecond))
		})
	}
	wg.Wait()
	var inside []evidence.BindingInside
	if facts.Missing = r.fetchIdle(ctx, c, &inside); len(inside) != len(conns) {
		return
	}
	for i := range inside {
		facts.Bindings[i].Inside = &inside[i]
	}
}

// fetchIdle brings home the responder's record of a check, or says why it cannot.
func (r *run) fetchIdle(ctx context.Context, c *evidence.Check, record any) string {
	if err := r.fetchRecord(ctx, c.ID, 0, record); err != nil {
		return err.Error()
	}
	return ""
}

// connectionsIn tries connections to the site.
func (r *run) connectionsIn(ctx context.Context, c *evidence.Check) {
	facts := &evidence.IdleFacts{Connections: make([]evidence.ConnectionTrial, len(c.Idle.StepsMs))}
	c.IdleFacts = facts
	var wg sync.WaitGroup
	for i := range facts.Connections {
		wg.Go(func() { facts.Connections[i] = r.connection(ctx, c, i) })
	}
	wg.Wait()
}

func (r *run) connection(ctx context.Context, c *evidence.Check, trial int) evidence.ConnectionTrial {
	wait := time.Duration(c.Idle.StepsMs[trial]) * time.Millisecond
	t := sipprobe.Transport(c.Transport)
	f := &flow{peer: r.flows[t].peer}
	var err error
	if f.endpoint, err = sipprobe.Start(r.endpointConfig(t)); err != nil {
		return evidence.ConnectionTrial{IdleMs: c.Idle.StepsMs[trial], Connect: evidence.Connect{Result: "local", Remote: f.peer, Error: err.Error()}}
	}
	defer f.endpoint.Close()
	first, second := r.ev.Run.ConnectionTokens(c.ID, trial)
	return idle.Connection(ctx, idle.Line{
		Endpoint: f.endpoint, First: sipprobe.Target{Peer: f.peer, Token: first}, Second: sipprobe.Target{Peer: f.peer, Token: second},
		Connect: func(ctx context.Context) evidence.Connect { return *r.connect(ctx, f) },
	}, wait)
}

// connectionsOut has the responder try connections to this end's own port.
func (r *run) connectionsOut(ctx context.Context, c *evidence.Check) {
	facts := &evidence.IdleFacts{}
	c.IdleFacts = facts
	t := sipprobe.Transport(c.Transport)
	order := pairing.Idle{Check: c.Bare(), Ports: []uint16{r.own[t].Local().Port()}}
	if _, err := r.link.Do(ctx, pairing.Order{Idle: &order}); err != nil {
		facts.Missing = "the responder could not be told to begin: " + err.Error()
		return
	}
	// Asking for the record all the while would only fill the tape.
	select {
	case <-time.After(c.Idle.Longest()):
	case <-ctx.Done():
	}
	facts.Missing = r.fetchIdle(ctx, c, &facts.Connections)
}
