package diagnosistest

import (
	"net/netip"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// A sweepRun fills in the ledgers of both ends, round by round.
type sweepRun struct {
	Sweep
	lost, unsent, dropped, mute rtpprobe.PortSet
	silent                      rtpprobe.PortSet
	listened                    rtpprobe.PortSet
	echoed                      rtpprobe.PortSet
	sent                        *rtpprobe.SweepSent
	arrived                     *rtpprobe.SweepArrived
}

func newSweepRun(s Sweep, ports, lost rtpprobe.PortSet) *sweepRun {
	inUse, closed := portSet(s.InUse), portSet(s.Closed)
	r := &sweepRun{
		Sweep: s, lost: lost, unsent: portSet(s.Unsent), dropped: portSet(s.Dropped), mute: portSet(s.ReplyLost), silent: portSet(s.SilentSources),
		listened: ports.Minus(inUse).Minus(closed),
	}
	remote, address, direction := Public, Inside, rtpprobe.SweepInbound
	if s.direction() == scenarios.Outbound {
		remote, address, direction = Outside, Outside, rtpprobe.SweepOutbound
	}
	none, drops, trip := int64(0), int64(r.dropped.Len()), 11.9
	r.sent = &rtpprobe.SweepSent{
		ID: 7, Direction: direction, Remote: remote, Ports: ports, ProbeBytes: 172, LocalDrops: &none, RoundTripMS: &trip,
		ICMP: s.ICMP, Unsent: r.unsent, End: rtpprobe.SweepDecided,
	}
	if !r.unsent.IsZero() {
		r.sent.Errors = []rtpprobe.ErrorCount{{Kind: "not-permitted", Count: int64(r.unsent.Len())}}
	}
	for i := range uint16(locals) {
		r.sent.Locals = append(r.sent.Locals, s.local(i))
	}
	r.arrived = &rtpprobe.SweepArrived{
		ID: 7, Direction: direction, Address: address, Listened: r.listened, InUse: inUse.Intersect(ports), NoFiles: closed.Intersect(ports),
		LocalDrops: &drops, DroppedOn: r.dropped, Foreign: s.Foreign,
	}
	return r
}

// round adds one round, and reports whether another one may decide more.
func (r *sweepRun) round(n uint8) bool {
	rest := r.sent.Ports.Minus(r.echoed).Minus(r.unsent)
	if rest.IsZero() {
		r.sent.End = rtpprobe.SweepComplete
		return false
	}
	out := rtpprobe.SentRound{Round: n, Ports: r.beforeStop(rest), StartMS: r.sent.DurationMS, MinPPS: pacePPS, MaxPPS: r.pace(n)}
	in := rtpprobe.ArrivedRound{Round: n}
	in.Ports, out.Echoed = r.carry(out.Ports, n)
	if n > 0 && !r.echoed.IsZero() {
		out.Controls = controls
		in.Controls = controls - r.lostControls(n, 1)
		out.ControlsEchoed = in.Controls - r.lostControls(n, 2)
	}
	out.DurationMS = float64(out.Ports.Len()) / pacePPS * 1000
	r.add(out, in)
	if r.StopAfter > 0 {
		r.sent.End, r.sent.StoppedMS = rtpprobe.SweepStopped, &r.sent.DurationMS
		return false
	}
	verdict := rtpprobe.JudgeSweep(*r.sent, *r.arrived)
	return !verdict.Inconclusive.Minus(verdict.NotListened).IsZero()
}

// beforeStop are the ports that were tried before everything stopped.
func (r *sweepRun) beforeStop(ports rtpprobe.PortSet) rtpprobe.PortSet {
	if r.StopAfter == 0 {
		return ports
	}
	n := 0
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for port := range ports.All() {
			if n++; n > r.StopAfter || !yield(port) {
				return
			}
		}
	})
}

// pace is the fastest of a round: with a limit, the first round runs into it.
func (r *sweepRun) pace(n uint8) float64 {
	if r.LimitPPS > 0 && n > 0 {
		return r.LimitPPS / 2
	}
	return 2 * pacePPS
}

// carry says which of the ports are arrived at, and from which an echo comes back.
func (r *sweepRun) carry(ports rtpprobe.PortSet, n uint8) (arrived, echoed rtpprobe.PortSet) {
	loss := r.LossPercent
	if r.LimitPPS > 0 && n == 0 {
		loss = 20
	}
	open := ports.Minus(r.lost).Minus(r.dropped)
	arrived = only(open, func(port uint16) bool {
		to := int(port) + r.Shift
		return !r.silent.Contains(r.sent.Local(port, n)) && to > 0 && to < 65536 && r.listened.Contains(uint16(to)) && !chance(loss, port, n, 1)
	})
	return arrived, only(arrived.Minus(r.mute), func(port uint16) bool { return !chance(r.LossPercent, port, n, 2) })
}

func only(ports rtpprobe.PortSet, is func(uint16) bool) rtpprobe.PortSet {
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for port := range ports.All() {
			if is(port) && !yield(port) {
				return
			}
		}
	})
}

func (r *sweepRun) lostControls(n uint8, salt uint32) (lost int64) {
	for i := range uint16(controls) {
		if chance(r.LossPercent, i, n, salt) {
			lost++
		}
	}
	return lost
}

func (r *sweepRun) add(out rtpprobe.SentRound, in rtpprobe.ArrivedRound) {
	s, a := r.sent, r.arrived
	s.Rounds, a.Rounds = append(s.Rounds, out), append(a.Rounds, in)
	arrived := int64(in.Ports.Len()) + in.Controls
	s.Packets, a.Packets, a.Echoes = s.Packets+int64(out.Ports.Len())+out.Controls, a.Packets+arrived, a.Echoes+arrived
	s.Echoes += int64(out.Echoed.Len()) + out.ControlsEchoed
	s.DurationMS += out.DurationMS
	r.echoed = r.echoed.Union(out.Echoed)
	if r.Shift != 0 && !in.Ports.IsZero() {
		shifted := []rtpprobe.PortShift{{By: r.Shift, Ports: r.echoed.Union(in.Ports)}}
		s.Shifted, a.Shifted = shifted, shifted
	}
	if r.LimitPPS > 0 && len(s.Rounds) == 1 {
		sent := int64(out.Ports.Len())
		s.LossAt = []rtpprobe.RateLoss{
			{RatePPS: r.LimitPPS / 2, Sent: sent}, {RatePPS: r.LimitPPS * 1.05, Sent: sent, Lost: sent - int64(out.Echoed.Len())},
		}
	}
	r.sources()
}

// sources says where the requests seem to come from.
func (r *sweepRun) sources() {
	n := r.arrived.Packets
	l := rtpprobe.SourceLedger{Preserved: n, Locals: locals, SeenPorts: locals, Addresses: []rtpprobe.SeenAddress{}, Mappings: []rtpprobe.SourceMapping{}}
	if n == 0 {
		l = rtpprobe.SourceLedger{Addresses: l.Addresses, Mappings: l.Mappings}
	} else {
		r.mappings(&l, n)
	}
	r.arrived.Sources, r.sent.Sources = l, l
}

func (r *sweepRun) mappings(l *rtpprobe.SourceLedger, n int64) {
	from := r.Addresses
	if from == nil {
		from = []netip.Addr{Outside}
		if r.direction() == scenarios.Outbound {
			from[0] = Public
		}
	}
	for _, a := range from {
		l.Addresses = append(l.Addresses, rtpprobe.SeenAddress{Address: a, Packets: n / int64(len(from))})
	}
	for i := range uint16(locals) {
		m := rtpprobe.SourceMapping{Local: r.local(i), Seen: netip.AddrPortFrom(from[0], r.local(i)), Packets: n / locals}
		switch r.Sources {
		case rtpprobe.SourcePortsRewritten:
			m.Seen = netip.AddrPortFrom(from[0], 1024+i)
		case rtpprobe.SourcePortsRandomised:
			m.Seen, m.Packets, m.Elsewhere = netip.AddrPortFrom(from[0], 61_000+i), 1, n/locals-1
		}
		l.Mappings = append(l.Mappings, m)
	}
	if r.Sources != "" && r.Sources != rtpprobe.SourcePortsPreserved {
		l.Preserved, l.Rewritten = 0, n
	}
	if r.Sources == rtpprobe.SourcePortsRandomised {
		l.Varying, l.SeenPorts = locals, int(n)
	}
}
