package diagnosistest

import (
	"net/netip"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// idleRuns are those in which something was left idle.
func idleRuns() []Run {
	return []Run{
		{"idle-remembered", Idled(400_000, 1_200_000)},
		{"binding-short", Idled(40_000, 1_200_000)},
		{"connection-short", Idled(400_000, 400_000)},
		{"binding-short-twice", TriedAgain(Idled(40_000, 1_200_000), 40_000, 1_200_000)},
		{"idle-interrupted", TriedAgain(Idled(100_000, 1_200_000), 400_000, 1_200_000)},
		{"connection-short-behind-own-nat", BehindOwnNAT(Idled(400_000, 400_000))},
	}
}

// Idled is a run with checks of idle times at a site that forgets bindings and
// connections after so many milliseconds.
func Idled(bindingMs, connectionMs int) *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	ev.Checks = append(ev.Checks, idleBinding(bindingMs), idleConnection(connectionMs))
	for _, c := range ev.Checks[len(ev.Checks)-2:] {
		ev.Scenario.Checks = append(ev.Scenario.Checks, c.Check)
	}
	return ev
}

// TriedAgain adds to such a run the controls in which what was dead below its limit is tried
// once more, while the site forgets after so many milliseconds.
func TriedAgain(ev *evidence.Evidence, bindingMs, connectionMs int) *evidence.Evidence {
	for _, c := range ev.Checks[len(ev.Checks)-2:] {
		var dead []int
		for i, ms := range c.Idle.StepsMs {
			if alive := c.IdleFacts.Alive(i); alive != nil && !*alive && ms < c.Idle.LimitMs {
				dead = append(dead, ms)
			}
		}
		if len(dead) == 0 {
			continue
		}
		again := idleBinding(bindingMs, dead...)
		if c.Kind == scenarios.IdleKind {
			again = idleConnection(connectionMs, dead...)
		}
		again.ID, again.Control, again.Idle.LimitMs = c.ID+"-again", c.ID, dead[len(dead)-1]
		ev.Checks = append(ev.Checks, again)
	}
	return ev
}

// BehindOwnNAT moves the client of a run behind a NAT of its own.
func BehindOwnNAT(ev *evidence.Evidence) *evidence.Evidence {
	behind := true
	ev.Pairing.ClientBehindNAT, ev.Client.PublicAddress = &behind, Outside
	return ev
}

// idleBinding is a check of bindings; without idle times it has those of every run.
func idleBinding(memoryMs int, steps ...int) evidence.Check {
	if len(steps) == 0 {
		steps = []int{10_000, 30_000, 60_000, 115_000, 180_000}
	}
	c := evidence.Check{Check: scenarios.Check{
		ID: "binding", Kind: scenarios.BindingKind, Direction: scenarios.Outbound, Transport: "udp",
		Idle: &scenarios.Idle{LimitMs: 120_000, StepsMs: steps, Traffic: scenarios.StreamTraffic},
	}, IdleFacts: &evidence.IdleFacts{}}
	for i, ms := range c.Idle.StepsMs {
		port := uint16(50_000 + i)
		in := evidence.BindingInside{Local: netip.AddrPortFrom(Inside, port), Openers: 14, Answers: 14}
		if ms < memoryMs {
			in.Probes = 3
		}
		c.IdleFacts.Bindings = append(c.IdleFacts.Bindings, evidence.BindingTrial{IdleMs: ms, Inside: &in, Outside: &evidence.BindingOutside{
			Local: netip.AddrPortFrom(Outside, port), Mapped: netip.AddrPortFrom(Public, port),
			Openers: 14, Answers: 14, Probes: 3, IdledMs: float64(ms) + .2,
		}})
	}
	return c
}

// idleConnection is the same of connections.
func idleConnection(memoryMs int, steps ...int) evidence.Check {
	if len(steps) == 0 {
		steps = []int{60_000, 300_000, 600_000, 900_000}
	}
	c := evidence.Check{Check: scenarios.Check{
		ID: "idle-tcp", Kind: scenarios.IdleKind, Direction: scenarios.Inbound, Transport: "tcp",
		Idle: &scenarios.Idle{LimitMs: 900_000, StepsMs: steps},
	}, IdleFacts: &evidence.IdleFacts{}}
	from, to := netip.AddrPortFrom(Outside, 41_000), netip.AddrPortFrom(Public, 5060)
	for _, ms := range c.Idle.StepsMs {
		asked := func(o sipprobe.Outcome) *sipprobe.Exchange {
			return &sipprobe.Exchange{Method: "OPTIONS", Transport: sipprobe.TCP, Local: from, Remote: to, Outcome: o}
		}
		trial := evidence.ConnectionTrial{
			IdleMs: ms, Connect: evidence.Connect{Result: "open", Local: from, Remote: to},
			First: asked(sipprobe.Accepted), Second: asked(sipprobe.Accepted),
		}
		if ms >= memoryMs {
			trial.Second = asked(sipprobe.Silent)
		}
		c.IdleFacts.Connections = append(c.IdleFacts.Connections, trial)
	}
	return c
}
