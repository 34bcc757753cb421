package diagnosistest

import (
	"math"
	"net/netip"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// A Sweep says what becomes of the probes of a sweep. Its zero value is an inbound
// sweep of 1,001 ports without fault; each field plants one. Ports are ranges joined
// by commas.
type Sweep struct {
	// Direction is inbound unless it is set, Ports "10000-11000".
	Direction scenarios.Direction
	Ports     string
	// Lost never arrive cold. Where Primed is true they were tried again after the site
	// had sent first, and LostPrimed of them did not arrive then either.
	Lost       string
	Primed     bool
	LostPrimed string
	// PrimeEvery is the step by which lost ports were tried again, 0 = 1.
	PrimeEvery int
	// PrimeOpen are ports that passed cold and were among those tried again.
	PrimeOpen string
	// ReplyLost are ports whose echoes never arrive.
	ReplyLost string
	// Shift is by how much the forward is off.
	Shift int
	// InUse are held by another program, Closed could not be opened for want of files,
	// Unsent not be sent to, Dropped on were lost by the receiving machine.
	InUse, Closed, Unsent, Dropped string
	// LossPercent is lost at random, each way.
	LossPercent int
	// LimitPPS is the pace beyond which a fifth of the probes is lost, 0 = none.
	LimitPPS float64
	// StopAfter is the number of ports after which everything stops, 0 = never.
	StopAfter int
	// NotTried are ports of the check that are behind the client's own NAT.
	NotTried string
	// Sources is what becomes of the sender's ports, empty = preserved.
	Sources rtpprobe.SourcePorts
	// OwnNAT: the client opened its own NAT for the ports that were tried.
	OwnNAT bool
	// SilentSources are ports of the sending end from which nothing arrives.
	SilentSources string
	// Addresses are those that the site leaves by, nil = one.
	Addresses []netip.Addr
	// ICMP is what routers say of lost ports; Foreign are packets that are not the sweep's.
	ICMP    []rtpprobe.ICMPReport
	Foreign int64
}

// Addresses of what answers by ICMP.
var (
	Router  = netip.MustParseAddr("203.0.113.1")
	Public2 = netip.MustParseAddr("203.0.113.11")
)

// What every sweep has in common: sockets that it is sent from, the pace of the start,
// the most rounds, and probes for control in each.
const (
	locals    = 16
	pacePPS   = 876
	maxRounds = 16
	controls  = 50
)

// local is the port of a socket that a sweep is sent from.
func (s Sweep) local(i uint16) uint16 {
	if s.direction() == scenarios.Outbound {
		return 10_000 + 600*i
	}
	return 40_000 + i
}

func (s Sweep) direction() scenarios.Direction {
	if s.Direction == "" {
		return scenarios.Inbound
	}
	return s.Direction
}

func (s Sweep) ports() string {
	if s.Ports == "" {
		return "10000-11000"
	}
	return s.Ports
}

// Check is the check of a scenario that asks for the sweep.
func (s Sweep) Check() scenarios.Check {
	id := "sweep-in"
	if s.direction() == scenarios.Outbound {
		id = "sweep-out"
	}
	return scenarios.Check{
		ID: id, Kind: scenarios.SweepKind, Direction: s.direction(), Transport: "udp", Sweep: &scenarios.Sweep{Ports: s.ports()},
	}
}

// Facts are what both ends recorded of the sweep.
func (s Sweep) Facts() *evidence.SweepFacts {
	f := s.run(portSet(s.ports()).Minus(portSet(s.NotTried)), portSet(s.Lost))
	f.NotTried = portSet(s.NotTried)
	if s.NotTried != "" {
		f.WhyNot = "the client's own NAT does not let it prove them"
	}
	if s.OwnNAT {
		f.OwnNAT = &evidence.OwnNAT{Hops: 9, HopLimit: 4}
	}
	if s.Primed {
		i := 0
		again := only(f.Sent.Ports.Intersect(portSet(s.Lost)), func(uint16) bool { i++; return s.PrimeEvery == 0 || i%s.PrimeEvery == 1 })
		f.Primed = s.run(again.Union(portSet(s.PrimeOpen)), portSet(s.LostPrimed))
	}
	return f
}

// run is one sweep of some ports, of which some never arrive.
func (s Sweep) run(ports, lost rtpprobe.PortSet) *evidence.SweepFacts {
	r := newSweepRun(s, ports, lost)
	for round := range uint8(maxRounds) {
		if !r.round(round) {
			break
		}
	}
	return &evidence.SweepFacts{Estimate: s.estimate(ports), Sent: r.sent, Arrived: r.arrived}
}

func (s Sweep) estimate(ports rtpprobe.PortSet) rtpprobe.SweepEstimate {
	return rtpprobe.SweepConfig{Remote: Public, Ports: ports, Rate: pacePPS}.Estimate()
}

// portSet reads ranges that a test has written.
func portSet(text string) (set rtpprobe.PortSet) {
	if err := set.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return set
}

// chance reports whether something of so many percent happens to an attempt: the same
// in each run, and no other way regular.
func chance(percent int, port uint16, round uint8, salt uint32) bool {
	h := uint32(port)*2654435761 ^ uint32(round+1)*2246822519 ^ salt*3266489917
	h ^= h >> 15
	h *= 2246822519
	h ^= h >> 13
	return float64(h)/math.MaxUint32*100 < float64(percent)
}
