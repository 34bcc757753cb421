package lab

import (
	"time"

	"bothways/internal/natlab"
)

// edgeFaults are those of what stands at the edge of the site, and sites without fault
// that look like them.
func edgeFaults() []Fault {
	forgetful := func(t *natlab.Topology) {
		t.Timeouts = []natlab.Timeouts{{UDP: 2 * time.Second, UDPStream: 2 * time.Second}}
	}
	return []Fault{
		{Name: "clean-router-tells", Title: "nothing is wrong, and the router tells its WAN address",
			Topology: everything(), Scenario: "quick", RouterTells: true, Verdict: "pass"},
		{Name: "hold-random-ports", Title: "the NAT forgets a call on hold, and gives it another source port",
			Topology: with(forwarding(sipUDP, sipTCP, sipTLS), func(t *natlab.Topology) { forgetful(t); t.RandomPorts = true }),
			Scenario: "private-address-latching", Pause: 6 * time.Second,
			Expect: []string{"source-changes-mid-call", "private-address-advertised", "latching-needed"}, Verdict: "degraded"},
		{Name: "hold-kept-ports", Title: "the NAT forgets a call on hold, and gives it the same source port again",
			Topology: with(forwarding(sipUDP, sipTCP, sipTLS), forgetful),
			Scenario: "private-address-latching", Pause: 6 * time.Second,
			Expect: []string{"private-address-advertised", "latching-needed"}, Folded: []string{"latching-needed"}, Verdict: "degraded"},
		{Name: "hold-forgotten", Title: "the NAT forgets a call on hold and gives it another source port, and the far side stays with the one before",
			Topology: with(forwarding(sipUDP, sipTCP, sipTLS), func(t *natlab.Topology) { forgetful(t); t.RandomPorts = true }),
			Scenario: "lab-hold-forgotten", WholeTalk: true,
			Expect: []string{"audio-stops", "source-changes-mid-call", "rtp-range-not-forwarded"}, Verdict: "fail"},
		{Name: "hold-relearnt", Title: "the same, and the far side learns the new source port when the hold ends",
			Topology: with(forwarding(sipUDP, sipTCP, sipTLS), func(t *natlab.Topology) { forgetful(t); t.RandomPorts = true }),
			Scenario: "lab-hold-relearnt", WholeTalk: true,
			Expect: []string{"source-changes-mid-call", "rtp-range-not-forwarded"}, Verdict: "degraded"},
		{Name: "host-firewall", Title: "the firewall of the responder's own machine drops UDP 5060 and the RTP range",
			Topology: breaking(
				natlab.Rule{Name: "sip", Router: natlab.InsideFirewall, Proto: natlab.UDP, DestinationPorts: natlab.Port(5060)},
				natlab.Rule{Name: "rtp", Router: natlab.InsideFirewall, Proto: natlab.UDP, DestinationPorts: rtpPorts}),
			Scenario: "trunk", WholeSweeps: true, Expect: []string{"transport-unreachable", "one-way-audio", "host-firewall"}, Verdict: "fail"},
		{Name: "host-firewall-tcp", Title: "the firewall of the responder's own machine drops TCP 5060",
			Topology: breaking(natlab.Rule{Name: "tcp", Router: natlab.InsideFirewall, Proto: natlab.TCP, DestinationPorts: natlab.Port(5060)}),
			Scenario: "quick", Expect: []string{"transport-unreachable", "host-firewall"}, Verdict: "fail"},
		{Name: "sweep-host-firewall", Title: "the firewall of the responder's own machine drops UDP 12000 to 14000",
			Topology: breaking(natlab.Rule{Name: "gap", Router: natlab.InsideFirewall, Proto: natlab.UDP, DestinationPorts: natlab.Ports{From: 12000, To: 14000}}),
			Scenario: "rtp-range", Expect: []string{"host-firewall"}, Verdict: "fail"},
		{Name: "container", Title: "the responder is a container on a bridge, whose machine publishes its ports",
			Topology: with(everything(), func(t *natlab.Topology) { t.Container = true }), Scenario: "trunk",
			Expect: []string{"container-address"}, Verdict: "degraded"},
		{Name: "container-unpublished", Title: "the responder is a container on a bridge, and neither its machine nor the router lets RTP in",
			Topology: with(forwarding(sipUDP, sipTCP, sipTLS), func(t *natlab.Topology) { t.Container = true }), Scenario: "rtp-range",
			Expect: []string{"container-address", "filtered-until-primed"}, Verdict: "fail"},
		{Name: "stale-state", Title: "the router still sends UDP 5060 of the client's own port to the machine that had it before",
			Topology: with(everything(), func(t *natlab.Topology) {
				t.Neighbour = true
				t.Timeouts = []natlab.Timeouts{{UDP: 5 * time.Minute, UDPStream: 5 * time.Minute}}
			}),
			Former:   []natlab.Forward{toNeighbour(sipUDP), sipTCP, sipTLS, rtp},
			Scenario: "quick", Expect: []string{"stale-nat-state"}, Verdict: "degraded"},
		{Name: "state-kept", Title: "the router remembers the client's own port, and the forward is what it was",
			Topology: with(everything(), func(t *natlab.Topology) {
				t.Timeouts = []natlab.Timeouts{{UDP: 5 * time.Minute, UDPStream: 5 * time.Minute}}
			}),
			Former: everything().Forwards, Scenario: "quick", Verdict: "pass"},
		{Name: "pooled-calls", Title: "the site's flows leave by two public addresses in turn",
			Topology: with(everything(), func(t *natlab.Topology) { t.Pooled = true }), Scenario: "trunk",
			Expect: []string{"source-address-varies"}, Verdict: "degraded"},
	}
}
