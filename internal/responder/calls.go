package responder

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"bothways/internal/call"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// invited answers an INVITE: of a session, as it was announced; of a stranger, only
// where everybody is welcome.
func (r *Responder) invited(in *sipprobe.Incoming) {
	if !in.Authenticated() {
		r.answerStranger(in)
		return
	}
	s, err := r.session(in.User, false)
	if err != nil {
		in.Reply(403, "Forbidden", sipprobe.Body{})
		return
	}
	if s.fromAside(in) {
		r.prove(s, in.Source.Addr())
	} else {
		r.touch(s, in)
	}
	if r.oneOfMany(s, in) {
		return
	}
	x, ok := s.take(in)
	if !ok || !s.begin(x.Check.ID) {
		in.Reply(486, "Busy Here", sipprobe.Body{})
		return
	}
	setup := r.setup(s, x.Check, in.Local.Addr())
	setup.Cold = time.Duration(x.ColdMs) * time.Millisecond
	s.finish(x.Check.ID, call.Answer(s.ctx, in, s.run+"-"+x.Check.ID, setup))
}

// take finds what was announced for an INVITE: by its Call-ID, or, where a middlebox
// has changed that, the only call expected over the transport.
func (s *session) take(in *sipprobe.Incoming) (pairing.Expect, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strings.TrimPrefix(in.CallID, s.run+"-")
	x, ok := s.expected[id]
	if !ok {
		x, ok = s.only(in.Endpoint.Transport())
	}
	delete(s.expected, x.Check.ID)
	return x, ok
}

// fromAside reports whether an INVITE comes from a port at which its sender does not
// listen, as was announced.
func (s *session) fromAside(in *sipprobe.Incoming) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.expected[strings.TrimPrefix(in.CallID, s.run+"-")]
	return ok && x.Check.Call.Client.SignallingPort == scenarios.OtherSignallingPort
}

func (s *session) only(t sipprobe.Transport) (pairing.Expect, bool) {
	var found []pairing.Expect
	for _, x := range s.expected {
		if string(x.Check.Transport) == string(t) {
			found = append(found, x)
		}
	}
	if len(found) != 1 {
		return pairing.Expect{}, false
	}
	return found[0], true
}

func (r *Responder) setup(s *session, check scenarios.Check, local netip.Addr) call.Setup {
	return call.Setup{
		Network: r.own, Ports: r.cfg.RTP, Local: local, Public: r.public(s), Check: check,
		Behaviour: check.Call.Responder, Inside: true, MediaKey: pairing.MediaKey(r.cfg.Key, s.run),
		Allow: r.mayHear(s), Pacer: r.pacer,
	}
}

// callOut calls the client; the call goes on after the order was answered.
func (r *Responder) callOut(s *session, in *sipprobe.Incoming, c pairing.Call) error {
	if err := checkCall(c.Check); err != nil {
		return err
	}
	if !s.begin(c.Check.ID) {
		return errors.New("too many calls")
	}
	go r.callClient(s, in, c)
	return nil
}

func (r *Responder) callClient(s *session, in *sipprobe.Incoming, c pairing.Call) {
	e, to, err := r.patientTarget(s, in, c, s.run+"-"+c.Check.ID)
	if err != nil {
		end := call.Unplaced(err)
		s.finish(c.Check.ID, end)
		return
	}
	to.NoRport = !c.Check.Call.Responder.Rport
	to.OwnVia = c.Check.Call.Client.AnswersTo == scenarios.ToVia
	local := e.Local().Addr()
	if !local.IsValid() { // a line that this end has dialled
		local = in.Local.Addr()
	}
	release := func() {}
	if c.Port != 0 {
		release = r.lines.take(e, to.Peer)
	}
	end := call.Place(s.ctx, e, to, r.setup(s, c.Check, local))
	release()
	s.finish(c.Check.ID, end)
}

// target is the client's own port over a new flow, or the flow that the client opened.
func (r *Responder) target(ctx context.Context, s *session, in *sipprobe.Incoming, c pairing.Call, token string) (*sipprobe.Endpoint, sipprobe.Target, error) {
	t := sipprobe.Transport(c.Check.Transport)
	if c.Port != 0 {
		return r.newFlow(ctx, s, in, t, c.Port, token)
	}
	f, ok := s.flow(t)
	if !ok {
		return nil, sipprobe.Target{}, errors.New("the client has opened no flow over " + string(t))
	}
	return f.endpoint, sipprobe.Target{Peer: f.peer, Token: token}, nil
}

// targetTries is how often a connection is tried that does not open in time, as where the client or this machine
// stands still for some seconds. The client waits longer for the INVITE.
const targetTries = 3

func (r *Responder) patientTarget(s *session, in *sipprobe.Incoming, c pairing.Call, token string) (e *sipprobe.Endpoint, to sipprobe.Target, err error) {
	for range targetTries {
		ctx, cancel := context.WithTimeout(s.ctx, pairing.ReachTimeout)
		e, to, err = r.target(ctx, s, in, c, token)
		cancel()
		if err == nil || s.ctx.Err() != nil || network.ConnectResult(err) != "timeout" {
			break
		}
	}
	return e, to, err
}

// newFlow makes a path to the client's own port that did not exist before: over UDP
// a pair of ports that have not met, over TCP and TLS a new connection.
func (r *Responder) newFlow(ctx context.Context, s *session, in *sipprobe.Incoming, t sipprobe.Transport, port uint16, token string) (*sipprobe.Endpoint, sipprobe.Target, error) {
	addr, ok := s.clientAddr(t)
	to := sipprobe.Target{Peer: netip.AddrPortFrom(addr, port), Token: token}
	e := r.endpoint(t, in.Local.Addr())
	switch {
	case !ok:
		return nil, to, errors.New("the client's address is not known")
	case e == nil:
		return nil, to, errors.New("the responder does not listen on " + string(t))
	case t == sipprobe.UDP:
		return e, to, nil
	}
	conn, err := r.dialClient(ctx, t, to.Peer)
	if err != nil {
		return nil, to, err
	}
	return e, to, e.Adopt(conn)
}

// dialClient opens a TCP or TLS connection to a client. The client proves itself by
// the key; its certificate is made for the run.
func (r *Responder) dialClient(ctx context.Context, t sipprobe.Transport, to netip.AddrPort) (net.Conn, error) {
	conn, err := r.cfg.Network.Dial(ctx, to)
	if err != nil || t != sipprobe.TLS {
		return conn, err
	}
	conn, _, err = network.Secure(ctx, conn, "")
	return conn, err
}
