package rtpprobe

// A tally is what became of the attempts from a local port in a round.
type tally struct{ n, lost int }

// filtered are the local ports from which nothing passes, although the same ports are reached from others: those of
// which random loss cannot explain it, by what the others lost in the same rounds. The chance is that of a port (see
// JudgeSweep), for as many attempts as were made.
func (j *judgement) filtered(way wayLost) PortSet {
	if len(j.sent.Locals) < 2 {
		return PortSet{}
	}
	rounds := make([]map[uint16]*tally, len(j.rounds))
	passed := make(map[uint16]bool)
	for i, r := range j.rounds {
		rounds[i] = j.tallies(r, way)
		for local, t := range rounds[i] {
			if t.lost < t.n {
				passed[local] = true
			}
		}
	}
	return PortSetOf(func(yield func(uint16) bool) {
		for _, local := range j.sent.Locals {
			if !passed[local] && sourceChance(rounds, local, passed)*float64(len(j.sent.Locals)) < chanceLimit && !yield(local) {
				return
			}
		}
	})
}

// tallies counts a round's attempts at ports that pass at some time, by local port.
func (j *judgement) tallies(r judgedRound, way wayLost) map[uint16]*tally {
	through, known := r.arrived.Ports.Union(r.sent.Echoed), j.reached
	if way == replyLoss {
		through, known = r.sent.Echoed, j.echoed
	}
	locals, arrived := j.sent.localsIn(&r.sent), bitsOf(through)
	counts := make([]tally, len(locals))
	for port := range r.tried(way).Intersect(known).All() {
		t := &counts[localIndex(port, r.sent.Round, len(locals))]
		t.n++
		if !arrived.has(port) {
			t.lost++
		}
	}
	tallies := make(map[uint16]*tally)
	for i, local := range locals {
		t := tallies[local]
		if t == nil {
			t = new(tally)
			tallies[local] = t
		}
		t.n, t.lost = t.n+counts[i].n, t.lost+counts[i].lost
	}
	return tallies
}

// sourceChance is that of a local port which passes, but whose attempts were all lost.
func sourceChance(rounds []map[uint16]*tally, local uint16, passed map[uint16]bool) float64 {
	chance := 1.0
	for _, round := range rounds {
		own := round[local]
		if own == nil {
			continue
		}
		var others tally
		for other, t := range round {
			if passed[other] {
				others.n, others.lost = others.n+t.n, others.lost+t.lost
			}
		}
		_, high := lossBounds(others.lost, others.n, boundWidth)
		for range own.n {
			chance *= high
		}
	}
	return chance
}

// tried is the set of the ports that a round tried, but for those from filtered local ports.
func (j *judgement) tried(r judgedRound, way wayLost) PortSet {
	ports, without := r.tried(way), j.silent
	if way == replyLoss {
		without = j.mute
	}
	if without.IsZero() {
		return ports
	}
	return PortSetOf(func(yield func(uint16) bool) {
		for port := range ports.All() {
			if !without.Contains(j.sent.localIn(&r.sent, port)) && !yield(port) {
				return
			}
		}
	})
}
