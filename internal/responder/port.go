package responder

import (
	"context"
	"net/netip"
	"sync"

	"bothways/internal/knock"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// A belfry is the part of a session that hangs bells and knocks.
type belfry struct {
	turn sync.Mutex // held while an order is carried out
	hung *bells     // under turn

	records shelf[uint32] // by the lists' ids

	mu       sync.Mutex
	knocking bool
}

// bells are those of one list, until their context ends.
type bells struct {
	addr   netip.Addr
	list   pairing.PortList
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{} // closed when nothing of them is left
}

// portOrder carries out one step of the checks of ports.
func (r *Responder) portOrder(s *session, in *sipprobe.Incoming, o pairing.PortOrder) (pairing.Reply, error) {
	s.belfry.turn.Lock()
	defer s.belfry.turn.Unlock()
	var reply pairing.PortReply
	var err error
	switch {
	case o.Hang != nil:
		reply.Hung, err = r.hang(s, in.Local.Addr(), o)
	case o.Knock != nil:
		err = r.knock(s, in, *o.Knock)
	default:
		s.belfry.takeDown()
	}
	reply.Busy = isBusy(err)
	return pairing.Reply{Port: &reply}, err
}

// takeDown takes the bells down and waits until what they heard is filed. The caller
// holds the turn.
func (b *belfry) takeDown() {
	if b.hung != nil {
		b.hung.cancel()
		<-b.hung.ended
		b.hung = nil
	}
}

// hang hangs bells, and returns the ports at which it could.
func (r *Responder) hang(s *session, addr netip.Addr, o pairing.PortOrder) (*pairing.PortList, error) {
	l := *o.Hang
	s.belfry.takeDown()
	b := &bells{addr: addr, list: l, ended: make(chan struct{})}
	if !r.bells.enter(b) {
		return nil, errPortsBusy
	}
	if r.sweeps.swept(addr, l) { // asked after the bells were entered, so that no sweep comes between
		r.bells.leave(b)
		return nil, errPortsBusy
	}
	if !s.join() {
		r.bells.leave(b)
		return nil, errNoSession
	}
	b.ctx, b.cancel = context.WithTimeout(s.ctx, pairing.BellTime)
	ringing := r.hangEach(s, b)
	hung := pairing.PortList{ID: l.ID}
	for _, bell := range ringing {
		if bell.hangs {
			hung.Add(bell.transport, bell.port)
		}
	}
	record, asked := s.belfry.records.add(l.ID), r.askHeld(s, addr, o, ringing)
	go func() {
		defer s.work.Done()
		var all pairing.PortRecord
		for _, bell := range ringing {
			<-bell.done
			all.Heard = append(all.Heard, bell.heard)
		}
		b.cancel()
		r.bells.leave(b)
		close(b.ended)
		all.Said = asked()
		record.file(all)
	}()
	s.belfry.hung = b
	return &hung, nil
}

// A ringing is one bell; heard stands once done is closed.
type ringing struct {
	transport knock.Transport
	port      uint16
	hangs     bool
	done      chan struct{}
	heard     knock.Heard
}

func (r *Responder) hangEach(s *session, b *bells) (all []*ringing) {
	cfg := knock.BellConfig{Terms: r.knockTerms(s, b.list), Allow: r.mayHear(s)}
	for _, t := range []knock.Transport{knock.TCP, knock.UDP} {
		for _, port := range b.list.Of(t) {
			bell := &ringing{transport: t, port: port, done: make(chan struct{})}
			all = append(all, bell)
			ring, why, err := r.openBell(b, t, netip.AddrPortFrom(b.addr, port))
			if ring == nil {
				bell.heard = knock.NotHung(t, netip.AddrPortFrom(b.addr, port), why, err)
				close(bell.done)
				continue
			}
			bell.hangs = true
			go func() {
				bell.heard = ring(b.ctx, cfg)
				close(bell.done)
			}()
		}
	}
	return all
}

// openBell opens a port; ring is nil when it could not.
func (r *Responder) openBell(b *bells, t knock.Transport, at netip.AddrPort) (ring func(context.Context, knock.BellConfig) knock.Heard, why knock.Fault, err error) {
	if r.owns(t, at) {
		return nil, knock.Own, nil
	}
	ring, err = knock.Hang(b.ctx, r.cfg.Network, t, at)
	why = knock.FaultOf(err)
	if t == knock.UDP && why == knock.InUse && r.own.held(at.Addr()).Contains(at.Port()) {
		why = knock.Own // for another client
	}
	return ring, why, err
}

// owns reports whether the responder listens at a port for SIP.
func (r *Responder) owns(t knock.Transport, at netip.AddrPort) bool {
	for _, s := range r.sockets {
		a := s.Address
		if s.Error == "" && (s.Transport == sipprobe.UDP) == (t == knock.UDP) && a.Port() == at.Port() && (a.Addr() == at.Addr() || a.Addr().IsUnspecified()) {
			return true
		}
	}
	return false
}

func (r *Responder) knockTerms(s *session, l pairing.PortList) knock.Terms {
	return knock.Terms{ID: l.ID, Key: pairing.KnockKey(r.cfg.Key, s.run)}
}
