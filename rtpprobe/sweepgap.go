package rtpprobe

import (
	"slices"
	"time"
)

// An interruption, of a radio link that roams or a router that changes lines, loses everything for a moment. That says nothing
// of the pace: a policer lets some through at any.

const (
	// A gap is as long at least, and as many probes to ports that answer were lost in it.
	minGap       = 5 * time.Millisecond
	minGapProbes = 20
	// maxExcused in one sweep are accidents; more of them are taken for loss like any other: a policer makes many
	// that are short.
	maxExcused = 2
	// maxGaps are remembered.
	maxGaps = 16
)

// A gap lies between two requests that were answered, of which none in between was.
type gap struct {
	from, to uint32 // it begins after the first was sent, and ends when the second was
	controls []unheard
	ports    []attempt
	back     []unheard // controls and
	again    []attempt // ports whose attempts were taken back: they are in no account
	stalled  bool      // the machine stood still meanwhile
}

// An attempt is a request to a port, by its number, in a round.
type attempt struct {
	number int32
	round  uint8
	at     uint32
}

// holds reports whether a request was sent in the gap.
func (g *gap) holds(at uint32) bool { return at >= g.from && at < g.to }

// narrow leaves the longer part of a gap in which a request was answered after all: answers overtake each other.
func (g *gap) narrow(at uint32) {
	switch {
	case !g.holds(at):
	case at-g.from >= g.to-at:
		g.to = at
	default:
		g.from = at + 1
	}
}

// hear notes that a request was answered that had been sent at a time. The caller holds the lock.
func (s *sweeper) hear(at, now uint32) {
	for i := range s.gaps {
		s.gaps[i].narrow(at)
	}
	if at < s.gap.from {
		return
	}
	g := s.gap
	g.to, s.gap = at, gap{from: at + 1}
	for len(s.unheard) > 0 && s.unheard[0].at <= at {
		if s.unheard[0].at < at {
			g.controls = append(g.controls, s.unheard[0])
		}
		s.unheard = s.unheard[1:]
	}
	if sinceStart(g.to-g.from) >= minGap {
		s.noteGap(g, now)
	}
}

// unanswered appends the attempts of the latest round that were sent in a time and not answered. The caller holds the lock.
func (s *sweeper) unanswered(list []attempt, from, to uint32) []attempt {
	round := len(s.rounds) - 1
	for i := range s.states {
		if state := &s.states[i]; state.sent&^state.echoed>>round&1 == 1 && state.at >= from && state.at < to {
			list = append(list, attempt{int32(i), uint8(round), state.at})
		}
	}
	return list
}

// keepGap keeps what was lost at the end of a round, before another one begins. The caller holds the lock.
func (s *sweeper) keepGap() {
	if len(s.rounds) > 0 {
		s.gap.ports = s.unanswered(s.gap.ports, s.gap.from, s.now()+1)
	}
	s.gap.controls = append(s.gap.controls, s.unheard...)
	s.unheard = s.unheard[:0]
}

// noteGap remembers a gap in which ports were asked that answer. The pace is not to suffer by it. The caller holds the lock.
func (s *sweeper) noteGap(g gap, now uint32) {
	g.ports = s.unanswered(g.ports, g.from, g.to)
	if !s.mayLast(&g) {
		return
	}
	if len(s.gaps) == maxGaps {
		s.gaps = slices.DeleteFunc(s.gaps, func(g gap) bool { return !s.mayLast(&g) })
	}
	if len(s.gaps) == maxGaps {
		return
	}
	s.gaps = append(s.gaps, g)
	if len(s.interruptions()) > maxExcused {
		return
	}
	for _, c := range g.controls {
		s.pace.excuse(c.at, now)
	}
}

// mayLast reports whether a gap is one that no chance explains, by what is known of the ports in it so far. The caller holds the lock.
func (s *sweeper) mayLast(g *gap) bool {
	answering := 1.0 // until the first answer any port may
	if len(s.known) > 0 {
		answering = float64(len(s.known)) / float64(s.tried())
	}
	controls, ports := 0, 0
	for _, c := range slices.Concat(g.controls, g.back) {
		if g.holds(c.at) {
			controls++
		}
	}
	for _, a := range slices.Concat(g.ports, g.again) {
		if g.holds(a.at) {
			ports++
		}
	}
	return sinceStart(g.to-g.from) >= minGap && float64(controls)+float64(ports)*answering >= minGapProbes
}

// tried counts the ports that were. The caller holds the lock.
func (s *sweeper) tried() (n int) {
	for i := range s.states {
		if s.states[i].sent != 0 {
			n++
		}
	}
	return n
}

// lostIn counts the probes of a gap to ports that answered at some time. The caller holds the lock.
func (s *sweeper) lostIn(g *gap) (n int) {
	for _, c := range slices.Concat(g.controls, g.back) {
		if g.holds(c.at) {
			n++
		}
	}
	for _, a := range slices.Concat(g.ports, g.again) {
		if g.holds(a.at) && s.states[a.number].answered() {
			n++
		}
	}
	return n
}

// lasted reports whether no chance explains a gap. The caller holds the lock.
func (s *sweeper) lasted(g *gap) bool {
	return sinceStart(g.to-g.from) >= minGap && s.lostIn(g) >= minGapProbes
}

// interruptions are the gaps that no chance explains, and no stall of this machine. The caller holds the lock.
func (s *sweeper) interruptions() (found []*gap) {
	for i := range s.gaps {
		if g := &s.gaps[i]; !g.stalled && s.lasted(g) {
			found = append(found, g)
		}
	}
	return found
}

// excused are the gaps that say nothing of the pace. The caller holds the lock.
func (s *sweeper) excused() (list []*gap) {
	if list = s.interruptions(); len(list) > maxExcused {
		list = nil
	}
	for i := range s.gaps {
		if g := &s.gaps[i]; g.stalled && s.lasted(g) {
			list = append(list, g)
		}
	}
	return list
}

// excusedControls counts the controls of a round that were lost in excused interruptions. The caller holds the lock.
func (s *sweeper) excusedControls(r *roundState) (n int64) {
	for _, g := range s.excused() {
		for _, c := range g.controls {
			if at := sinceStart(c.at); g.holds(c.at) && at >= r.start && at <= r.end {
				n++
			}
		}
	}
	return n
}

// excuse takes out of the account of each pace what was lost in excused interruptions. The caller holds the lock.
func (s *sweeper) excuse(sent *[256]int64) {
	for _, g := range s.excused() {
		for _, c := range g.controls {
			if g.holds(c.at) {
				sent[c.code]--
			}
		}
		for _, a := range g.ports {
			if g.holds(a.at) && s.states[a.number].answered() && s.counts(a.number, int(a.round)) && s.states[a.number].echoed>>a.round&1 == 0 {
				sent[s.rounds[a.round].rates[a.number]]--
			}
		}
	}
}

// interrupted are the interruptions for the ledger, without those of the end, to which answers may have been under way. The
// caller holds the lock.
func (s *sweeper) interrupted() (list []Interruption) {
	end := time.Since(s.start)
	for _, g := range s.interruptions() {
		from, to := sinceStart(g.from), sinceStart(g.to)
		if to+s.pace.rtt.longest > end {
			continue
		}
		list = append(list, Interruption{StartMS: millis(from), DurationMS: millis(to - from), Lost: s.lostIn(g)})
	}
	return list
}
