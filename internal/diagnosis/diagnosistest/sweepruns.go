package diagnosistest

import (
	"fmt"
	"net/netip"
	"strings"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// sweepRuns are one run for each thing that a sweep can show, and those where it shows
// nothing.
func sweepRuns() []Run {
	in := func(name string, s Sweep) Run { return Run{name, Swept(s)} }
	out := func(name string, s Sweep) Run {
		s.Direction = scenarios.Outbound
		if s.Ports == "" {
			s.Ports = "20000-22000"
		}
		return Run{name, Swept(s)}
	}
	udp := []sipprobe.Transport{sipprobe.UDP}
	varies := []netip.Addr{Public, Public2}
	return []Run{
		{"sweep-clean", Swept(Sweep{Ports: "10000-20000"}, Sweep{Direction: scenarios.Outbound, Ports: "1025-65535"})},
		{"sweep-range-dead", Site{
			Transports: udp, InShut: true,
			Sweeps: []Sweep{{Ports: "10000-20000", Lost: "10000-20000", Primed: true, LostPrimed: "10000-20000", ICMP: refused("10000-20000")}},
		}.Run()},
		in("sweep-partly", Sweep{Ports: "10000-20000", Lost: "14322-20000", Primed: true, LostPrimed: "14322-20000", ICMP: prohibited("14322-20000")}),
		in("sweep-holes", Sweep{Lost: "10000-10009,10500,10990-11000", InUse: "10005"}),
		in("sweep-odd", Sweep{Lost: everyOther(10001, 10999), Primed: true, LostPrimed: everyOther(10001, 10999)}),
		in("sweep-even", Sweep{Lost: everyOther(10000, 11000)}),
		in("sweep-odd-and-gap", Sweep{Lost: everyOther(10001, 10599) + ",10600-11000"}),
		in("sweep-shifted", Sweep{Shift: 2}),
		{"sweep-primed-only", Site{Transports: udp, ColdShut: true, Sweeps: []Sweep{{Ports: "10000-13000", Lost: "10000-13000", Primed: true}}}.Run()},
		in("sweep-partly-primed", Sweep{Lost: "10400-11000", Primed: true, LostPrimed: "10800-11000"}),
		out("sweep-egress-gap", Sweep{Ports: "1025-65535", Lost: "1025-9999"}),
		{"sweep-egress-dead", Site{
			Transports: udp, OutShut: true,
			Sweeps: []Sweep{{Direction: scenarios.Outbound, Ports: "30000-34000", Lost: "30000-34000"}},
		}.Run()},
		in("sweep-reply-lost", Sweep{ReplyLost: "10000-11000"}),
		{"sweep-reply-lost-explained", Swept(Sweep{ReplyLost: "10000-11000"}, Sweep{Direction: scenarios.Outbound, Ports: "39000-42000", Lost: "39500-42000"})},
		out("sweep-egress-sources", Sweep{SilentSources: "12400,13000"}),
		{"sweep-egress-sources-answers", Swept(Sweep{Ports: "10000-14000", ReplyLost: "12000-13500"}, Sweep{Direction: scenarios.Outbound, SilentSources: "12400,13000"})},
		in("sweep-in-use", Sweep{InUse: "10010-10012"}),
		in("sweep-random-loss", Sweep{LossPercent: 5}),
		in("sweep-rate-limited", Sweep{LimitPPS: 900}),
		in("sweep-banned", Sweep{StopAfter: 400}),
		{"sweep-behind-nat", sweptBehindNAT()},
		{"sweep-own-nat", ThroughOwnNAT(Sweep{})},
		{"sweep-own-nat-gap", ThroughOwnNAT(Sweep{Lost: "11000-11599"})},
		in("sweep-local-drops", Sweep{Dropped: "10100-10400"}),
		in("sweep-not-permitted", Sweep{Unsent: "10100-10400"}),
		in("sweep-no-files", Sweep{Closed: "10100-11000"}),
		out("sweep-source-rewritten", Sweep{Sources: rtpprobe.SourcePortsRewritten}),
		out("sweep-source-randomised", Sweep{Sources: rtpprobe.SourcePortsRandomised}),
		out("sweep-source-varies", Sweep{Addresses: varies}),
		{"sweep-one-ledger", sweptAlone()},
	}
}

// Swept is a run over UDP with sweeps, at a site that is else without fault.
func Swept(sweeps ...Sweep) *evidence.Evidence {
	return Site{Transports: []sipprobe.Transport{sipprobe.UDP}, Sweeps: sweeps}.Run()
}

// sweptBehindNAT is a clean run of a client whose own NAT hides some of its ports.
func sweptBehindNAT() *evidence.Evidence {
	sweep := Sweep{Direction: scenarios.Outbound, Ports: "1025-65535", NotTried: "1025-1335"}
	return Site{Transports: []sipprobe.Transport{sipprobe.UDP}, ClientNAT: true, Sweeps: []Sweep{sweep}}.Run()
}

// ThroughOwnNAT is a run of a client that opens its own NAT for ten ports of each hundred.
func ThroughOwnNAT(s Sweep) *evidence.Evidence {
	s.Direction, s.Ports, s.OwnNAT = scenarios.Outbound, "10000-12999", true
	var untried []string
	for from := 10010; from < 13000; from += 100 {
		untried = append(untried, fmt.Sprintf("%d-%d", from, from+89))
	}
	s.NotTried = strings.Join(untried, ",")
	return Site{Transports: []sipprobe.Transport{sipprobe.UDP}, ClientNAT: true, Sweeps: []Sweep{s}}.Run()
}

// sweptAlone is a run in which the responder's ledger of a sweep could not be had.
func sweptAlone() *evidence.Evidence {
	ev := Swept(Sweep{Lost: "10000-11000"})
	f := ev.Checks[len(ev.Checks)-1].SweepFacts
	f.Arrived, f.Missing = nil, "the responder did not hand it over"
	return ev
}

// refused is what a host says that listens on none of the ports.
func refused(ports string) []rtpprobe.ICMPReport {
	return []rtpprobe.ICMPReport{{From: Public, FromTarget: true, Type: 3, Code: 3, Meaning: "port-unreachable", Ports: portSet(ports)}}
}

// prohibited is what a router says that filters the ports.
func prohibited(ports string) []rtpprobe.ICMPReport {
	return []rtpprobe.ICMPReport{{From: Router, Type: 3, Code: 13, Meaning: "administratively-prohibited", Ports: portSet(ports)}}
}

// everyOther is each second port from one to another.
func everyOther(from, to uint16) string {
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for port := from; port <= to; port += 2 {
			if !yield(port) {
				return
			}
		}
	}).String()
}
