package diagnosistest

import (
	"net/netip"

	"bothways/internal/evidence"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A NAT says how a NAT behaves in a test of it. Its zero value is the site's: it keeps
// ports, lets in only whom the site has sent to, and forwards the media ports.
type NAT struct {
	// Direction is outbound unless it is set: inbound is the client's own NAT.
	Direction scenarios.Direction
	// Absent: there is no NAT, only a filter.
	Absent bool
	// Filtering is that of ports that are not forwarded, empty = by address and port.
	Filtering natprobe.Behaviour
	// Closed: the media ports are not forwarded.
	Closed bool
	// Random: each flow gets a port of its own. Moved: ports are moved, each to the same.
	Random, Moved bool
	// Pool are the addresses that flows leave by in turn, nil = one.
	Pool []netip.Addr
	// OneAddress: the client has no second address. Unproven says why the second one did
	// not reach the site; SecondShut: it reaches SIP, and no media port.
	OneAddress bool
	Unproven   string
	SecondShut bool
	// Hairpin is "" where it was not tried, else "works", "dead", or "private" where the
	// answer comes from the inside address.
	Hairpin string
	// Dead: nothing that was sent arrived.
	Dead bool
}

// Outside2 is the client's second address.
var Outside2 = netip.MustParseAddr("198.51.100.21")

// Sockets of a test, and where they are asked.
var (
	natMedia = []uint16{12_000, 12_001, 12_010, 12_011}
	natFree  = []uint16{50_000, 50_001, 50_010, 50_011}
	natFar   = []uint16{41_000, 41_001}
)

const natTries = natprobe.DefaultTries

// Check is the check of a scenario that asks for the test.
func (n NAT) Check() scenarios.Check {
	id := "nat-out"
	if n.direction() == scenarios.Inbound {
		id = "nat-in"
	}
	return scenarios.Check{ID: id, Kind: scenarios.NATKind, Direction: n.direction(), Transport: "udp"}
}

func (n NAT) direction() scenarios.Direction {
	if n.Direction == "" {
		return scenarios.Outbound
	}
	return n.Direction
}

// second is how the client's second address showed itself.
func (n NAT) second() *evidence.SecondAddress {
	if n.OneAddress {
		return nil
	}
	s := &evidence.SecondAddress{Address: Outside2, Error: n.Unproven}
	if n.Unproven == "" {
		s.SeenAs, s.Transport = new(netip.AddrPortFrom(Outside2, 40_001)), sipprobe.UDP
	}
	return s
}

func (n NAT) hasSecond() bool { return !n.OneAddress && n.Unproven == "" }

// Facts are what both programs would have recorded.
func (n NAT) Facts() *evidence.NATFacts {
	f := &evidence.NATFacts{Heard: &natprobe.Heard{}}
	if n.direction() == scenarios.Inbound {
		local := BehindNAT
		if n.Absent {
			local = Outside
		}
		for i, port := range natFree {
			f.Sockets = append(f.Sockets, n.socket(f, evidence.MediaPort, local, port, i, Public, netip.Addr{}))
		}
		return f
	}
	other := netip.Addr{}
	if n.hasSecond() {
		other = Outside2
	}
	for i, port := range natMedia {
		f.Sockets = append(f.Sockets, n.socket(f, evidence.MediaPort, Inside, port, i, Outside, other))
	}
	for i, port := range natFree {
		f.Sockets = append(f.Sockets, n.socket(f, evidence.FreePort, Inside, port, i, Outside, other))
	}
	n.cold(f)
	n.hairpin(f)
	return f
}

// socket is one that was used for mapping, or from the third on for filtering.
func (n NAT) socket(f *evidence.NATFacts, class evidence.NATClass, local netip.Addr, port uint16, i int, far, other netip.Addr) evidence.NATSocket {
	s := evidence.NATSocket{Class: class, Fresh: true, Result: natprobe.Result{Local: netip.AddrPortFrom(local, port), Test: natprobe.MappingTest}}
	first := netip.AddrPortFrom(far, natFar[0])
	if i >= 2 {
		s.Test = natprobe.FilteringTest
		s.Exchanges = []natprobe.Exchange{n.ask(f, s, first, natprobe.NoChange), n.ask(f, s, first, natprobe.ChangePort)}
		if other.IsValid() {
			s.Exchanges = append(s.Exchanges, n.ask(f, s, first, natprobe.ChangeBoth))
		}
		return s
	}
	for _, a := range []netip.Addr{far, other} {
		for _, p := range natFar {
			if a.IsValid() {
				s.Exchanges = append(s.Exchanges, n.ask(f, s, netip.AddrPortFrom(a, p), natprobe.NoChange))
			}
		}
	}
	return s
}

// ask is one question of a socket, in the ledger of the far end too.
func (n NAT) ask(f *evidence.NATFacts, s evidence.NATSocket, to netip.AddrPort, change natprobe.Change) natprobe.Exchange {
	x := natprobe.Exchange{To: to, Change: change, Sent: natTries}
	if n.Dead {
		return x
	}
	seen, from := n.mapped(s, to), to
	if change != natprobe.NoChange {
		from = netip.AddrPortFrom(to.Addr(), natFar[1])
	}
	if change == natprobe.ChangeBoth {
		from = netip.AddrPortFrom(Outside2, natFar[1])
	}
	row := natprobe.Arrival{At: to, From: seen, Change: change, Requests: natTries, Answers: natTries}
	if n.letsIn(s, change) {
		x.Sent, x.Mapped, x.From, x.RTTMS = 1, &seen, &from, new(11.9)
		row.Requests, row.Answers = 1, 1
	}
	f.Heard.Arrivals = append(f.Heard.Arrivals, row)
	return x
}

// mapped is how a destination sees a socket.
func (n NAT) mapped(s evidence.NATSocket, to netip.AddrPort) netip.AddrPort {
	addr, port := Public, s.Local.Port()
	if n.direction() == scenarios.Inbound {
		addr = Outside
	}
	switch {
	case n.Absent:
		addr = s.Local.Addr()
	case n.Random:
		port = 20_000 + (port*7+to.Port()*131+uint16(to.Addr().As16()[15])*977)%40_000
	case n.Moved && s.Class == evidence.MediaPort:
		port += 20_001
	}
	if len(n.Pool) > 0 {
		addr = n.Pool[int(s.Local.Port())%len(n.Pool)]
	}
	return netip.AddrPortFrom(addr, port)
}

// letsIn reports whether an answer from elsewhere gets in.
func (n NAT) letsIn(s evidence.NATSocket, change natprobe.Change) bool {
	forwarded := s.Class == evidence.MediaPort && n.direction() == scenarios.Outbound && !n.Closed && !n.Random && !n.Moved
	switch {
	case change == natprobe.NoChange, n.Filtering == natprobe.EndpointIndependent:
		return true
	case change == natprobe.ChangePort:
		return forwarded || n.Filtering == natprobe.AddressDependent
	}
	return forwarded && !n.SecondShut
}

// cold is what the client sent before the responder had sent anything.
func (n NAT) cold(f *evidence.NATFacts) {
	f.ColdHeard = &natprobe.Heard{}
	for _, second := range []bool{false, true} {
		if second && !n.hasSecond() {
			continue
		}
		for _, s := range f.Sockets {
			from := netip.AddrPortFrom(Outside, 42_000+s.Local.Port()%100)
			if second {
				from = netip.AddrPortFrom(Outside2, from.Port())
			}
			to := netip.AddrPortFrom(Public, s.Local.Port())
			p := evidence.ColdProbe{Class: s.Class, Port: s.Local.Port(), Second: second, Exchange: natprobe.Exchange{To: to, Sent: natTries}}
			if s.Class == evidence.MediaPort && !n.Closed && !(second && n.SecondShut) {
				p.Sent, p.Mapped, p.From, p.RTTMS = 1, &from, &to, new(11.9)
				f.ColdHeard.Arrivals = append(f.ColdHeard.Arrivals, natprobe.Arrival{At: s.Local, From: from, Requests: 1, Answers: 1})
			}
			f.Cold = append(f.Cold, p)
		}
	}
}

// hairpin is the public address, tried from inside.
func (n NAT) hairpin(f *evidence.NATFacts) {
	if n.Hairpin == "" {
		return
	}
	to, local := netip.AddrPortFrom(Public, natMedia[0]), netip.AddrPortFrom(Inside, 45_678)
	x := natprobe.Exchange{To: to, Sent: natTries}
	h := &evidence.Hairpin{Known: "public-address"}
	if n.Hairpin != "dead" {
		mapped, from, rtt := netip.AddrPortFrom(netip.MustParseAddr("192.168.1.1"), local.Port()), to, 0.4
		if n.Hairpin == "private" {
			mapped, from = local, netip.AddrPortFrom(Inside, to.Port())
		}
		x.Sent, x.Mapped, x.From, x.RTTMS = 1, &mapped, &from, &rtt
		h.Heard.Arrivals = []natprobe.Arrival{{At: netip.AddrPortFrom(Inside, to.Port()), From: mapped, Requests: 1, Answers: 1}}
	}
	h.Result = natprobe.Result{Local: local, Test: natprobe.MappingTest, Exchanges: []natprobe.Exchange{x}}
	f.Hairpin = h
}

// Tested is a run over UDP with tests of NATs, at a site that is else without fault.
func Tested(nats ...NAT) *evidence.Evidence {
	return Site{Transports: []sipprobe.Transport{sipprobe.UDP}, NATs: nats}.Run()
}

// natRuns are one run for each thing that a test of a NAT can show.
func natRuns() []Run {
	return []Run{
		{"nat-clean", Tested(NAT{Hairpin: "works"}, NAT{Direction: scenarios.Inbound, OneAddress: true})},
		{"nat-one-address", Tested(NAT{OneAddress: true, Closed: true})},
		{"nat-no-nat", Tested(NAT{Absent: true})},
		{"nat-open-to-all", Tested(NAT{Filtering: natprobe.EndpointIndependent})},
		{"nat-source-randomised", Tested(NAT{Random: true})},
		{"nat-source-moved", Tested(NAT{Moved: true})},
		{"nat-source-varies", Tested(NAT{Pool: []netip.Addr{Public, Public2}})},
		{"nat-no-hairpin", Tested(NAT{Hairpin: "dead"})},
		{"nat-second-shut", Tested(NAT{SecondShut: true})},
		{"nat-second-unproven", Tested(NAT{Unproven: "no answer"})},
		{"nat-nothing-arrives", Tested(NAT{Dead: true}, NAT{Direction: scenarios.Inbound, Dead: true})},
	}
}
