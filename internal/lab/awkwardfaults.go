package lab

import "bothways/internal/natlab"

// awkwardFaults are those of sweeps that are easily taken for something else.
func awkwardFaults() []Fault {
	return []Fault{
		{Name: "sweep-little-loss", Title: "one media packet in a hundred is lost, each way, at random",
			Topology: breaking(
				natlab.Rule{Name: "loss-in", Direction: natlab.Inbound, Proto: natlab.UDP, Share: 0.01},
				natlab.Rule{Name: "loss-out", Direction: natlab.Outbound, Proto: natlab.UDP, Share: 0.01}),
			Scenario: "ports", Verdict: "pass"},
		{Name: "sweep-one-port", Title: "a filter drops UDP 14322 alone towards the site",
			Topology: breaking(inboundHole("one", natlab.Port(14322))),
			Scenario: "rtp-range", Expect: []string{"rtp-range-partly-forwarded"}, Verdict: "fail"},
		{Name: "sweep-low-end", Title: "a filter drops UDP 10000 to 10099 towards the site, the low end of the range",
			Topology: breaking(inboundHole("low", natlab.Ports{From: 10000, To: 10099})),
			Scenario: "rtp-range", Expect: []string{"rtp-range-partly-forwarded"}, Verdict: "fail"},
		{Name: "sweep-high-end", Title: "a filter drops UDP 19900 to 20000 towards the site, the high end of the range",
			Topology: breaking(inboundHole("high", natlab.Ports{From: 19900, To: 20000})),
			Scenario: "rtp-range", Expect: []string{"rtp-range-partly-forwarded"}, Verdict: "fail"},
		{Name: "sweep-two-causes", Title: "one filter drops odd ports of the RTP range towards the site, another UDP to ports 30000 to 40000 from it",
			Topology: breaking(
				natlab.Rule{Name: "odd", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts, DestinationParity: natlab.Odd},
				natlab.Rule{Name: "egress", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: rtpPorts, DestinationPorts: natlab.Ports{From: 30000, To: 40000}}),
			Scenario: "ports", Expect: []string{"odd-ports-not-forwarded", "egress-filtered"}, Verdict: "fail"},
		{Name: "ids-ban", Title: "after a megabyte of UDP the router takes the client for an attacker and drops all its UDP",
			Topology: breaking(natlab.Rule{Name: "ban", Direction: natlab.Inbound, Proto: natlab.UDP, AfterBytes: 1_000_000}),
			Scenario: "rtp-range", Expect: []string{"ids-ban"}, Verdict: "inconclusive"},
	}
}

// inboundHole drops UDP to these ports of the inside host.
func inboundHole(name string, ports natlab.Ports) natlab.Rule {
	return natlab.Rule{Name: name, Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: ports}
}
