package client

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// natRecordTimeout is for the responder to probe and hand over what it has seen.
const natRecordTimeout = pairing.NATTime + recordTimeout

func (r *run) nat(ctx context.Context, c *evidence.Check) {
	opened, err := r.natOrder(ctx, c.ID, pairing.NATOrder{Open: &pairing.NATOpen{Direction: c.Direction}})
	switch {
	case err != nil:
		c.Skipped = "the responder could not be told to open ports: " + reason(ctx, err)
		return
	case c.Direction == scenarios.Inbound:
		r.natIn(ctx, c, opened)
	default:
		r.natOut(ctx, c, opened)
	}
	ctx, cancel := lastWords(ctx, recordTimeout)
	defer cancel()
	r.natOrder(ctx, c.ID, pairing.NATOrder{Finish: true})
}

func (r *run) natOrder(ctx context.Context, check string, o pairing.NATOrder) (pairing.NATReply, error) {
	reply, err := r.patiently(ctx, check, pairing.Order{NAT: &o})
	switch {
	case err != nil:
		return pairing.NATReply{}, err
	case reply.NAT == nil:
		return pairing.NATReply{}, errors.New("the responder knows no tests of NATs; its version is older")
	}
	return *reply.NAT, nil
}

// natOut has the responder probe: the site's NAT is between.
func (r *run) natOut(ctx context.Context, c *evidence.Check, opened pairing.NATReply) {
	hidden := r.public != r.local
	if hidden && !opened.Public {
		c.Skipped = r.unreachable().Error()
		return
	}
	facts := &evidence.NATFacts{}
	far := &farEnd{}
	if !hidden {
		var err error
		if far, err = r.openFar(ctx); err != nil {
			c.Skipped = "this machine could not open ports: " + err.Error()
			return
		}
	}
	defer far.close()
	facts.Cold = r.cold(ctx, opened.Sockets)
	c.NATFacts = facts
	rec, err := r.probedBy(ctx, c.ID, far)
	if err != nil {
		facts.Missing = unfetched(ctx, err).Error()
		return
	}
	facts.Sockets, facts.Others, facts.ColdHeard, facts.Hairpin = rec.Sockets, rec.Others, rec.Heard, rec.Hairpin
	facts.Heard = far.heard()
}

func (r *run) probedBy(ctx context.Context, check string, far *farEnd) (pairing.NATRecord, error) {
	if _, err := r.natOrder(ctx, check, pairing.NATOrder{Probe: &far.order}); err != nil {
		return pairing.NATRecord{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, natRecordTimeout)
	defer cancel()
	return r.link.FetchNAT(ctx)
}

// A farEnd is where the responder probes: two ports of this end's address, and two of
// its second where that has proven itself.
type farEnd struct {
	conns  []net.PacketConn
	server *natprobe.Server
	order  pairing.NATProbe
}

func (r *run) openFar(ctx context.Context) (*farEnd, error) {
	f := &farEnd{}
	var err error
	if f.order.Ports, err = f.open(ctx, r, r.local, []uint16{0, 0}); err != nil {
		f.close()
		return nil, err
	}
	if second := r.ev.Pairing.Second; second != nil && second.SeenAs != nil {
		// The same ports again, so that addresses can differ alone.
		ports, err := f.open(ctx, r, second.Address, f.order.Ports)
		if err != nil {
			ports, err = f.open(ctx, r, second.Address, []uint16{0, 0})
		}
		if err == nil {
			f.order.Second, f.order.SecondPorts = second.SeenAs.Addr(), ports
		}
	}
	f.server, err = natprobe.Serve(natprobe.ServerConfig{
		Credentials: pairing.STUNCredentials(r.cfg.Key, r.ev.Run.ID), Conns: f.conns,
	})
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// open opens ports of an address, all or none.
func (f *farEnd) open(ctx context.Context, r *run, local netip.Addr, want []uint16) (ports []uint16, err error) {
	var conns []net.PacketConn
	for _, port := range want {
		c, err := r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(local, port))
		if err != nil {
			network.CloseAll(conns)
			return nil, err
		}
		conns, ports = append(conns, c), append(ports, network.PortOf(c))
	}
	f.conns = append(f.conns, conns...)
	return ports, nil
}

// heard ends answering, and is the ledger; null where this end was not asked.
func (f *farEnd) heard() *natprobe.Heard {
	if f.server == nil {
		return nil
	}
	h := f.server.Close()
	f.server = nil
	return &h
}

func (f *farEnd) close() {
	f.heard()
	network.CloseAll(f.conns)
}

// cold asks each of the responder's sockets, which has sent nothing yet, from a fresh
// port of each of this end's addresses: what arrives was let in by a forward.
func (r *run) cold(ctx context.Context, sockets []pairing.NATSocket) []evidence.ColdProbe {
	from := []netip.Addr{r.local}
	if second := r.ev.Pairing.Second; second != nil && second.SeenAs != nil {
		from = append(from, second.Address)
	}
	var out []evidence.ColdProbe
	for i := range from {
		for _, s := range sockets {
			out = append(out, evidence.ColdProbe{Class: s.Class, Port: s.Port, Second: i > 0})
		}
	}
	var asking sync.WaitGroup
	for i := range out {
		asking.Go(func() {
			local := from[0]
			if out[i].Second {
				local = from[1]
			}
			to := natprobe.Request{To: netip.AddrPortFrom(r.cfg.Address, out[i].Port)}
			conn, err := r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(local, 0))
			if err != nil {
				return
			}
			defer conn.Close()
			if result := r.stun(ctx, conn, natprobe.MappingTest, []natprobe.Request{to}); len(result.Exchanges) > 0 {
				out[i].Exchange = result.Exchanges[0]
			}
		})
	}
	asking.Wait()
	return out
}

// stun puts the questions of a test from a socket of this end.
func (r *run) stun(ctx context.Context, conn net.PacketConn, test natprobe.Test, requests []natprobe.Request) natprobe.Result {
	result, _ := natprobe.Probe(ctx, natprobe.Config{ // an error ends it early: what is there is told
		Credentials: pairing.STUNCredentials(r.cfg.Key, r.ev.Run.ID), Conn: conn, Test: test, Requests: requests,
	})
	return result
}

// stunBoth puts the questions of both tests, each from two sockets of this end.
func (r *run) stunBoth(ctx context.Context, to []netip.AddrPort) (out []evidence.NATSocket) {
	public := natprobe.AskPublic(r.cfg.STUN, r.local)
	tests := []natprobe.Test{natprobe.MappingTest, natprobe.FilteringTest}
	results := make([]*evidence.NATSocket, 2*len(tests))
	var asking sync.WaitGroup
	for i, test := range tests {
		requests := append(natprobe.Plan(test, to, natprobe.ChangePort), public...)
		for j, conn := range r.natPair(ctx) {
			asking.Go(func() {
				defer conn.Close()
				results[2*i+j] = &evidence.NATSocket{Class: evidence.MediaPort, Fresh: true, Result: r.stun(ctx, conn, test, requests)}
			})
		}
	}
	asking.Wait()
	for _, s := range results {
		if s != nil {
			out = append(out, *s)
		}
	}
	return out
}

// natIn probes the responder's media ports and the STUN servers: this end's own NAT is
// between.
func (r *run) natIn(ctx context.Context, c *evidence.Check, opened pairing.NATReply) {
	facts := &evidence.NATFacts{}
	c.NATFacts = facts
	var to []netip.AddrPort
	for _, s := range opened.Sockets {
		to = append(to, netip.AddrPortFrom(r.cfg.Address, s.Port))
	}
	var others sync.WaitGroup
	others.Go(func() {
		facts.Others = natprobe.AskAlone(ctx, r.cfg.STUN, r.local, network.Opener(ctx, r.cfg.Network))
	})
	facts.Sockets = r.stunBoth(ctx, to)
	others.Wait()
	ctx, cancel := lastWords(ctx, recordTimeout)
	defer cancel()
	_, err := r.natOrder(ctx, c.ID, pairing.NATOrder{Finish: true})
	if err == nil {
		var rec pairing.NATRecord
		rec, err = r.link.FetchNAT(ctx)
		facts.Heard = rec.Heard
	}
	if err != nil {
		facts.Missing = unfetched(ctx, err).Error()
	}
}

// natPair are sockets on two ports of this end that follow each other, the first one even;
// on any two where none such are free.
func (r *run) natPair(ctx context.Context) (conns []net.PacketConn) {
	listen := func(port uint16) (net.PacketConn, error) {
		return r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(r.local, port))
	}
	if even, odd, err := rtpprobe.OpenPair(listen, rtpprobe.PortRange{}); err == nil {
		return []net.PacketConn{even, odd}
	}
	for range 2 {
		if c, err := listen(0); err == nil {
			conns = append(conns, c)
		}
	}
	return conns
}
