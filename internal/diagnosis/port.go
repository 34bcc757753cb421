package diagnosis

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/scenarios"
)

// A PortResult is what became of the knocks at a port.
type PortResult string

// The results.
const (
	PortOpen        PortResult = "open"
	PortRequestLost PortResult = "request-lost"
	PortReplyLost   PortResult = "reply-lost"
	PortWrong       PortResult = "wrong-port"
	// PortAnotherHost: answered, and not by the other end, at which nothing arrived.
	PortAnotherHost PortResult = "another-host"
	PortInUse       PortResult = "in-use"
	// PortByPBX: another program on the responder's machine holds the port, and it is what answers outside.
	PortByPBX        PortResult = "answered-by-pbx"
	PortInconclusive PortResult = "inconclusive"
)

// Port is what both ends measured of one port; null is unknown.
type Port struct {
	Number  uint16
	Purpose string
	// Expect is what the scenario wants it to be.
	Expect scenarios.Expectation
	Result PortResult
	// Connect is how the connection ended to open that told most, empty over UDP.
	Connect string
	// Sent counts knocks, over TCP connections; Arrived those of them that were proven.
	Sent, Arrived *int
	// ArrivedOn is the port on which knocks arrived, 0 when none did.
	ArrivedOn uint16
	// Stranger is what answered without proof, null when nothing did.
	Stranger *knock.Stranger
	// ICMP is null where none could be heard.
	ICMP []knock.ICMP
	// Service is what the program that holds the port said; null when it was not asked.
	Service *Service
}

// A portTest is one check of a port with what both ends recorded.
type portTest struct {
	check  *evidence.Check
	facts  *evidence.PortFacts
	number uint16
	result PortResult
	held   heldPort               // where another program holds it
	seen   *evidence.CapturedHeld // at that program's machine, nil when unknown
	opened bool                   // something on the path is known to open TLS
}

func newPortTest(ev *evidence.Evidence, c *evidence.Check) portTest {
	p := portTest{check: c, facts: c.PortFacts, seen: atMachine(ev, c), opened: opensTLS(ev)}
	if c.Port != nil {
		p.number = c.Port.Number
	}
	p.held = p.judgeHeld()
	p.result = p.became()
	return p
}

// became sorts what both ledgers say. Where strangers rang the bell, what was lost may
// have been among them, changed on the way, and nothing is said.
func (p portTest) became() PortResult {
	k, h := p.facts.Knocked, p.facts.Heard
	switch {
	case h != nil && h.NotHung == knock.InUse:
		return p.held.result
	case k == nil || h == nil || h.NotHung != "" || p.sent() == 0:
		return PortInconclusive
	case p.elsewhere():
		return PortWrong
	case k.Answered() != nil:
		return PortOpen
	case len(h.Arrivals) > 0 && p.answers() == 0:
		return PortInconclusive
	case len(h.Arrivals) > 0:
		return PortReplyLost
	case h.Strangers > 0 || h.Error != "":
		return PortInconclusive
	case k.Another() != nil || p.openTo() != nil:
		return PortAnotherHost
	}
	return PortRequestLost
}

// sent counts the knocks that left, over TCP the attempts that this machine made.
func (p portTest) sent() (n int) {
	if p.facts.Knocked == nil {
		return 0
	}
	for _, a := range p.facts.Knocked.Attempts {
		if !localAttempt(a) {
			n++
		}
	}
	return n
}

func localAttempt(a knock.Attempt) bool { return a.Outcome == knock.NotSent || a.Connect == "local" }

// heard counts the knocks that arrived, answers those that were answered.
func (p portTest) heard() (n int) {
	for _, a := range p.facts.Heard.Arrivals {
		n += a.Knocks
	}
	return n
}

func (p portTest) answers() (n int) {
	for _, a := range p.facts.Heard.Arrivals {
		n += a.Answered
	}
	return n
}

// elsewhere reports whether knocks arrived, and none of them where it should.
func (p portTest) elsewhere() bool {
	h := p.facts.Heard
	return len(h.Arrivals) > 0 && !slices.ContainsFunc(h.Arrivals, func(a knock.Arrival) bool { return a.Local.Port() == p.number })
}

// arrivedOn is the port on which knocks arrived, 0 when none did.
func (p portTest) arrivedOn() uint16 {
	if p.facts.Heard == nil || len(p.facts.Heard.Arrivals) == 0 {
		return 0
	}
	if !p.elsewhere() {
		return p.number
	}
	return p.facts.Heard.Arrivals[0].Local.Port()
}

// openTo is an attempt whose connection something accepted, nil when nothing did.
func (p portTest) openTo() *knock.Attempt {
	for i := range p.facts.Knocked.Attempts {
		if a := &p.facts.Knocked.Attempts[i]; a.Connect == "open" {
			return a
		}
	}
	return nil
}

// telling is the attempt that tells most: that which came farthest.
func (p portTest) telling() *knock.Attempt {
	k := p.facts.Knocked
	if k == nil || len(k.Attempts) == 0 {
		return nil
	}
	for _, a := range []*knock.Attempt{k.Answered(), k.Another(), p.openTo()} {
		if a != nil {
			return a
		}
	}
	for i := range k.Attempts {
		if a := &k.Attempts[i]; !localAttempt(*a) {
			return a
		}
	}
	return &k.Attempts[0]
}

// name is "TCP 443".
func (p portTest) name() string {
	return fmt.Sprintf("%s %d", strings.ToUpper(string(p.check.Transport)), p.number)
}

// ends names the two ends, that which knocked first.
func (p portTest) ends() (sender, receiver string) {
	if p.check.Direction == scenarios.Inbound {
		return "client", "responder"
	}
	return "responder", "client"
}

func (p portTest) udp() bool { return p.check.Transport == scenarios.Transport(knock.UDP) }

// remote is what was knocked at.
func (p portTest) remote() string {
	if k := p.facts.Knocked; k != nil && k.Remote.IsValid() {
		return k.Remote.String()
	}
	return p.name()
}

// bellAt is where the bell hung, with the responder's own address where it is certain.
func (v *view) bellAt(p portTest) string {
	a := p.facts.Heard.Local
	if p.check.Direction == scenarios.Inbound && v.Responder != nil {
		if home := v.home(a.Addr()); home.IsValid() {
			return netip.AddrPortFrom(home, p.number).String()
		}
	}
	if !a.IsValid() {
		return "the inside address"
	}
	return a.String()
}

// tested returns the checks of ports of a direction that ended in one of the results,
// without those that the scenario wants closed.
func (v *view) tested(d scenarios.Direction, results ...PortResult) []portTest {
	var out []portTest
	for _, p := range v.ports {
		if !p.closed() && p.check.Direction == d && slices.Contains(results, p.result) {
			out = append(out, p)
		}
	}
	return out
}

// measured is what is told of the port beside its verdict.
func (p portTest) measured() *Port {
	m := &Port{Number: p.number, Expect: scenarios.ExpectOpen, Result: p.result, ArrivedOn: p.arrivedOn()}
	if p.asked() {
		m.Service = &Service{Outside: p.facts.Outside, Inside: p.facts.Inside, Proof: p.held.proof}
		m.Connect = p.facts.Outside.Connect
	}
	if p.check.Port != nil {
		m.Purpose = p.check.Port.Purpose
	}
	if p.closed() {
		m.Expect = scenarios.ExpectClosed
	}
	if k := p.facts.Knocked; k != nil {
		m.Sent, m.ICMP = new(p.sent()), k.ICMP
		if a := p.telling(); a != nil {
			m.Connect = a.Connect
		}
		if a := k.Another(); a != nil {
			m.Stranger = a.Stranger
		}
	}
	if h := p.facts.Heard; h != nil && h.NotHung == "" {
		m.Arrived = new(p.heard())
	}
	return m
}
