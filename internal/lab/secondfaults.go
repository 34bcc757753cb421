package lab

import "bothways/internal/natlab"

// secondFaults treat media from another address than signalling in their own way.
func secondFaults() []Fault {
	fromSecond := natlab.Rule{Name: "second", Direction: natlab.Inbound, Source: secondOutside, Proto: natlab.UDP, DestinationPorts: rtpPorts}
	return []Fault{
		{Name: "second-clean", Title: "nothing is wrong, and media comes from a second address too",
			Topology: everything(), Scenario: "trunk", SecondAddress: true, Verdict: "pass"},
		{Name: "second-client-nat", Title: "the client's two addresses are behind a NAT of its own",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT = true }), Scenario: "trunk", SecondAddress: true, Verdict: "pass"},
		{Name: "second-not-forwarded", Title: "the RTP range is not forwarded, to whichever address",
			Topology: forwarding(sipUDP, sipTCP, sipTLS), Scenario: "trunk", SecondAddress: true, WholeSweeps: true,
			Expect: []string{"filtered-until-primed"}, Verdict: "fail"},
		{Name: "second-moved", Title: "nothing is wrong, and the far side's media moves to its second address in the middle of a call",
			Topology: everything(), Scenario: "lab-transfer-second", SecondAddress: true, WholeTalk: true, Verdict: "pass"},
		{Name: "second-moved-filtered", Title: "the same, and a filter drops media from all but the address that signals",
			Topology: breaking(fromSecond), Scenario: "lab-transfer-second", SecondAddress: true, WholeTalk: true,
			Expect: []string{"one-way-audio", "audio-stops", "media-address-filtered"}, Verdict: "fail"},
		{Name: "second-filtered", Title: "a filter drops media from all but the address that signals",
			Topology: breaking(fromSecond), Scenario: "trunk", SecondAddress: true, WholeSweeps: true,
			Expect: []string{"one-way-audio", "media-address-filtered"}, Verdict: "fail"},
		{Name: "alg-pins-media", Title: "an ALG reads calls over UDP, and drops media that does not come from their peer",
			Topology: boxed(natlab.Alteration{Name: "pin", Change: natlab.PinMedia}), Scenario: "trunk", SecondAddress: true,
			Expect: []string{"one-way-audio", "alg-pins-media-to-signalling"}, Verdict: "fail"},
		{Name: "sip-helper-pins-media", Title: "the RTP range is not forwarded, and the kernel's SIP helper opens it for the peers of calls alone",
			Topology: with(forwarding(sipUDP, sipTCP, sipTLS), func(t *natlab.Topology) { t.SIPHelper = []natlab.Router{natlab.SiteRouter} }),
			Scenario: "lab-helper-media", SecondAddress: true,
			Expect: []string{"private-address-advertised", "sip-alg-rewrites", "rtp-range-not-forwarded", "alg-pins-media-to-signalling"}, Verdict: "degraded"},
	}
}
