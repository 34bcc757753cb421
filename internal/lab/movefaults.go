package lab

import "bothways/internal/natlab"

// moveFaults hit calls in the middle, where something happens in them.
func moveFaults() []Fault {
	again := func(a natlab.Alteration) natlab.Topology {
		a.Messages, a.InDialog = natlab.Requests, true
		return boxed(a)
	}
	return []Fault{
		{Name: "hold-clean", Title: "nothing is wrong, with calls that are held and taken back",
			Topology: everything(), Scenario: "audio-stops-on-hold", Verdict: "pass"},
		{Name: "hold-dead", Title: "an ALG shifts the media port in re-INVITEs from the site over UDP, so that audio dies when a hold begins or ends",
			Topology: again(natlab.Alteration{Name: "reinvite", Change: natlab.RewriteSDPPort, By: 2, Method: "INVITE", Direction: natlab.Outbound}),
			Scenario: "audio-stops-on-hold", Expect: []string{"audio-stops", "sip-alg-rewrites"}, Verdict: "fail"},
		{Name: "hold-helper", Title: "the router runs the kernel's SIP helper, with calls that are held and taken back",
			Topology: with(everything(), func(t *natlab.Topology) { t.SIPHelper = []natlab.Router{natlab.SiteRouter} }),
			Scenario: "audio-stops-on-hold", Expect: []string{"sip-alg-rewrites"}, Verdict: "degraded"},
		{Name: "transfer-helper", Title: "the router runs the kernel's SIP helper, with calls whose media moves",
			Topology: with(everything(), func(t *natlab.Topology) { t.SIPHelper = []natlab.Router{natlab.SiteRouter} }),
			Scenario: "no-audio-on-transfer", Expect: []string{"sip-alg-rewrites"}, Verdict: "degraded"},
		{Name: "transfer-clean", Title: "nothing is wrong, with calls whose media moves",
			Topology: everything(), Scenario: "no-audio-on-transfer", Verdict: "pass"},
		{Name: "transfer-client-nat", Title: "nothing is wrong at the site, with calls whose media moves, from behind the client's own NAT",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT = true }), Scenario: "no-audio-on-transfer", Verdict: "pass"},
		{Name: "reinvite-swallowed", Title: "a filter drops re-INVITEs from the site over UDP, so that calls drop when they are transferred",
			Topology: again(natlab.Alteration{Name: "reinvite", Change: natlab.DropPacket, Method: "INVITE", Direction: natlab.Outbound}),
			Scenario: "no-audio-on-transfer", Expect: []string{"call-drops", "sip-alg-blocks"}, Verdict: "fail"},
		{Name: "transfer-dead", Title: "an ALG shifts the media port in re-INVITEs from the site over UDP, so that audio does not follow a transfer",
			Topology: again(natlab.Alteration{Name: "reinvite", Change: natlab.RewriteSDPPort, By: 2, Method: "INVITE", Direction: natlab.Outbound}),
			Scenario: "no-audio-on-transfer", Expect: []string{"audio-stops", "sip-alg-rewrites"}, Verdict: "fail"},
		{Name: "transfer-ignored", Title: "nothing is wrong with the path, and the far side goes on sending to the port before a transfer",
			Topology: everything(), Scenario: "lab-transfer-ignored", WholeTalk: true, Expect: []string{"audio-stops"}, Verdict: "fail"},
		{Name: "transfer-followed", Title: "nothing is wrong, and a far side that had settled on a source follows a transfer",
			Topology: everything(), Scenario: "lab-transfer-followed", WholeTalk: true, Verdict: "pass"},
		{Name: "transfer-empty", Title: "nothing is wrong, with transfers by re-INVITEs whose offer the other side makes",
			Topology: everything(), Scenario: "lab-transfer-empty", WholeTalk: true, Verdict: "pass"},
		{Name: "session-clean", Title: "nothing is wrong, with calls that are longer than their session timers",
			Topology: everything(), Scenario: "drops-after-30s", Verdict: "pass"},
		{Name: "session-drops", Title: "a filter drops UPDATE to the site over UDP, so that session timers run out",
			Topology: again(natlab.Alteration{Name: "update", Change: natlab.DropPacket, Method: "UPDATE", Direction: natlab.Inbound}),
			Scenario: "drops-after-30s", Expect: []string{"call-drops", "sip-alg-blocks"}, Verdict: "fail"},
	}
}

// inviteFaults hit the INVITEs of phones with much to offer.
func inviteFaults() []Fault {
	fragments := natlab.Alteration{Name: "fragments", Change: natlab.DropPacket, Fragments: true}
	from := func(d natlab.Direction) natlab.Topology {
		a := fragments
		a.Direction = d
		return boxed(a)
	}
	return []Fault{
		{Name: "large-invite-clean", Title: "nothing is wrong, with INVITEs larger than a packet",
			Topology: everything(), Scenario: "large-invite-lost", Verdict: "pass"},
		{Name: "large-invite-client-nat", Title: "nothing is wrong at the site, with INVITEs larger than a packet, from behind the client's own NAT",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT = true }), Scenario: "large-invite-lost", Verdict: "pass"},
		{Name: "large-invite-lost", Title: "fragments are dropped on their way to the site, so that calls with a large INVITE never ring",
			Topology: from(natlab.Inbound), Scenario: "large-invite-lost", Expect: []string{"fragments-dropped"}, Verdict: "fail"},
		{Name: "large-invite-lost-outbound", Title: "fragments are dropped on their way from the site",
			Topology: from(natlab.Outbound), Scenario: "large-invite-lost", Expect: []string{"fragments-dropped"}, Verdict: "fail"},
		{Name: "large-invite-swallowed", Title: "a box that reads SIP swallows INVITEs to the site that are large, and nothing else that is",
			Topology: boxed(natlab.Alteration{Name: "invite", Change: natlab.DropPacket, Direction: natlab.Inbound, Messages: natlab.Requests,
				Method: "INVITE", Above: largeBytes}),
			Scenario: "lab-large-invite", Expect: []string{"sip-alg-blocks"}, Verdict: "fail"},
	}
}

// largeBytes are more than SIP takes over UDP by the rules, with IP and UDP.
const largeBytes = 1328
