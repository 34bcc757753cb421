package lab

import (
	"net/netip"

	"bothways/internal/natlab"
)

// secondOutside is the outside host's second address, as the site sees it.
var secondOutside = netip.MustParsePrefix("198.51.100.21/32")

// natFaults are those that a test of the NAT shows, and NATs that are no fault.
func natFaults() []Fault {
	behaving := func(b natlab.Behaviour) natlab.Topology {
		return with(everything(), func(t *natlab.Topology) { t.Behaviour = b })
	}
	fromSecond := natlab.Rule{Name: "second", Direction: natlab.Inbound, Source: secondOutside}
	mediaFromSecond := natlab.Rule{Name: "second", Direction: natlab.Inbound, Source: secondOutside, Proto: natlab.UDP, DestinationPorts: rtpPorts}
	return []Fault{
		{Name: "nat-clean", Title: "a NAT that keeps ports and lets in only whom the site has sent to, with forwards",
			Topology: everything(), Scenario: "nat", SecondAddress: true, Verdict: "pass"},
		{Name: "nat-ipv6", Title: "no NAT but a filter, over IPv6",
			Topology: everything(), Scenario: "nat", SecondAddress: true, IPv6: true, STUN: true, Verdict: "pass"},
		{Name: "nat-one-to-one", Title: "the NAT is 1:1, every port goes to the PBX",
			Topology: forwarding(natlab.Forward{}), Scenario: "nat", SecondAddress: true, Verdict: "pass"},
		{Name: "nat-not-forwarded", Title: "the RTP range is not forwarded, which a test of the NAT only tells",
			Topology: forwarding(sipUDP, sipTCP, sipTLS), Scenario: "nat", SecondAddress: true, Verdict: "pass"},
		{Name: "nat-open-to-all", Title: "a NAT that lets everybody in to a port from which the site has sent",
			Topology: behaving(natlab.Behaviour{Filtering: natlab.EndpointIndependent}), Scenario: "nat", SecondAddress: true, Verdict: "pass"},
		{Name: "nat-open-to-peers", Title: "a NAT that lets in every port of an address to which the site has sent",
			Topology: behaving(natlab.Behaviour{Filtering: natlab.AddressDependent}), Scenario: "nat", SecondAddress: true, Verdict: "pass"},
		{Name: "nat-random-ports", Title: "the NAT gives each flow of the site a random source port",
			Topology: with(everything(), func(t *natlab.Topology) { t.RandomPorts = true }), Scenario: "nat",
			Expect: []string{"source-port-randomised"}, Verdict: "degraded"},
		{Name: "nat-moved-ports", Title: "the NAT moves source ports of the RTP range, each always to the same",
			Topology: behaving(natlab.Behaviour{ShiftSources: 20001}), Scenario: "nat", SecondAddress: true,
			Expect: []string{"source-port-rewritten"}, Verdict: "degraded"},
		{Name: "nat-pooled", Title: "the NAT gives flows one of two public addresses in turn",
			Topology: with(everything(), func(t *natlab.Topology) { t.Pooled = true }), Scenario: "nat", SecondAddress: true,
			Expect: []string{"source-address-varies"}, Verdict: "degraded"},
		{Name: "nat-no-hairpin", Title: "the public address does not work from inside",
			Topology: everything(), Scenario: "nat", PublicAddress: true,
			Expect: []string{"no-hairpin"}, Verdict: "degraded"},
		{Name: "nat-hairpin", Title: "the public address works from inside",
			Topology: behaving(natlab.Behaviour{Hairpin: true}), Scenario: "nat", STUN: true, Verdict: "pass"},
		{Name: "source-hidden", Title: "the router sends what it forwards inwards from its own address inside, so that the site cannot tell callers apart",
			Topology: behaving(natlab.Behaviour{HideSources: true}), Scenario: "trunk",
			Expect: []string{"source-hidden"}, Verdict: "degraded"},
		{Name: "nat-second-media-dropped", Title: "a filter drops media from all but the address that signals",
			Topology: breaking(mediaFromSecond), Scenario: "nat", SecondAddress: true,
			Expect: []string{"media-address-filtered"}, Verdict: "degraded"},
		{Name: "nat-second-dropped", Title: "the client's second address does not reach the site at all, so that nothing can be said of it",
			Topology: breaking(fromSecond), Scenario: "nat", SecondAddress: true, Verdict: "pass"},
		{Name: "nat-of-the-client", Title: "the client is behind a NAT of its own, and a STUN server shows both NATs",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT, t.Hairpin = true, true }), Scenario: "nat", STUN: true, Verdict: "pass"},
		{Name: "nat-from-inside", Title: "nothing is forwarded, and the responder dials out to the client",
			Topology: forwarding(), Scenario: "nat", FromInside: true, SecondAddress: true,
			Expect: []string{"no-signalling"}, Verdict: "fail"},
	}
}
