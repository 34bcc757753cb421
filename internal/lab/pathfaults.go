package lab

import "bothways/internal/natlab"

// pathFaults are what the path does to large packets, and to marked ones.
func pathFaults() []Fault {
	small := func(hole bool) func(*natlab.Topology) {
		return func(t *natlab.Topology) { t.WANMTU, t.BlackHole = 1400, hole }
	}
	box := func(a natlab.Alteration) natlab.Topology {
		a.Name = "box"
		return with(everything(), func(t *natlab.Topology) { t.Box = &natlab.Box{Alterations: []natlab.Alteration{a}} })
	}
	const ef, cs1 = 46, 8
	// The first message of a TLS handshake, which carries keys that a quantum computer
	// does not break, is itself too large for the hole.
	deaf := []string{"transport-unreachable", "mtu-black-hole"}
	faults := []Fault{
		{Name: "path-clean", Title: "nothing is wrong, with large packets and marked ones",
			Topology: everything(), Verdict: "pass"},
		{Name: "path-clean-ipv6", Title: "nothing is wrong over IPv6, with large packets and marked ones",
			Topology: everything(), IPv6: true, Verdict: "pass"},
		{Name: "path-small-mtu", Title: "the site's line has an MTU of 1400, and routers say so",
			Topology: with(everything(), small(false)), Verdict: "pass"},
		{Name: "path-small-mtu-ipv6", Title: "the site's line has an MTU of 1400 for IPv6, and routers say so",
			Topology: with(everything(), small(false)), IPv6: true, Verdict: "pass"},
		{Name: "path-loss", Title: "one packet in fifty is lost, each way, at random",
			Topology: breaking(
				natlab.Rule{Name: "loss-in", Direction: natlab.Inbound, Share: 0.02},
				natlab.Rule{Name: "loss-out", Direction: natlab.Outbound, Share: 0.02}), Verdict: "pass"},
		{Name: "fragments-dropped", Title: "fragments are dropped on their way to the site",
			Topology: box(natlab.Alteration{Change: natlab.DropPacket, Direction: natlab.Inbound, Fragments: true}), Expect: []string{"fragments-dropped"}, Verdict: "degraded"},
		{Name: "fragments-dropped-ipv6", Title: "fragments over IPv6 are dropped, both ways",
			Topology: box(natlab.Alteration{Change: natlab.DropPacket, Fragments: true}), IPv6: true, Expect: []string{"fragments-dropped"}, Verdict: "degraded"},
		{Name: "mtu-black-hole", Title: "the site's line has an MTU of 1400, and routers do not say so",
			Topology: with(everything(), small(true)), Expect: deaf, Verdict: "fail"},
		{Name: "mtu-black-hole-ipv6", Title: "the site's line has an MTU of 1400 for IPv6, and routers do not say so",
			Topology: with(everything(), small(true)), IPv6: true, Expect: deaf, Verdict: "fail"},
		{Name: "dscp-bleached-in", Title: "all marks are removed on their way to the site",
			Topology: box(natlab.Alteration{Change: natlab.SetDSCP, Direction: natlab.Inbound}),
			Expect:   []string{"dscp-changed"}, Verdict: "degraded"},
		{Name: "dscp-bleached-out", Title: "packets from the site that are marked as voice arrive marked as bulk",
			Topology: box(natlab.Alteration{Change: natlab.SetDSCP, Direction: natlab.Outbound, Marked: ef, DSCP: cs1}),
			Expect:   []string{"dscp-changed"}, Verdict: "degraded"},
		{Name: "dscp-bleached-ipv6", Title: "all marks are removed over IPv6, both ways",
			Topology: box(natlab.Alteration{Change: natlab.SetDSCP}), IPv6: true,
			Expect: []string{"dscp-changed"}, Verdict: "degraded"},
		{Name: "ef-dropped", Title: "packets that are marked as voice are dropped, both ways",
			Topology: box(natlab.Alteration{Change: natlab.DropPacket, Marked: ef}),
			Expect:   []string{"dscp-changed"}, Verdict: "fail"},
		{Name: "sip-truncated-1024", Title: "a filter cuts SIP messages to the site off after 1,024 bytes over UDP, as a small buffer does",
			Topology: box(natlab.Alteration{Change: natlab.TruncateMessage, Bytes: 1024, Direction: natlab.Inbound, Messages: natlab.Requests}),
			Expect:   []string{"sip-alg-rewrites"}, Verdict: "fail"},
		{Name: "path-rtp-not-forwarded", Title: "the RTP range is not forwarded, so that marks cannot be tried inbound",
			Topology: forwarding(sipUDP, sipTCP, sipTLS), Verdict: "inconclusive"},
	}
	for i := range faults {
		faults[i].Scenario = "path"
	}
	return faults
}
