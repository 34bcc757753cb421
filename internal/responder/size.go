package responder

import (
	"context"
	"errors"
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

var errTooMuch = errors.New("too much at once")

// climb sends the client messages of rising size; it goes on after the order was answered.
func (r *Responder) climb(s *session, in *sipprobe.Incoming, x pairing.Size) error {
	if !s.begin(x.Check.ID) {
		return errTooMuch
	}
	go func() {
		ctx, cancel := context.WithTimeout(s.ctx, pairing.SizeTime)
		defer cancel()
		l := ladder{Responder: r, session: s, in: in, order: x, transport: sipprobe.Transport(x.Check.Transport), token: s.run + "-" + x.Check.ID}
		facts := &evidence.SizeFacts{}
		if err := l.climb(ctx, facts); err != nil {
			facts.Missing = err.Error()
		}
		s.finish(x.Check.ID, facts)
	}()
	return nil
}

// A ladder is an outbound check of size under way.
type ladder struct {
	*Responder
	session   *session
	in        *sipprobe.Incoming
	order     pairing.Size
	transport sipprobe.Transport
	token     string
}

func (l ladder) climb(ctx context.Context, facts *evidence.SizeFacts) error {
	to := sipprobe.Target{Token: l.token}
	local := l.in.Local.Addr()
	addr, ok := l.session.clientAddr(l.transport)
	if !ok {
		return errors.New("the client's address is not known")
	}
	to.Peer = netip.AddrPortFrom(addr, l.order.Port)
	var err error
	if l.transport == sipprobe.UDP {
		var e *sipprobe.Endpoint
		if e, to.Peer, err = l.overUDP(to.Peer, local); err != nil {
			return err
		}
		facts.Rungs, err = e.Climb(ctx, to, l.order.Check.Size.Bytes, nil)
		facts.Whole = l.whole(ctx, to, local)
	} else {
		facts.Rungs, err = l.overConns(ctx, to)
	}
	facts.MTU = network.PathMTU(ctx, l.cfg.Network, to.Peer)
	facts.LinkMTU = network.LinkMTU(l.cfg.Network, local)
	return err
}

// overUDP is the responder's SIP socket and the client's own port, or else the flow that
// the client opened.
func (l ladder) overUDP(peer netip.AddrPort, local netip.Addr) (*sipprobe.Endpoint, netip.AddrPort, error) {
	if l.order.Port == 0 {
		f, ok := l.session.flow(sipprobe.UDP)
		if !ok {
			return nil, peer, errors.New("the client has opened no flow over udp")
		}
		return f.endpoint, f.peer, nil
	}
	e := l.endpoint(sipprobe.UDP, local)
	if e == nil {
		return nil, peer, errors.New("the responder does not listen on udp")
	}
	return e, peer, nil
}

// whole sends the same from another socket, in datagrams that must not be fragmented.
// A NAT before the client lets nothing in from there.
func (l ladder) whole(ctx context.Context, to sipprobe.Target, local netip.Addr) *evidence.WholeFacts {
	if l.order.Port == 0 {
		return &evidence.WholeFacts{Missing: "the client is behind a NAT of its own"}
	}
	conn, err := l.own.ListenPacket(ctx, netip.AddrPortFrom(local, 0))
	if err != nil {
		return &evidence.WholeFacts{Missing: err.Error()}
	}
	if err := network.ForbidFragments(conn); err != nil {
		conn.Close()
		return &evidence.WholeFacts{Missing: err.Error()}
	}
	e, err := l.startUDP(conn)
	if err != nil {
		return &evidence.WholeFacts{Missing: err.Error()}
	}
	defer e.Close()
	l.advertise(l.session, l.in, e)
	to.Token += "-whole"
	rungs, err := e.Climb(ctx, to, l.order.Check.Size.Bytes, nil)
	if err != nil {
		return &evidence.WholeFacts{Missing: err.Error()}
	}
	return &evidence.WholeFacts{Rungs: rungs}
}

// overConns sends over connections of their own, so that none stalls that others use.
func (l ladder) overConns(ctx context.Context, to sipprobe.Target) ([]sipprobe.Rung, error) {
	e, err := sipprobe.Start(l.endpointConfig(l.transport))
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if public := l.public(l.session); public.IsValid() {
		e.AdvertiseTo(to.Peer.Addr(), netip.AddrPortFrom(public, l.transport.DefaultPort()))
	}
	return e.Climb(ctx, to, l.order.Check.Size.Bytes, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		conn, err := l.dialClient(ctx, l.transport, to.Peer)
		if err != nil {
			return err
		}
		return e.Adopt(conn)
	})
}
