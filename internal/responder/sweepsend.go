package responder

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

var (
	errNoSources = errors.New("no port of the responder's media range is free to send from")
	errNotOpen   = errors.New("there are no ports to send from")
)

// openSources opens the sockets of an outbound sweep: the same for all its windows.
func (r *Responder) openSources(s *session, in *sipprobe.Incoming, o pairing.Source) ([]uint16, error) {
	s.sweeping.end()
	w, err := r.claim(s, in.Local.Addr(), rtpprobe.PortSet{})
	if err != nil {
		return nil, err
	}
	w.sources = openSpread(o.Ports, r.cfg.RTP, func(port uint16) (net.PacketConn, error) {
		return r.own.ListenPacket(w.ctx, netip.AddrPortFrom(in.Local.Addr(), port))
	})
	if len(w.sources) == 0 {
		err = errNoSources
		if r.sweeps.others(w) {
			err = errSweepsBusy // they hold what would do
		}
		r.leave(s, w)
		return nil, err
	}
	ports, held := make([]uint16, len(w.sources)), rtpprobe.PortSet{}
	for i, c := range w.sources {
		ports[i] = network.PortOf(c)
		held.Add(ports[i])
	}
	r.sweeps.mu.Lock()
	w.ports, w.open = held, held
	r.sweeps.mu.Unlock()
	go func() {
		<-w.ctx.Done()
		w.mu.Lock() // whoever holds it may be about to send
		sources := w.sources
		w.mu.Unlock()
		w.sending.Wait()
		network.CloseAll(sources)
		r.leave(s, w)
	}()
	s.sweeping.current = w
	return ports, nil
}

// openSpread opens n ports of a range, or as many as can be, spread evenly over it and
// alternately even and odd. The zero range takes any ports.
func openSpread(n int, r rtpprobe.PortRange, open func(port uint16) (net.PacketConn, error)) (conns []net.PacketConn) {
	stride := r.Size() / n
	for i := range n {
		if r == (rtpprobe.PortRange{}) {
			if c, err := open(0); err == nil {
				conns = append(conns, c)
			}
			continue
		}
		first := int(r.From) + i*stride
		if (first+i)&1 == 1 && stride > 1 {
			first++
		}
		// Two on, the parity is the same.
		for port := first; port < first+max(stride, 1) && port <= int(r.To); port += 2 {
			if c, err := open(uint16(port)); err == nil {
				conns = append(conns, c)
				break
			}
		}
	}
	return conns
}

// send sweeps one window of the client's ports; that goes on after the order was answered.
func (r *Responder) send(s *session, in *sipprobe.Incoming, o pairing.Send) error {
	w := s.sweeping.current
	if w == nil || len(w.sources) == 0 {
		return errNotOpen
	}
	remote := s.whence(in)
	if local := in.Local.Addr(); local != w.addr {
		return fmt.Errorf("the ports to send from are on %v, not on %v", w.addr, local)
	}
	terms := o.Terms
	terms.Key = pairing.MediaKey(r.cfg.Key, s.run)
	cfg := rtpprobe.SweepConfig{
		Terms: terms, Conns: w.sources, Remote: remote, Ports: o.Ports, Rate: o.RatePPS, ProbeBytes: o.ProbeBytes,
	}
	w.sending.Wait() // for the window before
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx.Err() != nil {
		return errNotOpen
	}
	record := s.sweeping.records.add(pairing.PartOf(o.Terms))
	w.sending.Go(func() { record.file(sweepClient(w.ctx, cfg)) })
	return nil
}

func sweepClient(ctx context.Context, cfg rtpprobe.SweepConfig) pairing.SweepRecord {
	sent, err := rtpprobe.Sweep(ctx, cfg)
	if err != nil && ctx.Err() == nil && len(sent.Errors) == 0 {
		return pairing.SweepRecord{Fault: err.Error()}
	}
	return pairing.SweepRecord{Sent: &sent}
}
