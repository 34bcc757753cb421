package responder

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// maxSkipped bounds the ranges of ports in a reply.
const maxSkipped = 64

// A sweep is what one session has open for a sweep, until its context ends: a window
// of ports to listen on, or sockets to send from.
type sweep struct {
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{} // closed when nothing of it is left
	// Under the book's lock:
	addr  netip.Addr
	ports rtpprobe.PortSet // that are its own
	open  rtpprobe.PortSet // of these, those that are open or about to be

	reflector *rtpprobe.Reflector // under the session's turn; nil when it does not listen
	sources   []net.PacketConn
	mu        sync.Mutex // held while sending begins
	sending   sync.WaitGroup
}

// A sweeping is the part of a session that sweeps.
type sweeping struct {
	turn    sync.Mutex // held while an order is carried out
	current *sweep     // under turn
	records shelf[pairing.SweepPart]
}

// join counts a piece of work of the session, unless it has ended.
func (s *session) join() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.work.Add(1)
	return true
}

// end closes what the session sweeps, and waits until it is closed and filed. The
// caller holds the turn.
func (w *sweeping) end() {
	if w.current != nil {
		w.current.cancel()
		<-w.current.ended
		w.current = nil
	}
}

// heard counts the ports on which requests have arrived; nil when none are open. The
// caller holds the turn.
func (w *sweeping) heard() *int {
	if w.current == nil || w.current.reflector == nil {
		return nil
	}
	return new(w.current.reflector.Heard())
}

// sweepOrder carries out one step of a sweep.
func (r *Responder) sweepOrder(s *session, in *sipprobe.Incoming, o pairing.SweepOrder) (pairing.Reply, error) {
	s.sweeping.turn.Lock()
	defer s.sweeping.turn.Unlock()
	var reply pairing.SweepReply
	var err error
	switch {
	case o.Listen != nil:
		reply.Listening, err = r.listenTo(s, in, *o.Listen)
	case o.Source != nil:
		reply.Sources, err = r.openSources(s, in, *o.Source)
	case o.Send != nil:
		err = r.send(s, in, *o.Send)
	case o.Heard:
		reply.Heard = s.sweeping.heard()
	default:
		s.sweeping.end()
	}
	reply.Busy = isBusy(err)
	return pairing.Reply{Sweep: &reply}, err
}

// ownPorts are the UDP ports of an address that the responder listens on for SIP.
func (r *Responder) ownPorts(addr netip.Addr) (own rtpprobe.PortSet) {
	for _, s := range r.sockets {
		at := s.Address.Addr()
		if s.Transport == sipprobe.UDP && s.Error == "" && (at == addr || at.IsUnspecified()) {
			own.Add(s.Address.Port())
		}
	}
	return own
}

// listenTo opens a window of ports.
func (r *Responder) listenTo(s *session, in *sipprobe.Incoming, l pairing.Listen) (*pairing.Listening, error) {
	s.sweeping.end()
	addr := in.Local.Addr()
	own := r.ownPorts(addr).Intersect(l.Ports)
	rest := l.Ports.Minus(own)
	if rest.IsZero() {
		return &pairing.Listening{Own: own}, nil
	}
	w, err := r.claim(s, addr, l.Ports)
	if err != nil {
		return nil, err
	}
	r.sweeps.opening.Lock()
	defer r.sweeps.opening.Unlock()
	window := rtpprobe.PlanWindows(rest, r.sweeps.limit())[0]
	r.sweeps.opens(w, window)
	r.spoken.add(addr, window)
	primed := 0
	if l.Prime != 0 {
		primed = r.prime(w.ctx, addr, window, netip.AddrPortFrom(s.whence(in), l.Prime), l.RatePPS)
	}
	reflector, err := r.reflect(w.ctx, s, addr, window, l)
	if err != nil {
		r.leave(s, w)
		return nil, err
	}
	failed := window.Minus(reflector.Listening())
	others := failed.Intersect(r.own.held(addr)) // this program's, for other clients
	record := s.sweeping.records.add(pairing.PartOf(l.Terms))
	go func() {
		<-w.ctx.Done()
		arrived := reflector.Close()
		arrived.InUse = arrived.InUse.Minus(others)
		record.file(pairing.SweepRecord{Arrived: &arrived})
		r.leave(s, w)
	}()
	w.reflector = reflector
	s.sweeping.current = w
	return &pairing.Listening{Rest: rest.Minus(window), Own: own.Union(others), Skipped: skipped(failed.Minus(others)), Primed: primed}, nil
}

func (r *Responder) reflect(ctx context.Context, s *session, addr netip.Addr, window rtpprobe.PortSet, l pairing.Listen) (*rtpprobe.Reflector, error) {
	terms := l.Terms
	terms.Key = pairing.MediaKey(r.cfg.Key, s.run)
	open, within := network.UDPPorts(ctx, r.cfg.Network, addr)
	return rtpprobe.OpenReflector(rtpprobe.ReflectorConfig{
		Terms: terms, Address: addr, Ports: window, Open: open, Within: within, Allow: r.mayHear(s), ProbeBytes: l.ProbeBytes,
	})
}

// skipped is the set, or nothing of it when it is too scattered for a reply.
func skipped(ports rtpprobe.PortSet) rtpprobe.PortSet {
	if len(ports.Ranges()) > maxSkipped {
		return rtpprobe.PortSet{}
	}
	return ports
}
