package responder

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/idle"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// idle begins a check of idle times; it goes on after the order was answered.
func (r *Responder) idle(s *session, in *sipprobe.Incoming, x pairing.Idle) error {
	if err := x.Bounded(); err != nil {
		return err
	}
	addr, ok := s.clientAddr(sipprobe.Transport(x.Check.Transport))
	switch {
	case !ok:
		return errors.New("the client's address is not known")
	case !s.begin(x.Check.ID):
		return errors.New("too many checks")
	}
	go func() {
		if x.Check.Kind == scenarios.BindingKind {
			s.finish(x.Check.ID, r.bindings(s, in.Local.Addr(), addr, x))
		} else {
			s.finish(x.Check.ID, r.connections(s, netip.AddrPortFrom(addr, x.Ports[0]), x))
		}
	}()
	return nil
}

// bindings opens one binding for each step, from ports that no forward leads to.
func (r *Responder) bindings(s *session, from, to netip.Addr, x pairing.Idle) []evidence.BindingInside {
	out := make([]evidence.BindingInside, len(x.Ports))
	var wg sync.WaitGroup
	for i, port := range x.Ports {
		wg.Go(func() {
			conn, err := r.unforwarded(s.ctx, from)
			if err != nil {
				out[i].Fault = err.Error()
				return
			}
			terms := idle.Terms{Key: pairing.MediaKey(r.cfg.Key, s.run), Check: x.Number, Trial: uint8(i), Traffic: x.Check.Idle.Traffic}
			out[i] = idle.Inside(s.ctx, conn, netip.AddrPortFrom(to, port), terms, milliseconds(x.Check.Idle.StepsMs[i]))
		})
	}
	wg.Wait()
	return out
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// unforwarded opens a port outside of the media range.
func (r *Responder) unforwarded(ctx context.Context, addr netip.Addr) (net.PacketConn, error) {
	for range asideTries {
		conn, err := r.own.ListenPacket(ctx, netip.AddrPortFrom(addr, 0))
		if err != nil {
			return nil, err
		}
		if port := network.PortOf(conn); r.cfg.RTP == (rtpprobe.PortRange{}) || !r.cfg.RTP.Contains(port) {
			return conn, nil
		}
		conn.Close()
	}
	return nil, errors.New("every free port is one of the media range")
}

// connections puts one connection to the client's own port for each step to the test.
func (r *Responder) connections(s *session, to netip.AddrPort, x pairing.Idle) []evidence.ConnectionTrial {
	out := make([]evidence.ConnectionTrial, len(x.Check.Idle.StepsMs))
	var wg sync.WaitGroup
	for i, ms := range x.Check.Idle.StepsMs {
		wg.Go(func() { out[i] = r.connection(s, to, x.Check, i, milliseconds(ms)) })
	}
	wg.Wait()
	return out
}

func (r *Responder) connection(s *session, to netip.AddrPort, check scenarios.Check, trial int, wait time.Duration) evidence.ConnectionTrial {
	t := sipprobe.Transport(check.Transport)
	e, err := sipprobe.Start(r.endpointConfig(t))
	if err != nil {
		return evidence.ConnectionTrial{IdleMs: int(wait.Milliseconds()), Connect: evidence.Connect{Result: "local", Remote: to, Error: err.Error()}}
	}
	defer e.Close()
	first, second := evidence.Run{ID: s.run}.ConnectionTokens(check.ID, trial)
	return idle.Connection(s.ctx, idle.Line{
		Endpoint: e, First: sipprobe.Target{Peer: to, Token: first}, Second: sipprobe.Target{Peer: to, Token: second},
		Connect: func(ctx context.Context) evidence.Connect { return r.connect(ctx, e, to) },
	}, wait)
}

// connect opens a connection to the client's own port, for an endpoint of its own.
func (r *Responder) connect(ctx context.Context, e *sipprobe.Endpoint, to netip.AddrPort) evidence.Connect {
	ctx, cancel := context.WithTimeout(ctx, pairing.ReachTimeout)
	defer cancel()
	start := time.Now()
	out := evidence.Connect{Remote: to, Result: "open"}
	conn, err := r.dialClient(ctx, e.Transport(), to)
	if err == nil {
		out.Local = network.AddrPort(conn.LocalAddr())
		err = e.Adopt(conn)
	}
	if err != nil {
		out.Result, out.Error = network.ConnectResult(err), err.Error()
	}
	out.DurationMs = evidence.Millis(time.Since(start))
	return out
}
