package rtpprobe

import (
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
	again    []int32 // ports whose attempts were taken back
	lulls    int     // controls that were
	bridged  bool    // an answer came after all
}

// An attempt is a request to a port, by its number, in a round.
type attempt struct {
	number int32
	round  uint8
}

// hear notes that a request was answered that had been sent at a time. The caller holds the lock.
func (s *sweeper) hear(at, now uint32) {
	for i := range s.gaps {
		g := &s.gaps[i]
		g.bridged = g.bridged || at >= g.from && at < g.to
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
	if sinceStart(g.to-g.from) >= minGap && len(s.gaps) < maxGaps {
		s.noteGap(g, now)
	}
}

// unanswered appends the attempts of the latest round that were sent in a time and not answered. The caller holds the lock.
func (s *sweeper) unanswered(list []attempt, from, to uint32) []attempt {
	round := len(s.rounds) - 1
	for i := range s.states {
		if state := &s.states[i]; state.sent&^state.echoed>>round&1 == 1 && state.at >= from && state.at < to {
			list = append(list, attempt{int32(i), uint8(round)})
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
	answering := 1.0 // until the first answer any port may
	if len(s.known) > 0 {
		answering = float64(len(s.known)) / float64(s.tried())
	}
	if float64(len(g.controls)+g.lulls)+float64(len(g.ports)+len(g.again))*answering < minGapProbes {
		return
	}
	s.gaps = append(s.gaps, g)
	if len(s.gaps) > maxExcused {
		return
	}
	for _, c := range g.controls {
		s.pace.excuse(c.at, now)
	}
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
func (s *sweeper) lostIn(g *gap) int {
	n := len(g.controls) + g.lulls
	for _, a := range g.ports {
		if s.states[a.number].answered() {
			n++
		}
	}
	for _, number := range g.again {
		if s.states[number].answered() {
			n++
		}
	}
	return n
}

// interruptions are the gaps that no chance explains. The caller holds the lock.
func (s *sweeper) interruptions() (found []*gap) {
	for i := range s.gaps {
		if g := &s.gaps[i]; !g.bridged && s.lostIn(g) >= minGapProbes {
			found = append(found, g)
		}
	}
	return found
}

// excused are those that say nothing of the pace. The caller holds the lock.
func (s *sweeper) excused() []*gap {
	if found := s.interruptions(); len(found) <= maxExcused {
		return found
	}
	return nil
}

// excusedControls counts the controls of a round that were lost in excused interruptions. The caller holds the lock.
func (s *sweeper) excusedControls(r *roundState) (n int64) {
	for _, g := range s.excused() {
		for _, c := range g.controls {
			if at := sinceStart(c.at); at >= r.start && at <= r.end {
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
			sent[c.code]--
		}
		for _, a := range g.ports {
			if s.states[a.number].answered() && s.counts(a.number, int(a.round)) && s.states[a.number].echoed>>a.round&1 == 0 {
				sent[s.rounds[a.round].rates[a.number]]--
			}
		}
	}
}

// interrupted are the interruptions for the ledger. The caller holds the lock.
func (s *sweeper) interrupted() (list []Interruption) {
	for _, g := range s.interruptions() {
		from, to := sinceStart(g.from), sinceStart(g.to)
		list = append(list, Interruption{StartMS: millis(from), DurationMS: millis(to - from), Lost: s.lostIn(g)})
	}
	return list
}
