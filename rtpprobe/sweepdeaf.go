package rtpprobe

import "math/rand/v2"

// A local socket from which nothing comes back, while others hear answers, is behind a filter on its port. It is
// not used further, and its controls are left out of every loss: that is no loss of the path, and none of the pace.

const (
	// deafAfter controls without an answer are beyond chance on any path that the pace tolerates.
	deafAfter = 16
	// pickTries is how often another control is looked for when one would go out from a deaf socket.
	pickTries = 8
)

// A lineState is what is heard at a local socket.
type lineState struct {
	heard bool
	deaf  bool
	asked int    // controls
	since uint32 // when the one was sent that makes deafAfter
	out   map[lineRound]int64
}

// A lineRound is a round, and the code of a pace.
type lineRound struct{ round, rate uint8 }

// ask notes a control.
func (l *lineState) ask(round, rate uint8, at uint32) {
	if l.heard {
		return
	}
	if l.asked++; l.asked == deafAfter {
		l.since = at
	}
	if l.out == nil {
		l.out = make(map[lineRound]int64)
	}
	l.out[lineRound{round, rate}]++
}

// line is that from which a port's request goes out in a round. The caller holds the lock.
func (s *sweeper) line(number int32, round uint8) int {
	live := s.rounds[round].live
	return live[localIndex(s.list[number], round, len(live))]
}

// liveLines are those that are not deaf, or all when none is left. The caller holds the lock.
func (s *sweeper) liveLines() []int {
	var live, all []int
	for i := range s.heard {
		all = append(all, i)
		if !s.heard[i].deaf {
			live = append(live, i)
		}
	}
	if len(live) == 0 {
		return all
	}
	return live
}

// listen finds the lines that have turned out to be deaf. The caller holds the lock.
func (s *sweeper) listen(now uint32) {
	before := s.pace.rtt.known
	for i := range s.heard {
		l := &s.heard[i]
		if l.heard || l.deaf || l.asked < deafAfter || sinceStart(now-l.since) <= s.pace.rtt.overdue() || s.alone(i) {
			continue
		}
		l.deaf = true
		for at, n := range l.out {
			s.rounds[at.round].controls -= n
			s.controlsOut[at.rate] -= n
		}
		if before {
			s.pace.forgive(float64(s.cfg.Rate), now)
		}
	}
}

// alone reports whether no other line hears anything.
func (s *sweeper) alone(line int) bool {
	for i := range s.heard {
		if i != line && s.heard[i].heard {
			return false
		}
	}
	return true
}

// pickControl takes a port that is known to answer, whose request does not go out from a deaf line. The caller
// holds the lock.
func (s *sweeper) pickControl(t *turn) pick {
	p := pick{control: true}
	for range pickTries {
		p.number = s.known[rand.IntN(len(s.known))]
		if !s.heard[s.line(p.number, t.number)].deaf {
			break
		}
	}
	return p
}

// counts reports whether an attempt went out from a line that is not deaf. The caller holds the lock.
func (s *sweeper) counts(number int32, round int) bool {
	return s.states[number].sent>>round&1 == 1 && !s.heard[s.line(number, uint8(round))].deaf
}

// locals are the ports of the lines that a round was dealt to, nil when these were all.
func (s *sweeper) locals(live []int) (ports []uint16) {
	if len(live) == len(s.lines) {
		return nil
	}
	for _, line := range live {
		ports = append(ports, s.localPort(line))
	}
	return ports
}
