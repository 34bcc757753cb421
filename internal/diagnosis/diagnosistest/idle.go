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

func idleBinding(memoryMs int) evidence.Check {
	c := evidence.Check{Check: scenarios.Check{
		ID: "binding", Kind: scenarios.BindingKind, Direction: scenarios.Outbound, Transport: "udp",
		Idle: &scenarios.Idle{LimitMs: 120_000, StepsMs: []int{10_000, 30_000, 60_000, 115_000, 180_000}, Traffic: scenarios.StreamTraffic},
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

func idleConnection(memoryMs int) evidence.Check {
	c := evidence.Check{Check: scenarios.Check{
		ID: "idle-tcp", Kind: scenarios.IdleKind, Direction: scenarios.Inbound, Transport: "tcp",
		Idle: &scenarios.Idle{LimitMs: 900_000, StepsMs: []int{60_000, 300_000, 600_000, 900_000}},
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
