package diagnosistest

import (
	"fmt"
	"net/netip"
	"slices"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// pair makes the first contact over every transport.
func (s Site) pair(ev *evidence.Evidence) {
	for _, t := range sipprobe.Transports() {
		a := evidence.Attempt{Transport: t, Connect: s.connect(t)}
		if s.reaches(ev, ev.Run.PairingToken(t), t) {
			a.Exchange = new(s.exchange("OPTIONS", t))
		}
		if a.Works() {
			ev.Pairing.Transport = t
		}
		ev.Pairing.Attempts = append(ev.Pairing.Attempts, a)
	}
	if ev.Pairing.Transport != "" {
		ev.Pairing.ClientBehindNAT = new(s.ClientNAT)
	}
}

// reaches puts a question, its challenge, and its answer on both tapes; false when
// no connection could be opened for it.
func (s Site) reaches(ev *evidence.Evidence, token string, t sipprobe.Transport) bool {
	f := s.opened(t)
	d := dialog{token: token, to: "sip:probe@" + Public.String(), from: f.client.local}
	if s.closed(t) {
		if t.Reliable() {
			return false
		}
		for range 5 {
			record(&ev.Client, t, f.client, true, d.request("OPTIONS", t, 1, netip.AddrPort{}), 0)
		}
		return true
	}
	if ev.Responder == nil {
		ev.Responder = &evidence.Ledger{Addresses: []netip.Addr{Inside}, PublicAddress: Public, Sockets: sockets(Inside),
			RTP: rtpprobe.PortRange{From: 10000, To: 20000}, Container: &evidence.Container{}}
		_, ev.Responder.Sockets[2].Presented = s.shown()
	}
	for i, status := range []string{"401 Unauthorized", "200 OK"} {
		question := s.send(ev, f, scenarios.Inbound, d.request("OPTIONS", t, i+1, netip.AddrPort{}), 1)
		if question != "" {
			s.send(ev, f, scenarios.Outbound, response(question, status, "t"+token, netip.AddrPort{}, netip.AddrPort{}), 1)
		}
	}
	return true
}

func (s Site) connect(t sipprobe.Transport) *evidence.Connect {
	if !t.Reliable() {
		return nil
	}
	c := &evidence.Connect{
		Result: "open", DurationMs: 11.8, Local: netip.AddrPortFrom(s.client(), 40_000), Remote: netip.AddrPortFrom(Public, t.DefaultPort()),
	}
	if t == sipprobe.TLS {
		c.PeerSHA256, _ = s.shown()
	}
	if s.closed(t) {
		c.Result, c.DurationMs, c.Local, c.PeerSHA256 = "timeout", 5000, netip.AddrPort{}, ""
	}
	return c
}

// exchange is one that is accepted, or meets silence where the transport is closed.
func (s Site) exchange(method string, t sipprobe.Transport) sipprobe.Exchange {
	x := sipprobe.Exchange{
		Method: method, Transport: t, Local: netip.AddrPortFrom(s.client(), 40_000),
		Remote: netip.AddrPortFrom(Public, t.DefaultPort()), SeenAs: netip.AddrPortFrom(Outside, 40_000),
	}
	switch {
	case !s.closed(t):
		x.Outcome, x.Status, x.Reason, x.Server, x.RTTMs = sipprobe.Accepted, 200, "OK", "bothways-responder/0.1.0", new(12.3)
	case t.Reliable():
		x.Outcome, x.Error, x.SeenAs = sipprobe.NotReached, "no connection", netip.AddrPort{}
	default:
		x.Outcome, x.Error, x.SeenAs = sipprobe.Silent, "no answer", netip.AddrPort{}
	}
	return x
}

func (s Site) runChecks(ev *evidence.Evidence) {
	var controls []evidence.Check
	port := uint16(12_004)
	for i := range ev.Checks {
		c := &ev.Checks[i]
		t := sipprobe.Transport(c.Transport)
		switch {
		case ev.Pairing.Transport == "":
			c.Skipped = "the responder was not reached"
		case c.Kind == scenarios.SweepKind:
			j := slices.IndexFunc(s.Sweeps, func(sweep Sweep) bool { return sweep.direction() == c.Direction })
			c.SweepFacts = s.Sweeps[j].Facts()
		case c.Kind == scenarios.TLSKind:
			j := slices.IndexFunc(s.TLS, func(server TLSServer) bool { return server.Port == c.TLS.Port })
			c.TLSFacts = s.TLS[j].Facts(s)
		case c.Kind == scenarios.PortKind:
			j := slices.IndexFunc(s.Ports, func(p Port) bool { return p.Check().ID == c.ID })
			c.PortFacts = s.Ports[j].Facts()
		case c.Kind == scenarios.NATKind:
			j := slices.IndexFunc(s.NATs, func(nat NAT) bool { return nat.direction() == c.Direction })
			c.NATFacts = s.NATs[j].Facts()
			if c.Direction == scenarios.Outbound {
				ev.Pairing.Second = s.NATs[j].second()
			}
		case c.Kind == scenarios.Options:
			s.reaches(ev, ev.Run.Token(c.ID), t)
			c.Options = &evidence.OptionsFacts{Connect: s.connect(t), Exchange: s.exchange("OPTIONS", t)}
		case s.closed(t):
			c.Skipped = fmt.Sprintf("the responder does not answer over %s", t)
		default:
			c.CallFacts = s.call(c.Check, port)
			s.signal(ev, c)
			port += 4
			if s.Control && c.Direction == scenarios.Inbound {
				controls = append(controls, s.control(*c, port))
				s.signal(ev, &controls[len(controls)-1])
				port += 4
			}
		}
	}
	ev.Checks = append(ev.Checks, controls...)
}

// control is the same call with a client that latches.
func (s Site) control(c evidence.Check, port uint16) evidence.Check {
	s.Latch = true
	check := s.callCheck(c.Direction, sipprobe.Transport(c.Transport))
	check.ID = c.ID + "-latched"
	return evidence.Check{Check: check, Control: c.ID, CallFacts: s.call(check, port)}
}
