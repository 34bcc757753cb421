package lab

import "bothways/internal/natlab"

// The ports beside SIP and audio of the scenario services, as the site forwards them.
var (
	webTCP   = natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(443)}
	chatTCP  = natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(5222)}
	peersTCP = natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(3090)}
	peersUDP = natlab.Forward{Proto: natlab.UDP, Ports: natlab.Port(3090)}
)

// services forwards SIP and some ports.
func services(f ...natlab.Forward) natlab.Topology {
	return forwarding(append([]natlab.Forward{sipUDP, sipTCP, sipTLS}, f...)...)
}

// toNeighbour leads a forward to the wrong machine.
func toNeighbour(f natlab.Forward) natlab.Forward {
	f.To = natlab.NeighbourHost
	return f
}

func beside(t natlab.Topology) natlab.Topology {
	return with(t, func(t *natlab.Topology) { t.Neighbour = true })
}

// servicesBreaking forwards all of them, past some rules.
func servicesBreaking(rules ...natlab.Rule) natlab.Topology {
	return with(services(webTCP, chatTCP, peersTCP, peersUDP), func(t *natlab.Topology) { t.Rules = rules })
}

// portFaults are those that knocks at single ports show.
func portFaults() []Fault {
	faults := []Fault{
		{Name: "port-clean", Title: "nothing is wrong with the ports beside SIP",
			Topology: servicesBreaking(), Verdict: "pass"},
		{Name: "port-clean-ipv6", Title: "nothing is wrong with the ports beside SIP, over IPv6",
			Topology: servicesBreaking(), IPv6: true, Verdict: "pass"},
		{Name: "port-tcp-not-forwarded", Title: "TCP 443 is not forwarded",
			Topology: services(chatTCP, peersTCP, peersUDP), Expect: []string{"port-not-forwarded"}, Verdict: "fail"},
		{Name: "port-udp-not-forwarded", Title: "UDP 3090 is not forwarded",
			Topology: services(webTCP, chatTCP, peersTCP), Expect: []string{"port-not-forwarded"}, Verdict: "fail"},
		{Name: "port-not-forwarded-ipv6", Title: "TCP 443 and UDP 3090 are let in over IPv4 only",
			Topology: services(chatTCP, peersTCP), IPv6: true, Expect: []string{"port-not-forwarded"}, Verdict: "fail"},
		{Name: "port-rejected", Title: "a filter refuses TCP 443 and UDP 3090 towards the site",
			Topology: servicesBreaking(
				natlab.Rule{Name: "no-web", Direction: natlab.Inbound, Proto: natlab.TCP, DestinationPorts: natlab.Port(443), Action: natlab.Reject},
				natlab.Rule{Name: "no-peers", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: natlab.Port(3090), Action: natlab.Reject}),
			Expect: []string{"port-not-forwarded"}, Verdict: "fail"},
		{Name: "port-tcp-to-neighbour", Title: "TCP 443 is forwarded to another machine, which runs a web server",
			Topology: beside(services(toNeighbour(webTCP), chatTCP, peersTCP, peersUDP)), Neighbours: []Service{{natlab.TCP, 443}},
			Expect: []string{"forward-to-wrong-host"}, Verdict: "fail"},
		{Name: "port-udp-to-neighbour", Title: "UDP 3090 is forwarded to another machine, which answers",
			Topology: beside(services(webTCP, chatTCP, peersTCP, toNeighbour(peersUDP))), Neighbours: []Service{{natlab.UDP, 3090}},
			Expect: []string{"forward-to-wrong-host"}, Verdict: "fail"},
		{Name: "port-to-neighbour-ipv4-only", Title: "forwards to another machine hold for IPv4, and the run is over IPv6",
			Topology: beside(with(servicesBreaking(), func(t *natlab.Topology) {
				to := toNeighbour(webTCP)
				to.Family = natlab.IPv4
				t.Forwards = append([]natlab.Forward{to}, t.Forwards...)
			})), Neighbours: []Service{{natlab.TCP, 443}}, IPv6: true, Verdict: "pass"},
		{Name: "port-shifted", Title: "TCP 443 is forwarded to port 5222 of the PBX",
			Topology: services(with443(), chatTCP, peersTCP, peersUDP), Expect: []string{"forward-shifts-ports"}, Verdict: "fail"},
		{Name: "port-egress-dropped", Title: "a filter drops TCP to port 443 from the site",
			Topology: servicesBreaking(natlab.Rule{Name: "no-web-out", Direction: natlab.Outbound, Proto: natlab.TCP, DestinationPorts: natlab.Port(443)}),
			Expect:   []string{"egress-filtered"}, Verdict: "fail"},
		{Name: "port-egress-rejected", Title: "a filter refuses TCP to port 443 from the site",
			Topology: servicesBreaking(natlab.Rule{Name: "no-web-out", Direction: natlab.Outbound, Proto: natlab.TCP, DestinationPorts: natlab.Port(443), Action: natlab.Reject}),
			Expect:   []string{"egress-filtered"}, Verdict: "fail"},
		{Name: "port-answers-dropped", Title: "a filter drops what the site sends from UDP 3090",
			Topology: servicesBreaking(natlab.Rule{Name: "no-answers", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: natlab.Port(3090)}),
			Expect:   []string{"reply-path-lost"}, Verdict: "fail"},
		{Name: "port-held", Title: "another program on the responder's machine holds TCP 5222 and UDP 3090",
			Topology: servicesBreaking(), HeldTCP: natlab.Port(5222), Held: natlab.Port(3090),
			Expect: []string{"port-in-use"}, Verdict: "degraded"},
		{Name: "port-client-nat", Title: "the client is behind a NAT of its own, and the ports outwards cannot be proven",
			Topology: with(servicesBreaking(), func(t *natlab.Topology) { t.ClientNAT = true }), Verdict: "pass"},
		{Name: "port-loss", Title: "one packet in twenty is lost, each way, at random",
			Topology: servicesBreaking(
				natlab.Rule{Name: "loss-in", Direction: natlab.Inbound, Share: 0.05},
				natlab.Rule{Name: "loss-out", Direction: natlab.Outbound, Share: 0.05}),
			Verdict: "pass"},
	}
	for i := range faults {
		faults[i].Scenario = "services"
	}
	return append(faults, closedFaults()...)
}

// closedFaults are about ports that must be closed.
func closedFaults() []Fault {
	noMail := natlab.Rule{Name: "no-mail", Direction: natlab.Outbound, Proto: natlab.TCP, DestinationPorts: natlab.Port(25)}
	without := func(rules []natlab.Rule, f ...natlab.Forward) natlab.Topology {
		return with(services(f...), func(t *natlab.Topology) { t.Rules = rules })
	}
	faults := []Fault{
		{Name: "closed-clean", Title: "ports that must be closed are",
			Topology: without([]natlab.Rule{noMail}, chatTCP), Verdict: "pass"},
		{Name: "closed-exposed", Title: "TCP and UDP 3090 are forwarded and must not be",
			Topology: without([]natlab.Rule{noMail}, chatTCP, peersTCP, peersUDP), Expect: []string{"port-exposed"}, Verdict: "fail"},
		{Name: "closed-exposed-out", Title: "TCP 25 may leave the site and must not",
			Topology: without(nil, chatTCP), Expect: []string{"port-exposed"}, Verdict: "degraded"},
	}
	for i := range faults {
		faults[i].Scenario = "lab-closed"
	}
	return faults
}

// with443 leads TCP 443 to a port where the responder has another bell.
func with443() natlab.Forward {
	f := webTCP
	f.ToPort = 5222
	return f
}
