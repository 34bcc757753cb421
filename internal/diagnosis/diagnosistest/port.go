package diagnosistest

import (
	"fmt"
	"net/netip"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/service"
	"bothways/scenarios"
)

// A Port says what becomes of the knocks at one port. Its zero value is TCP 443,
// inbound, without fault.
type Port struct {
	// Direction is inbound unless it is set, Transport "tcp", Number 443.
	Direction scenarios.Direction
	Transport knock.Transport
	Number    uint16
	// Fate is what is wrong, empty when nothing is.
	Fate Fate
	// Closed is true where the scenario wants the port closed.
	Closed bool
	// ICMP is what routers say of knocks over UDP that are lost.
	ICMP []knock.ICMP
	// Outside and Inside are what the program said that holds the port; nil asks nothing.
	Outside, Inside *service.Said
	// AtMachine is what was counted there; nil counts nothing.
	AtMachine *evidence.CapturedHeld
}

// A Fate is what becomes of knocks.
type Fate string

// The fates.
const (
	// Lost: dropped without a word. Refused: by a reset.
	Lost, Refused Fate = "lost", "refused"
	// Answered: by another machine. Taken: the connection is, and nothing is said.
	Answered, Taken Fate = "answered", "taken"
	// AnswerLost: the bell rings and its answer is lost. Aside: the knock arrives on the next port.
	AnswerLost, Aside Fate = "answer-lost", "aside"
	// Held: another program has the port. Forbidden: the receiving end may not listen there.
	Held, Forbidden Fate = "held", "forbidden"
	// Changed: what arrives is not what was sent. Unsent: the sending machine does not take it.
	Changed, Unsent Fate = "changed", "unsent"
	// Unrecorded: the responder's record could not be had.
	Unrecorded Fate = "unrecorded"
	// Unproven: the knock comes from an address that nobody has proven.
	Unproven Fate = "unproven"
)

func (p Port) resolved() Port {
	if p.Direction == "" {
		p.Direction = scenarios.Inbound
	}
	if p.Transport == "" {
		p.Transport = knock.TCP
	}
	if p.Number == 0 {
		p.Number = 443
	}
	return p
}

// Check is the check of a scenario that asks for the port.
func (p Port) Check() scenarios.Check {
	p = p.resolved()
	id := fmt.Sprintf("port-%d-in-%s", p.Number, p.Transport)
	if p.Direction == scenarios.Outbound {
		id = fmt.Sprintf("port-%d-out-%s", p.Number, p.Transport)
	}
	c := scenarios.Check{
		ID: id, Kind: scenarios.PortKind, Direction: p.Direction, Transport: scenarios.Transport(p.Transport),
		Port: &scenarios.Port{Number: p.Number},
	}
	if p.Closed {
		c.Port.Expect = scenarios.ExpectClosed
	}
	if p.Number == 443 {
		c.Purpose, c.Port.Purpose = "web interface", "web interface"
	}
	return c
}

// Facts are what both ends recorded of the knocks.
func (p Port) Facts() *evidence.PortFacts {
	p = p.resolved()
	from, bell, seen, at := Outside, Inside, Outside, Public
	if p.Direction == scenarios.Outbound {
		from, bell, seen, at = Inside, Outside, Public, Outside
	}
	f := &evidence.PortFacts{
		Knocked: &knock.Knocked{Transport: p.Transport, Remote: netip.AddrPortFrom(at, p.Number), Attempts: []knock.Attempt{}},
		Heard:   &knock.Heard{Transport: p.Transport, Local: netip.AddrPortFrom(bell, p.Number), Arrivals: []knock.Arrival{}},
	}
	for i := range p.attempts() {
		f.Knocked.Attempts = append(f.Knocked.Attempts, p.attempt(i, netip.AddrPortFrom(from, 40_000+p.Number%1000), f.Knocked.Remote))
	}
	if p.Transport == knock.UDP {
		f.Knocked.ICMP = append([]knock.ICMP{}, p.ICMP...)
	}
	f.Outside, f.Inside = p.Outside, p.Inside
	p.ring(f, netip.AddrPortFrom(seen, 40_000+p.Number%1000))
	return f
}

// attempts is how often one knocks until the answer is there.
func (p Port) attempts() int {
	switch {
	case p.Fate == "" || p.Fate == Aside:
		return 1
	case p.Transport == knock.TCP:
		return 2
	}
	return 6
}

func (p Port) attempt(i int, local, remote netip.AddrPort) knock.Attempt {
	quick, slow := 11.8, 4000.0
	a := knock.Attempt{Time: Started.Add(time.Duration(i) * 300 * time.Millisecond), Local: local, Outcome: knock.Silent}
	if p.Transport == knock.TCP {
		a.Connect, a.ConnectMs = "open", &quick
	}
	switch p.Fate {
	case "", Aside:
		a.Outcome, a.RTTMs, a.ArrivedOn = knock.Proven, &quick, p.Number
		if p.Fate == Aside {
			a.ArrivedOn++
		}
	case Lost, Refused, Unrecorded:
		p.lose(&a, &slow, &quick)
	case Answered:
		a.Outcome = knock.Another
		a.Stranger = &knock.Stranger{From: remote, Bytes: 103, Head: "HTTP/1.1 400 Bad Request"}
		if p.Transport == knock.UDP {
			a.Stranger.Bytes, a.Stranger.Head = 2, "hex 80 01"
		}
	case Unsent:
		a.Error, a.Local = "operation not permitted", netip.AddrPort{}
		if a.Outcome = knock.NotSent; p.Transport == knock.TCP {
			a.Outcome, a.Connect = knock.NotConnected, "local"
		}
	case Changed:
		if p.Transport == knock.TCP {
			a.Outcome = knock.Closed
		}
	}
	return a
}

// lose is an attempt of which nothing arrives.
func (p Port) lose(a *knock.Attempt, slow, quick *float64) {
	if p.Transport == knock.UDP {
		return
	}
	a.Outcome, a.Connect, a.ConnectMs, a.Local, a.Error = knock.NotConnected, "timeout", slow, netip.AddrPort{}, "i/o timeout"
	if p.Fate == Refused {
		a.Connect, a.ConnectMs, a.Error = "refused", quick, "connection refused"
	}
}

// ring is what the bell heard.
func (p Port) ring(f *evidence.PortFacts, from netip.AddrPort) {
	arrival := knock.Arrival{Time: Started, Local: f.Heard.Local, Remote: from, Port: p.Number, Knocks: p.attempts(), Answered: p.attempts()}
	switch p.Fate {
	case Aside:
		arrival.Local = netip.AddrPortFrom(arrival.Local.Addr(), p.Number+1)
		fallthrough
	case "", AnswerLost:
		f.Heard.Arrivals = append(f.Heard.Arrivals, arrival)
	case Unproven:
		arrival.Answered, arrival.Refused = 0, true
		f.Heard.Arrivals = append(f.Heard.Arrivals, arrival)
	case Changed:
		f.Heard.Strangers, f.Heard.StrangersFrom = int64(p.attempts()), []netip.AddrPort{from}
	case Held, Forbidden:
		f.Knocked = nil
		f.Heard.NotHung, f.Heard.Error = knock.InUse, "address already in use"
		if p.Fate == Forbidden {
			f.Heard.NotHung, f.Heard.Error = knock.NotPermitted, "permission denied"
		}
	case Unrecorded:
		f.Heard, f.Missing = nil, "the responder cannot be reached any more"
	}
}

// Knocked is a run over UDP with checks of ports, at a site that is else without fault.
func Knocked(ports ...Port) *evidence.Evidence {
	ev := Site{Transports: udpAlone(), Ports: ports}.Run()
	for _, p := range ports {
		if p.AtMachine != nil {
			if ev.Responder.Capture == nil {
				ev = Guarded(ev)
			}
			ev.Responder.Capture.Held = append(ev.Responder.Capture.Held, *p.AtMachine)
		}
	}
	return ev
}
