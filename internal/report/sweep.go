package report

import (
	"bothways/internal/diagnosis"
	"bothways/rtpprobe"
)

// Sweep is what both ends measured of a sweep. Ports are ranges joined by commas,
// "10000-14321,14323", and empty for none; they are null when a ledger is missing.
type Sweep struct {
	// Ports are those that the check is about; each is in exactly one of the seven
	// sets that follow.
	Ports        string  `json:"ports"`
	Open         *string `json:"open"`
	RequestLost  *string `json:"request_lost"`
	ReplyLost    *string `json:"reply_lost"`
	WrongPort    *string `json:"wrong_port"`
	InUse        *string `json:"in_use"`
	Inconclusive *string `json:"inconclusive"`
	NotTried     *string `json:"not_tried"`
	// WhyNotTried is null when it is not known, or when all were.
	WhyNotTried *string `json:"why_not_tried"`
	// Counts is null when a ledger is missing.
	Counts *SweepCounts `json:"counts"`
	// Primed is what became of ports that failed, after the site had sent first; null
	// when that was not done.
	Primed *PrimedPorts `json:"primed"`
	// ShiftPorts is by how much the ports of WrongPort are off, null unless by the same.
	ShiftPorts         *int     `json:"shift_ports"`
	RequestLossPercent *float64 `json:"request_loss_percent"`
	ReplyLossPercent   *float64 `json:"reply_loss_percent"`
	// ProbesSent counts attempts, controls included.
	ProbesSent *int64   `json:"probes_sent"`
	DurationMs *float64 `json:"duration_ms"`
	Pace       *Pace    `json:"pace"`
	// StoppedMs is when everything stopped, null when that did not happen.
	StoppedMs *float64 `json:"stopped_ms"`
	// Interruptions are the moments in which nothing came through, while before and after it did.
	Interruptions []Interruption `json:"interruptions"`
	// SourcePorts is "preserved", "rewritten" or "randomised", null when nothing arrived.
	SourcePorts     *string  `json:"source_ports"`
	SourceAddresses []string `json:"source_addresses"`
	// SilentSourcePorts are the site's own ports that nothing left it from.
	SilentSourcePorts string `json:"silent_source_ports"`
	// BehindOwnNAT is true when the client had to open a NAT of its own for each port.
	BehindOwnNAT bool `json:"behind_own_nat"`
	// LocalDropsPackets are those that the ends' own machines dropped.
	LocalDropsPackets *int64 `json:"local_drops_packets"`
	// ICMP is null where the sender's system does not tell.
	ICMP []ICMP `json:"icmp"`
}

// SweepCounts are the sizes of a sweep's sets.
type SweepCounts struct {
	Ports        int `json:"ports"`
	Open         int `json:"open"`
	RequestLost  int `json:"request_lost"`
	ReplyLost    int `json:"reply_lost"`
	WrongPort    int `json:"wrong_port"`
	InUse        int `json:"in_use"`
	Inconclusive int `json:"inconclusive"`
	NotTried     int `json:"not_tried"`
}

// PrimedPorts are ports by what became of them after the site had sent first.
type PrimedPorts struct {
	Open         string `json:"open"`
	RequestLost  string `json:"request_lost"`
	ReplyLost    string `json:"reply_lost"`
	WrongPort    string `json:"wrong_port"`
	Inconclusive string `json:"inconclusive"`
	// NotTried are ports that failed, for which the others stand.
	NotTried string `json:"not_tried"`
}

// Pace is how fast a sweep was: the slowest and the fastest, and, where loss went away
// with the pace, the fastest without it and the slowest with it.
type Pace struct {
	MinPPS     *float64 `json:"min_pps"`
	MaxPPS     *float64 `json:"max_pps"`
	PassedPPS  *float64 `json:"passed_pps"`
	LimitedPPS *float64 `json:"limited_pps"`
}

// An Interruption is told from the start of the sweep, with the probes that it lost to ports which answer.
type Interruption struct {
	StartMs    float64 `json:"start_ms"`
	DurationMs float64 `json:"duration_ms"`
	LostProbes int     `json:"lost_probes"`
}

// An ICMP is what somebody said of some ports: evidence, which anybody could forge.
type ICMP struct {
	From string `json:"from"`
	// FromTarget is true when it came from the address that the probes went to.
	FromTarget bool `json:"from_target"`
	// Meaning is "port-unreachable", "administratively-prohibited" and the like.
	Meaning string `json:"meaning"`
	Ports   string `json:"ports"`
}

func buildSweep(m *diagnosis.Sweep) *Sweep {
	if m == nil {
		return nil
	}
	s := &Sweep{
		Ports: m.Ports.String(), WhyNotTried: orNull(m.WhyNot), Primed: buildPrimed(m.Primed), ShiftPorts: m.Shift,
		RequestLossPercent: m.RequestLossPercent, ReplyLossPercent: m.ReplyLossPercent,
		ProbesSent: m.SentProbes, DurationMs: m.DurationMs, StoppedMs: m.StoppedMs,
		SourcePorts: orNull(string(m.SourcePorts)), SourceAddresses: texts(m.SourceAddresses), Interruptions: []Interruption{}, LocalDropsPackets: m.LocalDrops,
		SilentSourcePorts: m.SilentSources.String(), BehindOwnNAT: m.BehindOwnNAT,
		ICMP: buildICMP(m.ICMP),
	}
	if p := m.Pace; p != nil {
		s.Pace = &Pace{MinPPS: p.Min, MaxPPS: p.Max, PassedPPS: p.Passed, LimitedPPS: p.Limited}
	}
	for _, i := range m.Interruptions {
		s.Interruptions = append(s.Interruptions, Interruption{StartMs: i.StartMS, DurationMs: i.DurationMS, LostProbes: i.Lost})
	}
	s.fill(m)
	return s
}

// fill sets the ports by what became of them.
func (s *Sweep) fill(m *diagnosis.Sweep) {
	r := m.Result
	if r == nil {
		return
	}
	s.Counts = &SweepCounts{Ports: m.Ports.Len()}
	for _, set := range []struct {
		ports rtpprobe.PortSet
		text  **string
		size  *int
	}{
		{r.Open, &s.Open, &s.Counts.Open},
		{r.RequestLost, &s.RequestLost, &s.Counts.RequestLost},
		{r.ReplyLost, &s.ReplyLost, &s.Counts.ReplyLost},
		{r.WrongPort, &s.WrongPort, &s.Counts.WrongPort},
		{r.InUse, &s.InUse, &s.Counts.InUse},
		{r.Inconclusive, &s.Inconclusive, &s.Counts.Inconclusive},
		{r.NotTried, &s.NotTried, &s.Counts.NotTried},
	} {
		text := set.ports.String()
		*set.text, *set.size = &text, set.ports.Len()
	}
}

func buildPrimed(p *diagnosis.SweepPorts) *PrimedPorts {
	if p == nil {
		return nil
	}
	return &PrimedPorts{
		Open: p.Open.String(), RequestLost: p.RequestLost.String(), ReplyLost: p.ReplyLost.String(),
		WrongPort: p.WrongPort.String(), Inconclusive: p.Inconclusive.Union(p.InUse).String(),
		NotTried: p.NotTried.String(),
	}
}

func buildICMP(reports []rtpprobe.ICMPReport) []ICMP {
	if reports == nil {
		return nil
	}
	out := []ICMP{}
	for _, r := range reports {
		out = append(out, ICMP{From: r.From.String(), FromTarget: r.FromTarget, Meaning: r.Meaning, Ports: r.Ports.String()})
	}
	return out
}
