package diagnosis

import (
	"slices"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// A sweep is one sweep that was run, with what both ledgers say of its ports.
type sweep struct {
	check *evidence.Check
	facts *evidence.SweepFacts
	// known is true when both ledgers are there; the rest means nothing without them.
	known bool
	rtpprobe.SweepVerdict
	// primed is the verdict after the site had sent first, nil when there is none.
	primed *rtpprobe.SweepVerdict
	// all are the ports that the check is about, held those that another program had,
	// untried those that nothing was sent to for another reason.
	all, held, untried rtpprobe.PortSet
	// woken were lost cold and pass once the site has sent, as far as is known.
	woken rtpprobe.PortSet
}

func newSweep(c *evidence.Check) sweep {
	f := c.SweepFacts
	s := sweep{check: c, facts: f, known: f.Sent != nil && f.Arrived != nil}
	s.all = f.NotTried
	if c.Sweep != nil {
		var asked rtpprobe.PortSet
		if asked.UnmarshalText([]byte(c.Sweep.Ports)) == nil {
			s.all = s.all.Union(asked)
		}
	}
	if f.Sent != nil {
		s.all = s.all.Union(f.Sent.Ports)
	}
	s.untried = s.all
	if !s.known {
		return s
	}
	s.SweepVerdict = rtpprobe.JudgeSweep(*f.Sent, *f.Arrived)
	if f.OwnNAT != nil {
		s.behindOwnNAT()
	}
	s.held = f.Arrived.InUse.Minus(f.Arrived.Listened)
	s.all = s.all.Union(s.held)
	s.untried = s.all.Minus(f.Sent.Ports).Minus(s.held)
	s.prime(f.Primed)
	return s
}

// prime takes in what became of the ports that failed once the site had sent. If they
// were many, those that were tried again stand for their neighbours.
func (s *sweep) prime(f *evidence.SweepFacts) {
	if f == nil || f.Sent == nil || f.Arrived == nil || f.Missing != "" {
		return
	}
	primed := rtpprobe.JudgeSweep(*f.Sent, *f.Arrived)
	for _, ports := range []*rtpprobe.PortSet{
		&primed.Open, &primed.RequestLost, &primed.ReplyLost, &primed.WrongPort, &primed.InUse, &primed.Inconclusive, &primed.NotListened,
	} {
		*ports = ports.Intersect(s.RequestLost) // the others were open before, and measure the loss
	}
	s.primed = &primed
	s.woken = likeNearest(s.RequestLost, s.opened(primed), primed.RequestLost)
}

// opened are the ports that pass once the site has sent. A NAT that gives random ports
// opens others than were asked for, some of which are tried by chance: what arrives on a
// wrong port then is no way in, unless the site shifts ports cold as well.
func (s *sweep) opened(primed rtpprobe.SweepVerdict) rtpprobe.PortSet {
	if !s.WrongPort.IsZero() {
		return passed(primed)
	}
	return primed.Open.Union(primed.ReplyLost)
}

// passed are the ports of a verdict whose requests arrived, on whatever port.
func passed(v rtpprobe.SweepVerdict) rtpprobe.PortSet {
	return v.Open.Union(v.ReplyLost).Union(v.WrongPort)
}

// is reports whether both ledgers of the sweep are there, and its direction.
func (s sweep) is(d scenarios.Direction) bool { return s.known && s.check.Direction == d }

// ends names the two ends, that which sent the requests first.
func (s sweep) ends() (sender, receiver string) {
	if s.check.Direction == scenarios.Inbound {
		return "client", "responder"
	}
	return "responder", "client"
}

// arrived are the ports whose requests arrived cold.
func (s sweep) arrived() rtpprobe.PortSet { return passed(s.SweepVerdict) }

// decided are the ports of which something is proven.
func (s sweep) decided() rtpprobe.PortSet { return s.arrived().Union(s.RequestLost) }

// barred are the ports whose requests do not arrive, primed or not. Ports that a
// shifting forward carries to where nobody listened are not among them.
func (s sweep) barred() rtpprobe.PortSet {
	return s.RequestLost.Minus(s.woken).Minus(s.shiftedAway())
}

// shiftedAway are the lost ports from which a known shift leads to a port that the
// receiver had not open.
func (s sweep) shiftedAway() rtpprobe.PortSet {
	if s.WrongPort.IsZero() {
		return rtpprobe.PortSet{}
	}
	shifts, listened := s.shifts(), s.facts.Arrived.Listened
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for port := range s.RequestLost.All() {
			away := slices.ContainsFunc(shifts, func(shift rtpprobe.PortShift) bool {
				to := int(port) + shift.By
				return shift.By != 0 && (to < 1 || to > 65535 || !listened.Contains(uint16(to)))
			})
			if away && !yield(port) {
				return
			}
		}
	})
}

// shifts are the distances by which ports were off, as the end saw it that received them.
func (s sweep) shifts() []rtpprobe.PortShift {
	if len(s.facts.Arrived.Shifted) > 0 {
		return s.facts.Arrived.Shifted
	}
	return s.facts.Sent.Shifted
}

// dead reports whether no request of the sweep arrived at all, primed or not.
func (s sweep) dead() bool {
	return !s.RequestLost.IsZero() && s.facts.Arrived.Packets == 0 && s.arrived().IsZero() && s.woken.IsZero()
}

// drowned reports whether so much arrived that was not the sweep's that its probes may
// be among it, changed on the way.
func (s sweep) drowned() bool {
	return s.facts.Arrived.Foreign*minShare >= max(s.facts.Sent.Packets, 1)
}

// undecided are ports of the check that say neither yes nor no.
func (s sweep) undecided() rtpprobe.PortSet { return s.all.Minus(s.decided()) }

// swept returns the sweeps of the scenario of one direction whose ledgers are both there.
func (v *view) swept(d scenarios.Direction) []sweep {
	var out []sweep
	for _, s := range v.sweeps {
		if s.is(d) && s.check.Control == "" && !s.shutBehindNAT() {
			out = append(out, s)
		}
	}
	return out
}

// sweepOf is the sweep of a check.
func (v *view) sweepOf(c *evidence.Check) sweep {
	if i := slices.IndexFunc(v.sweeps, func(s sweep) bool { return s.check == c }); i >= 0 {
		return v.sweeps[i]
	}
	return newSweep(c)
}
