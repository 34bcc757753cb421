package diagnosis

import (
	"net/netip"

	"bothways/rtpprobe"
)

// Sweep is what both ends measured of a sweep; null is unknown.
type Sweep struct {
	// Ports are those that the check is about.
	Ports rtpprobe.PortSet
	// Result says what became of them, null when a ledger is missing.
	Result *SweepPorts
	// Primed says what became of the ports that failed, after the site had sent first.
	Primed *SweepPorts
	// WhyNot says why ports were not tried.
	WhyNot string
	// Shift is by how much the ports of WrongPort are off, null unless it is the same for all.
	Shift *int
	// RequestLossPercent and ReplyLossPercent are of probes to ports that are known to answer.
	RequestLossPercent, ReplyLossPercent *float64
	// SentProbes counts attempts, controls included.
	SentProbes *int64
	DurationMs *float64
	Pace       *Pace
	// StoppedMs is when everything stopped, null when that did not happen.
	StoppedMs *float64
	// Interruptions are the moments in which nothing came through.
	Interruptions []rtpprobe.Interruption
	// SourcePorts is what became of the sender's ports, SourceAddresses where they came from.
	SourcePorts     rtpprobe.SourcePorts
	SourceAddresses []netip.Addr
	// SilentSources are the site's own ports that nothing left it from.
	SilentSources rtpprobe.PortSet
	// BehindOwnNAT is true when the client opened a NAT of its own for each port first.
	BehindOwnNAT bool
	// LocalDrops counts packets that the machines at the ends dropped themselves.
	LocalDrops *int64
	// ICMP is null where the sender's system does not tell.
	ICMP []rtpprobe.ICMPReport
}

// SweepPorts are ports by what became of them.
type SweepPorts struct {
	Open, RequestLost, ReplyLost, WrongPort, InUse, Inconclusive, NotTried rtpprobe.PortSet
}

// Pace is how fast a sweep was, in requests a second.
type Pace struct {
	Min, Max *float64
	// Passed is the fastest pace without loss and Limited the slowest with it, null
	// unless the loss went away with the pace.
	Passed, Limited *float64
}

// measured is what is told of the sweep beside its verdict.
func (s sweep) measured() *Sweep {
	m := &Sweep{Ports: s.all, WhyNot: s.facts.WhyNot, BehindOwnNAT: s.facts.OwnNAT != nil}
	if sent := s.facts.Sent; sent != nil {
		m.SentProbes, m.DurationMs, m.ICMP, m.StoppedMs = &sent.Packets, &sent.DurationMS, sent.ICMP, sent.StoppedMS
		m.Pace, m.Interruptions = pace(sent.Rounds), sent.Interruptions
	}
	if !s.known {
		return m
	}
	m.Pace.Passed, m.Pace.Limited, m.Shift = s.PassedPPS, s.LimitedPPS, s.Shift
	result := portsBy(s.SweepVerdict)
	result.InUse, result.NotTried = s.held, s.untried
	m.Result = &result
	if s.primed != nil {
		primed := portsBy(*s.primed)
		primed.NotTried = s.RequestLost.Minus(s.facts.Primed.Sent.Ports)
		m.Primed = &primed
	}
	m.RequestLossPercent, m.ReplyLossPercent = losses(s.Rounds)
	m.SourcePorts, m.LocalDrops, m.SilentSources = s.SourcePorts, s.localDrops(), s.silentSources()
	for _, a := range s.facts.Arrived.Sources.Addresses {
		m.SourceAddresses = append(m.SourceAddresses, a.Address)
	}
	return m
}

func portsBy(v rtpprobe.SweepVerdict) SweepPorts {
	return SweepPorts{
		Open: v.Open, RequestLost: v.RequestLost, ReplyLost: v.ReplyLost, WrongPort: v.WrongPort,
		InUse: v.InUse, Inconclusive: v.Inconclusive,
	}
}

func pace(rounds []rtpprobe.SentRound) *Pace {
	p := new(Pace)
	for i := range rounds {
		r := &rounds[i]
		if r.MinPPS > 0 && (p.Min == nil || r.MinPPS < *p.Min) {
			p.Min = &r.MinPPS
		}
		if r.MaxPPS > 0 && (p.Max == nil || r.MaxPPS > *p.Max) {
			p.Max = &r.MaxPPS
		}
	}
	return p
}

// losses are those of all rounds, in percent, each way.
func losses(rounds []rtpprobe.RoundLoss) (requests, replies *float64) {
	var out, outLost, back, backLost int64
	for _, r := range rounds {
		out, outLost = out+max(r.Requests, 0), outLost+max(r.RequestsLost, 0)
		back, backLost = back+max(r.Replies, 0), backLost+max(r.RepliesLost, 0)
	}
	return share(outLost, out), share(backLost, back)
}

func share(part, whole int64) *float64 {
	if whole <= 0 {
		return nil
	}
	return new(min(100*float64(part)/float64(whole), 100))
}

// localDrops is the sum of what both ends know of, null when neither does.
func (s sweep) localDrops() *int64 {
	a, b := s.facts.Sent.LocalDrops, s.facts.Arrived.LocalDrops
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return new(*a + *b)
}
