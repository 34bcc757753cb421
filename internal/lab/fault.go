// Package lab plants faults in the small Internet of natlab, runs client and
// responder through it, and holds what they report against what was planted.
package lab

import (
	"fmt"
	"slices"
	"time"

	"bothways/internal/natlab"
)

// A Fault is data: what is wrong with a site, and what a run through it must report.
type Fault struct {
	Name string
	// Title says what is wrong, in one line.
	Title    string
	Topology natlab.Topology
	// Scenario is the scenario to run: one that ships, or one of the lab's own with
	// short times.
	Scenario string
	// Also are scenarios whose checks are run as well.
	Also []string
	// WholeTalk keeps the talk times of the scenario in a run that shortens them.
	WholeTalk bool
	// WholeSweeps keeps all ports of the scenario's sweeps in a run that tries a sample.
	WholeSweeps bool
	// IPv6 dials the inside host's IPv6 address instead of the site's public IPv4 one.
	IPv6 bool
	// FromInside has the responder open the pairing, to a client that waits for it.
	FromInside bool
	// SecondAddress gives the client its second address.
	SecondAddress bool
	// PublicAddress tells the responder the site's public address.
	PublicAddress bool
	// STUN puts a STUN server on the Internet, and has both ends ask it.
	STUN bool
	// Held are UDP ports of the inside host that another program holds.
	Held natlab.Ports
	// Dialled is the name by which the site is dialled; empty is its address.
	Dialled string
	// Names are what DNS servers at both ends know; the site is then dialled by its domain.
	// Nil is none.
	Names Names
	// Interceptor opens TLS on the site's router; nil is none.
	Interceptor *Interceptor
	// Servers are services of the PBX on the inside host.
	Servers []TLSServer
	// HeldTCP are TCP ports of the inside host that another program holds.
	HeldTCP natlab.Ports
	// Neighbours are services on the neighbour, which the topology then has.
	Neighbours []Service
	// PBX are services of the PBX itself on the inside host, which holds their ports, and
	// Twins the same on the neighbour, as another machine has them.
	PBX, Twins []PBXService
	// NoCapture keeps the responder from counting what reaches its machine.
	NoCapture bool
	// Former are the forwards that the router had when the client's own SIP port was last
	// heard from; nil = it never was.
	Former []natlab.Forward
	// Vendor has servers on the Internet; nil is none. The topology must have their addresses.
	Vendor *Vendor
	// RouterTells has the site's router tell its WAN address by NAT-PMP.
	RouterTells bool
	// RouterPCP has it tell that by PCP, and by nothing older.
	RouterPCP bool
	// Pause is how long both sides of each call fall silent halfway through, 0 = as the
	// scenario says.
	Pause time.Duration
	// Expect are the codes of the findings that must come out, and no others.
	Expect []string
	// Folded are those of Expect that another cause of it explains in full: they must
	// come out as its consequences, and the others must not.
	Folded []string
	// Ranked are the causes in the order in which the report must list them, those that
	// are folded in parentheses; nil is any order.
	Ranked []string
	// Verdict is what the run must conclude.
	Verdict string
}

// The ports that the site forwards when nothing is wrong.
var (
	sipUDP = natlab.Forward{Proto: natlab.UDP, Ports: natlab.Port(5060)}
	sipTCP = natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(5060)}
	sipTLS = natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(5061)}
	rtp    = natlab.Forward{Proto: natlab.UDP, Ports: rtpPorts}

	rtpPorts = natlab.Ports{From: 10000, To: 20000}
)

func forwarding(f ...natlab.Forward) natlab.Topology { return natlab.Topology{Forwards: f} }

func everything() natlab.Topology { return forwarding(sipUDP, sipTCP, sipTLS, rtp) }

// with changes a copy of a topology.
func with(t natlab.Topology, change func(*natlab.Topology)) natlab.Topology {
	change(&t)
	return t
}

func breaking(rules ...natlab.Rule) natlab.Topology {
	return with(everything(), func(t *natlab.Topology) { t.Rules = rules })
}

// Faults lists what the lab can plant: single faults, and then pairs of them.
func Faults() []Fault {
	all := single()
	return slices.Concat(all, pairFaults(all))
}

func single() []Fault {
	return whole(slices.Concat(callFaults(), audioFaults(), edgeFaults(), sipFaults(), rewritingFaults(), sweepFaults(), awkwardFaults(), idleFaults(), tlsFaults(), portFaults(), busyFaults(), nameFaults(), natFaults(), secondFaults(),
		pathFaults(), endFaults(), qualityFaults(), loadFaults(), moveFaults(), inviteFaults(), behaviourFaults(), vendorFaults(), signallingFaults()))
}

// callFaults are those that calls show.
func callFaults() []Fault {
	return []Fault{
		{Name: "clean", Title: "nothing is wrong",
			Topology: everything(), Scenario: "trunk", Verdict: "pass"},
		{Name: "clean-ipv6", Title: "nothing is wrong, over IPv6",
			Topology: everything(), Scenario: "trunk", IPv6: true, Verdict: "pass"},
		{Name: "udp-not-forwarded", Title: "UDP 5060 is not forwarded",
			Topology: forwarding(sipTCP, sipTLS, rtp), Scenario: "trunk",
			Expect: []string{"transport-unreachable", "port-not-forwarded"}, Verdict: "fail"},
		{Name: "tcp-not-forwarded", Title: "TCP 5060 is not forwarded",
			Topology: forwarding(sipUDP, sipTLS, rtp), Scenario: "trunk",
			Expect: []string{"transport-unreachable", "port-not-forwarded"}, Verdict: "fail"},
		{Name: "tls-not-forwarded", Title: "TLS 5061 is not forwarded",
			Topology: forwarding(sipUDP, sipTCP, rtp), Scenario: "trunk",
			Expect: []string{"transport-unreachable", "port-not-forwarded"}, Verdict: "fail"},
		{Name: "rtp-not-forwarded", Title: "the RTP range is not forwarded, but the NAT keeps ports: audio flows once the site has sent",
			Topology: forwarding(sipUDP, sipTCP, sipTLS), Scenario: "trunk", WholeSweeps: true,
			Expect: []string{"filtered-until-primed"}, Verdict: "fail"},
		{Name: "rtp-not-forwarded-random-ports", Title: "the RTP range is not forwarded, and the NAT changes source ports",
			Topology: with(forwarding(sipUDP, sipTCP, sipTLS), func(t *natlab.Topology) { t.RandomPorts = true }), Scenario: "trunk", WholeSweeps: true,
			Expect: []string{"one-way-audio", "rtp-range-not-forwarded", "source-port-randomised", "latching-needed"}, Folded: []string{"latching-needed"}, Verdict: "fail"},
		{Name: "inbound-rtp-dropped", Title: "a filter drops RTP towards the site",
			Topology: breaking(natlab.Rule{Name: "no-rtp-in", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts}),
			Scenario: "trunk", WholeSweeps: true, Expect: []string{"one-way-audio", "rtp-range-not-forwarded"}, Verdict: "fail"},
		{Name: "outbound-rtp-dropped", Title: "a filter drops RTP from the site",
			Topology: breaking(natlab.Rule{Name: "no-rtp-out", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: rtpPorts}),
			Scenario: "trunk", WholeSweeps: true, Expect: []string{"one-way-audio", "egress-filtered"}, Verdict: "fail"},
		{Name: "rtp-dropped", Title: "a filter drops RTP both ways",
			Topology: breaking(
				natlab.Rule{Name: "no-rtp-in", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts},
				natlab.Rule{Name: "no-rtp-out", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: rtpPorts}),
			Scenario: "trunk", WholeSweeps: true, Expect: []string{"no-audio", "rtp-range-not-forwarded", "egress-filtered"}, Verdict: "fail"},
		{Name: "rtp-loss", Title: "one packet in ten is lost towards the site",
			Topology: breaking(natlab.Rule{Name: "loss", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts, Every: 10}),
			Scenario: "trunk", Expect: []string{"poor-audio"}, Verdict: "degraded"},
		{Name: "private-address", Title: "the PBX advertises its private address, and the far side obeys",
			Topology: everything(), Scenario: "private-address",
			Expect: []string{"one-way-audio", "private-address-advertised", "latching-needed"}, Folded: []string{"latching-needed"}, Verdict: "fail"},
		{Name: "private-address-latching", Title: "the PBX advertises its private address, and the far side latches",
			Topology: everything(), Scenario: "private-address-latching",
			Expect: []string{"private-address-advertised", "latching-needed"}, Folded: []string{"latching-needed"}, Verdict: "degraded"},
		{Name: "client-nat", Title: "the client is behind a NAT of its own, which is no fault of the site",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT = true }), Scenario: "trunk", Verdict: "pass"},
		{Name: "nothing-forwarded", Title: "nothing is forwarded, and the responder dials out to the client",
			Topology: forwarding(), Scenario: "trunk", FromInside: true,
			Expect: []string{"no-signalling", "port-not-forwarded", "filtered-until-primed"}, Verdict: "fail"},
		{Name: "cgnat-from-inside", Title: "the carrier has put a NAT before the site, whose router says so, and the responder dials out to the client",
			Topology: with(everything(), func(t *natlab.Topology) { t.Carrier = true }), Scenario: "trunk", FromInside: true, RouterTells: true,
			Expect: []string{"no-signalling", "double-nat", "port-not-forwarded", "filtered-until-primed"},
			Folded: []string{"port-not-forwarded", "filtered-until-primed"}, Verdict: "fail"},
		{Name: "cgnat-told-by-pcp", Title: "the same, and the router says so by PCP alone",
			Topology: with(everything(), func(t *natlab.Topology) { t.Carrier = true }), Scenario: "quick", FromInside: true, RouterPCP: true,
			Expect: []string{"no-signalling", "double-nat", "port-not-forwarded"}, Folded: []string{"port-not-forwarded"}, Verdict: "fail"},
		{Name: "cgnat", Title: "the carrier has put a NAT before the site, so that no forward helps",
			Topology: with(everything(), func(t *natlab.Topology) { t.Carrier = true }), Scenario: "trunk",
			Expect: []string{"no-signalling"}, Verdict: "fail"},
	}
}

// Find returns the fault of that name.
func Find(name string) (Fault, error) {
	for _, f := range Faults() {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, fmt.Errorf("no fault %q", name)
}

// expected are the codes that must come out, those that must be folded in parentheses.
func (f Fault) expected() []string {
	var out []string
	for _, code := range f.Expect {
		out = append(out, folding(code, slices.Contains(f.Folded, code)))
	}
	return out
}
