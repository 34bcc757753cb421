package responder

import (
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"sync"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe/natprobe"
	"bothways/sipprobe"
)

var (
	errNotProven  = errors.New("the second address has not proven itself")
	errNothingAsk = errors.New("there is nobody to ask: the client names no port, and the responder has no STUN server")
)

// probeNAT begins to probe from the sockets of the test: towards the client's own ports,
// at addresses that it has proven, and the STUN servers that the operator has named.
func (r *Responder) probeNAT(s *session, in *sipprobe.Incoming, o pairing.NATProbe) error {
	t := s.nat.current
	if t == nil {
		return errNoNATTest
	}
	to, err := r.natTargets(s, in, o)
	if err != nil {
		return err
	}
	public := natprobe.AskPublic(r.cfg.STUN, t.local)
	if len(to)+len(public) == 0 {
		return errNothingAsk
	}
	cred := pairing.STUNCredentials(r.cfg.Key, s.run)
	ask := func(i int) natprobe.Config {
		test := t.opened[i].Test
		return natprobe.Config{Credentials: cred, Conn: t.conns[i], Test: test, Requests: append(natprobe.Plan(test, to, changesOf(o)...), public...)}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() != nil || t.probed {
		return errNoNATTest
	}
	t.probed = true
	t.probing.Go(func() {
		t.record.file(r.measure(t, ask))
		t.cancel()
	})
	return nil
}

// natTargets are the client's sockets that are to be asked.
func (r *Responder) natTargets(s *session, in *sipprobe.Incoming, o pairing.NATProbe) (to []netip.AddrPort, err error) {
	for _, port := range o.Ports {
		to = append(to, netip.AddrPortFrom(s.whence(in), port))
	}
	for _, port := range o.SecondPorts {
		to = append(to, netip.AddrPortFrom(o.Second, port))
	}
	for _, a := range to {
		if !r.mayHear(s)(a) {
			return nil, errNotProven
		}
	}
	return to, nil
}

// changesOf are the changes of which the client's sockets are capable.
func changesOf(o pairing.NATProbe) (out []natprobe.Change) {
	if len(o.Ports) > 1 {
		out = append(out, natprobe.ChangePort)
	}
	if len(o.Ports) > 0 && len(o.SecondPorts) > 0 {
		out = append(out, natprobe.ChangeBoth)
	}
	return out
}

// measure probes from all sockets at once, then tries the site's public address.
func (r *Responder) measure(t *natTest, ask func(i int) natprobe.Config) pairing.NATRecord {
	heard := t.server.Close()
	rec := pairing.NATRecord{Heard: &heard, Sockets: make([]evidence.NATSocket, len(t.conns))}
	var others sync.WaitGroup
	others.Go(func() {
		rec.Others = natprobe.AskAlone(t.ctx, r.cfg.STUN, t.local, network.Opener(t.ctx, r.own))
	})
	var own sync.WaitGroup
	for i := range t.conns {
		own.Go(func() {
			result, _ := natprobe.Probe(t.ctx, ask(i)) // an error ends it early: what is there is told
			rec.Sockets[i] = evidence.NATSocket{Class: t.opened[i].Class, Fresh: t.opened[i].Fresh, Result: result}
		})
	}
	own.Wait()
	others.Wait()
	rec.Hairpin = r.hairpin(t, rec.Sockets)
	return rec
}

// hairpin asks the first media port of the test by way of the site's public address,
// which nobody outside has told: nothing is sent to where a client wants it.
func (r *Responder) hairpin(t *natTest, sockets []evidence.NATSocket) *evidence.Hairpin {
	public, known := r.ownPublic(t.local, sockets)
	if known == "" || public == t.local || t.ctx.Err() != nil {
		return nil
	}
	ask, err := r.own.ListenPacket(t.ctx, netip.AddrPortFrom(t.local, 0))
	if err != nil {
		return nil
	}
	defer ask.Close()
	// Nobody else can have this key, so that whatever answers is this end itself.
	cred := natprobe.Credentials{User: "hairpin", Key: []byte(rand.Text())}
	server, err := natprobe.Serve(natprobe.ServerConfig{Credentials: cred, Conns: []net.PacketConn{t.conns[0]}})
	if err != nil {
		return nil
	}
	to := netip.AddrPortFrom(public, t.opened[0].Port)
	result, err := natprobe.Probe(t.ctx, natprobe.Config{Credentials: cred, Conn: ask, Requests: []natprobe.Request{{To: to}}})
	heard := server.Close()
	if err != nil {
		return nil
	}
	return &evidence.Hairpin{Known: known, Result: result, Heard: heard}
}

// ownPublic is the site's public address, as the operator of the responder has given
// it, or as all the STUN servers see it that he named.
func (r *Responder) ownPublic(local netip.Addr, sockets []evidence.NATSocket) (public netip.Addr, known string) {
	if p := r.cfg.Public; p.IsValid() {
		if p.Is4() != local.Is4() {
			return netip.Addr{}, ""
		}
		return p, "public-address"
	}
	for _, s := range sockets {
		for _, x := range s.Exchanges {
			switch {
			case x.Server == "" || x.Mapped == nil:
			case !public.IsValid():
				public = x.Mapped.Addr()
			case public != x.Mapped.Addr():
				return netip.Addr{}, ""
			}
		}
	}
	if !public.IsValid() || !public.IsGlobalUnicast() {
		return netip.Addr{}, ""
	}
	return public, "stun"
}
