package responder

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// serve answers the requests that the guard let in, which may come as soon as the
// first socket is open.
func (r *Responder) serve(in *sipprobe.Incoming) {
	select {
	case <-r.ready:
	case <-r.ctx.Done():
		return
	}
	switch in.Method {
	case "OPTIONS":
		r.notice(in)
		in.Reply(200, "OK", sipprobe.Body{})
	case "MESSAGE":
		r.order(in)
	case "INVITE":
		r.invited(in)
	default:
		in.Reply(405, "Method Not Allowed", sipprobe.Body{})
	}
}

// notice renews the session of a client whose probe arrived.
func (r *Responder) notice(in *sipprobe.Incoming) {
	if s, err := r.session(in.User, false); err == nil {
		r.touch(s, in)
	}
}

func (r *Responder) order(in *sipprobe.Incoming) {
	var reply pairing.Reply
	o, err := pairing.DecodeOrder(in.Body)
	if err != nil {
		reply.Error = "cannot read the order: " + err.Error()
	} else {
		reply = r.dispatch(in, o).Within(in.Endpoint.Transport())
	}
	data, err := pairing.Encode(reply)
	if err != nil {
		in.Reply(500, "Server Internal Error", sipprobe.Body{})
		return
	}
	in.Reply(200, "OK", sipprobe.Body{Type: pairing.ContentType, Encoding: pairing.Encoding, Data: data})
	if o.End {
		if s, err := r.session(o.Run, false); err == nil {
			s.ended.Store(true)
			s.cancel()
		}
	}
}

// dispatch carries an order out, once.
func (r *Responder) dispatch(in *sipprobe.Incoming, o pairing.Order) pairing.Reply {
	s, err := r.session(o.Run, o.Hello != nil)
	if err != nil {
		return pairing.Reply{Error: err.Error()}
	}
	if o.Prove {
		r.prove(s, in.Source.Addr())
		return pairing.Reply{Proven: &in.Source}
	}
	r.touch(s, in)
	if o.Hello != nil { // over each transport, and without a number
		return r.hello(s, in, *o.Hello)
	}
	return s.orders.once(s.ctx, o.Seq, func() pairing.Reply {
		reply, err := r.carryOut(s, in, o)
		if err != nil {
			reply.Error = err.Error()
		}
		return reply
	})
}

func (r *Responder) hello(s *session, in *sipprobe.Incoming, h pairing.Hello) pairing.Reply {
	s.mu.Lock()
	s.dialled = h.Dialled.Unmap()
	s.mu.Unlock()
	r.lookUp(s, h.Name)
	for _, e := range r.endpoints {
		r.advertise(s, in, e)
	}
	return pairing.Reply{Welcome: &pairing.Welcome{Program: r.program(), SeenAs: in.Source}}
}

// advertise has an endpoint give a client the address at which it is reached.
func (r *Responder) advertise(s *session, in *sipprobe.Incoming, e *sipprobe.Endpoint) {
	if public := r.public(s); public.IsValid() && public.Is4() == e.Local().Addr().Is4() {
		e.AdvertiseTo(in.Source.Addr(), netip.AddrPortFrom(public, e.Local().Port()))
	}
}

// public is the address that this client reaches the responder at.
func (r *Responder) public(s *session) netip.Addr {
	if r.cfg.Public.IsValid() {
		return r.cfg.Public
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialled
}

func (r *Responder) carryOut(s *session, in *sipprobe.Incoming, o pairing.Order) (pairing.Reply, error) {
	if err := r.room(s, in.Local.Addr(), o); err != nil {
		return pairing.Reply{Later: true}, err
	}
	switch {
	case o.Expect != nil:
		return pairing.Reply{}, s.expect(*o.Expect)
	case o.Reach != nil:
		return r.reach(s, in, *o.Reach)
	case o.Call != nil:
		return pairing.Reply{}, r.callOut(s, in, *o.Call)
	case o.Sweep != nil:
		return r.sweepOrder(s, in, *o.Sweep)
	case o.Port != nil:
		return r.portOrder(s, in, *o.Port)
	case o.NAT != nil:
		return r.natOrder(s, in, *o.NAT)
	case o.Fetch != nil:
		return r.fetch(s, in, *o.Fetch)
	case o.Aside:
		return r.stepAside(s, in)
	case o.Idle != nil:
		return pairing.Reply{}, r.idle(s, in, *o.Idle)
	case o.Show != nil:
		return r.show(s, in, *o.Show)
	case o.Size != nil:
		return pairing.Reply{}, r.climb(s, in, *o.Size)
	case o.Load != nil:
		return pairing.Reply{}, r.load(s, in, *o.Load)
	case o.Marks != nil:
		return r.marks(s, in, *o.Marks)
	case o.Server != nil:
		return pairing.Reply{}, r.askServer(s, *o.Server)
	}
	return pairing.Reply{}, nil
}

func (s *session) expect(x pairing.Expect) error {
	if err := checkCall(x.Check); err != nil {
		return err
	}
	if x.ColdMs < 0 || x.ColdMs > int(maxCold.Milliseconds()) {
		return errors.New("cold time out of bounds")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.expected) >= maxExpected {
		return errors.New("too many expected calls")
	}
	s.expected[x.Check.ID] = x
	return nil
}

// maxCold bounds how long the responder holds back in a call.
const maxCold = 10 * time.Second

// checkCall bounds what an order may make the responder do.
func checkCall(c scenarios.Check) error {
	if c.Call == nil {
		return errors.New("not a call")
	}
	if err := errors.Join(c.CheckSRTP(), c.CheckSignalling()); err != nil {
		return err
	}
	return scenarios.CheckCall(*c.Call)
}

// reach asks the client's own port for OPTIONS over a new flow.
func (r *Responder) reach(s *session, in *sipprobe.Incoming, x pairing.Reach) (pairing.Reply, error) {
	ctx, cancel := context.WithTimeout(s.ctx, pairing.ReachTimeout)
	defer cancel()
	token := s.run + "-reach-" + x.Check
	e, to, err := r.newFlow(ctx, s, in, x.Transport, x.Port, token)
	if err != nil {
		return pairing.Reply{Reached: &sipprobe.Exchange{Method: "OPTIONS", Transport: x.Transport,
			Outcome: sipprobe.NotReached, Error: err.Error(), Remote: to.Peer}}, nil
	}
	got := e.Options(ctx, to)
	e.Disconnect(to.Peer)
	return pairing.Reply{Reached: &got}, nil
}
