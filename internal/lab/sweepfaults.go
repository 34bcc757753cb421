package lab

import "bothways/internal/natlab"

// sweepFaults are those that only a sweep of all ports can find, or tell apart.
func sweepFaults() []Fault {
	return []Fault{
		{Name: "sweep-clean", Title: "nothing is wrong, with every port tried",
			Topology: everything(), Scenario: "ports", Verdict: "pass"},
		{Name: "sweep-loss", Title: "one media packet in twenty is lost, each way, at random",
			Topology: breaking(
				natlab.Rule{Name: "loss-in", Direction: natlab.Inbound, Proto: natlab.UDP, Share: 0.05},
				natlab.Rule{Name: "loss-out", Direction: natlab.Outbound, Proto: natlab.UDP, Share: 0.05}),
			Scenario: "ports", Verdict: "pass"},
		{Name: "sweep-little-loss", Title: "one media packet in a hundred is lost, each way, at random",
			Topology: breaking(
				natlab.Rule{Name: "loss-in", Direction: natlab.Inbound, Proto: natlab.UDP, Share: 0.01},
				natlab.Rule{Name: "loss-out", Direction: natlab.Outbound, Proto: natlab.UDP, Share: 0.01}),
			Scenario: "ports", Verdict: "pass"},
		{Name: "sweep-not-forwarded", Title: "the RTP range is not forwarded, but passes once the site has sent",
			Topology: forwarding(sipUDP, sipTCP, sipTLS), Scenario: "rtp-range",
			Expect: []string{"filtered-until-primed"}, Verdict: "fail"},
		{Name: "sweep-dropped", Title: "a filter drops the whole RTP range towards the site",
			Topology: breaking(natlab.Rule{Name: "no-rtp-in", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts}),
			Scenario: "rtp-range", Expect: []string{"rtp-range-not-forwarded"}, Verdict: "fail"},
		{Name: "sweep-partly-dropped", Title: "a filter drops UDP 14322 to 17000 towards the site",
			Topology: breaking(natlab.Rule{Name: "gap", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: natlab.Ports{From: 14322, To: 17000}}),
			Scenario: "rtp-range", Expect: []string{"rtp-range-partly-forwarded"}, Verdict: "fail"},
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
		{Name: "sweep-odd-dropped", Title: "a filter drops odd ports of the RTP range towards the site",
			Topology: breaking(natlab.Rule{Name: "odd", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts, DestinationParity: natlab.Odd}),
			Scenario: "rtp-range", Expect: []string{"odd-ports-not-forwarded"}, Verdict: "fail"},
		{Name: "sweep-shifted", Title: "the RTP range is forwarded two ports too high",
			Topology: forwarding(sipUDP, sipTCP, sipTLS,
				natlab.Forward{Proto: natlab.UDP, Ports: natlab.Ports{From: 10000, To: 19998}, ToPort: 10002, Family: natlab.IPv4}),
			Scenario: "rtp-range", Expect: []string{"forward-shifts-ports", "filtered-until-primed"}, Verdict: "fail"},
		{Name: "sweep-egress-gap", Title: "a filter drops UDP to ports 30000 to 40000 from the site",
			Topology: breaking(natlab.Rule{Name: "egress", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: rtpPorts, DestinationPorts: natlab.Ports{From: 30000, To: 40000}}),
			Scenario: "ports", Expect: []string{"egress-filtered"}, Verdict: "fail"},
		{Name: "sweep-client-nat", Title: "nothing is wrong, and the client is behind a NAT of its own",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT = true }), Scenario: "ports", Verdict: "pass"},
		{Name: "sweep-client-nat-egress-gap", Title: "a filter drops UDP to ports 30000 to 40000 from the site, and the client is behind a NAT of its own",
			Topology: with(breaking(natlab.Rule{Name: "egress", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: rtpPorts, DestinationPorts: natlab.Ports{From: 30000, To: 40000}}),
				func(t *natlab.Topology) { t.ClientNAT = true }),
			Scenario: "ports", Expect: []string{"egress-filtered"}, Verdict: "fail"},
		{Name: "sweep-client-nat-random-ports", Title: "the client is behind a NAT of its own, and the site's NAT gives each flow a random source port",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT, t.RandomPorts = true, true }), Scenario: "ports", Verdict: "pass"},
		{Name: "sweep-egress-sources", Title: "a filter drops what the site sends from UDP 14000 to 16000",
			Topology: breaking(natlab.Rule{Name: "sources", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: natlab.Ports{From: 14000, To: 16000}}),
			Scenario: "ports", Expect: []string{"egress-filtered"}, Verdict: "fail"},
		{Name: "sweep-replies-dropped", Title: "a filter drops answers that the site sends from UDP 12000 to 13000, to ports from 32768 on",
			Topology: breaking(natlab.Rule{Name: "replies", Direction: natlab.Outbound, Proto: natlab.UDP,
				SourcePorts: natlab.Ports{From: 12000, To: 13000}, DestinationPorts: natlab.Ports{From: 32768, To: 65535}}),
			Scenario: "ports", Expect: []string{"reply-path-lost"}, Verdict: "fail"},
		{Name: "sweep-policed", Title: "a policer lets 900 packets a second in",
			Topology: breaking(natlab.Rule{Name: "policer", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts, OverPPS: 900}),
			Scenario: "rtp-range", Expect: []string{"rate-limited"}, Verdict: "degraded"},
		{Name: "ids-ban", Title: "after a megabyte of UDP the router takes the client for an attacker and drops all its UDP",
			Topology: breaking(natlab.Rule{Name: "ban", Direction: natlab.Inbound, Proto: natlab.UDP, AfterBytes: 1_000_000}),
			Scenario: "rtp-range", Expect: []string{"ids-ban"}, Verdict: "inconclusive"},
		{Name: "sweep-port-held", Title: "another program on the responder's machine holds four of its ports",
			Topology: everything(), Held: natlab.Ports{From: 12000, To: 12003}, Scenario: "rtp-range",
			Expect: []string{"port-in-use"}, Verdict: "degraded"},
		{Name: "sweep-random-sources", Title: "the NAT gives each flow of the site a random source port",
			Topology: with(everything(), func(t *natlab.Topology) { t.RandomPorts = true }), Scenario: "ports",
			Expect: []string{"source-port-randomised"}, Verdict: "degraded"},
	}
}

// inboundHole drops UDP to these ports of the inside host.
func inboundHole(name string, ports natlab.Ports) natlab.Rule {
	return natlab.Rule{Name: name, Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: ports}
}
