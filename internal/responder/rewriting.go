package responder

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// An aside is a SIP endpoint of one session on a port of the media range, which no
// middlebox takes for SIP by its number.
type aside struct {
	mu       sync.Mutex
	endpoint *sipprobe.Endpoint
	closed   bool
}

func (a *aside) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if a.endpoint != nil {
		a.endpoint.Close()
	}
}

// stepAside opens the session's aside, or names the one that is open.
func (r *Responder) stepAside(s *session, in *sipprobe.Incoming) (pairing.Reply, error) {
	s.aside.mu.Lock()
	defer s.aside.mu.Unlock()
	if s.aside.closed {
		return pairing.Reply{}, errNoSession
	}
	if s.aside.endpoint == nil {
		conn, err := r.asideConn(s.ctx, in.Local.Addr())
		if err != nil {
			return pairing.Reply{}, err
		}
		e, err := r.startUDP(conn)
		if err != nil {
			return pairing.Reply{}, err
		}
		r.advertise(s, in, e)
		s.aside.endpoint = e
	}
	return pairing.Reply{Aside: s.aside.endpoint.Local().Port()}, nil
}

// asideTries is how many ports of a crowded range are tried.
const asideTries = 20

func (r *Responder) asideConn(ctx context.Context, addr netip.Addr) (conn net.PacketConn, err error) {
	ports := r.cfg.RTP
	for range asideTries {
		port := ports.From
		if n := int(ports.To) - int(ports.From); n > 0 {
			port += uint16(rand.IntN(n + 1))
		}
		if conn, err = r.own.ListenPacket(ctx, netip.AddrPortFrom(addr, port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// show shows the client all forms.
func (r *Responder) show(s *session, in *sipprobe.Incoming, x pairing.Show) (pairing.Reply, error) {
	ctx, cancel := context.WithTimeout(s.ctx, pairing.ShowTime)
	defer cancel()
	e, to, err := r.stage(ctx, s, in, x)
	if err != nil {
		return pairing.Reply{}, err
	}
	private := in.Local.Addr()
	if !network.Private(private) {
		private = netip.Addr{}
	}
	shown := e.ShowAll(ctx, to, private)
	if x.Port != 0 {
		e.Disconnect(to.Peer)
	}
	return pairing.Reply{Shown: shown}, nil
}

// stage is where forms are shown from, and to whom.
func (r *Responder) stage(ctx context.Context, s *session, in *sipprobe.Incoming, x pairing.Show) (*sipprobe.Endpoint, sipprobe.Target, error) {
	to := sipprobe.Target{Token: x.Token}
	switch {
	case x.Aside:
		s.aside.mu.Lock()
		defer s.aside.mu.Unlock()
		addr, ok := s.clientAddr(sipprobe.UDP)
		if s.aside.endpoint == nil || s.aside.closed || !ok || x.Port == 0 {
			return nil, to, errors.New("there is no port aside to send from, or none to send to")
		}
		to.Peer = netip.AddrPortFrom(addr, x.Port)
		return s.aside.endpoint, to, nil
	case x.Port != 0:
		return r.newFlow(ctx, s, in, x.Transport, x.Port, x.Token)
	}
	f, ok := s.flow(x.Transport)
	if !ok {
		return nil, to, errors.New("the client has opened no flow over " + string(x.Transport))
	}
	to.Peer = f.peer
	return f.endpoint, to, nil
}
