package rtpprobe

// facts fills in what is not about single ports.
func (j *judgement) facts(v *SweepVerdict) {
	v.Shift = j.shift(v.WrongPort)
	v.SilentSources = j.silent
	v.LostParity = lostParity(v.RequestLost, j.all.Minus(v.InUse))
	v.Moved, v.Attempts = j.moved(), j.attempts(v.RequestLost)
	sources := j.arrived.Sources
	if len(sources.Addresses) == 0 {
		sources = j.sent.Sources
	}
	v.SourcePorts, v.SourceAddresses = sources.ports(), len(sources.Addresses)
	if v.StoppedMS == nil && j.sent.End != SweepFull {
		v.PassedPPS, v.LimitedPPS = rateLimit(j.sent.LossAt)
		v.RateLimited = v.LimitedPPS != nil
		v.NewFlowsOnly = v.RateLimited && j.newFlowsOnly()
	}
	v.LocalFault = positive(j.sent.LocalDrops) || positive(j.arrived.LocalDrops) || !j.sent.Unsent.IsZero() || len(j.arrived.Errors) > 0
}

func positive(n *int64) bool { return n != nil && *n > 0 }

// shift is the one by which all ports of a set are off.
func (j *judgement) shift(wrong PortSet) *int {
	for _, s := range joinShifts(j.arrived.Shifted, j.sent.Shifted) {
		if s.By != 0 && !wrong.IsZero() && wrong.Minus(s.Ports).IsZero() {
			return &s.By
		}
	}
	return nil
}

// nearlyAll is the share of a parity's ports that must be lost, and of all that are lost.
const nearlyAll = .95

// lostParity is the parity of the lost ports, when they are nearly all of that parity and nearly no other.
func lostParity(lost, tried PortSet) string {
	lostOdd, lostEven := byParity(lost)
	triedOdd, triedEven := byParity(tried)
	total := float64(lostOdd + lostEven)
	switch {
	case total == 0 || triedOdd == 0 || triedEven == 0:
		return ""
	case float64(lostOdd) >= nearlyAll*float64(triedOdd) && float64(lostOdd) >= nearlyAll*total:
		return "odd"
	case float64(lostEven) >= nearlyAll*float64(triedEven) && float64(lostEven) >= nearlyAll*total:
		return "even"
	}
	return ""
}

func byParity(s PortSet) (odd, even int) {
	for port := range s.All() {
		if port&1 == 1 {
			odd++
		} else {
			even++
		}
	}
	return odd, even
}

// moved counts the ports that were lost before they arrived.
func (j *judgement) moved() int {
	var lost, moved PortSet
	for _, r := range j.rounds {
		moved = moved.Union(lost.Intersect(r.arrived.Ports))
		lost = lost.Union(r.sent.Ports.Minus(r.arrived.Ports))
	}
	return moved.Len()
}

// attempts is the least number for a port of the set, 0 for the empty set.
func (j *judgement) attempts(ports PortSet) int {
	counts := make(map[uint16]int)
	for _, r := range j.rounds {
		for port := range r.sent.Ports.Intersect(ports).All() {
			counts[port]++
		}
	}
	least := 0
	for _, n := range counts {
		if least == 0 || n < least {
			least = n
		}
	}
	return least
}

func (l *SourceLedger) ports() SourcePorts {
	switch {
	case l.Preserved+l.Rewritten == 0:
		return SourcePortsUnknown
	case l.Rewritten == 0:
		return SourcePortsPreserved
	case l.Varying == 0:
		return SourcePortsRewritten
	}
	return SourcePortsRandomised
}

// newFlowsOnly reports whether first rounds lost requests to ports that answer, and hardly any controls among them: these go
// out as flows that are there, each from the local port that its port has answered to.
func (j *judgement) newFlowsOnly() bool {
	var fresh, freshLost, controls, controlsLost int64
	for _, r := range j.rounds {
		if r.sent.Round > 0 {
			continue
		}
		ports := r.sent.Ports.Intersect(j.echoed)
		fresh, freshLost = fresh+int64(ports.Len()), freshLost+int64(ports.Minus(r.sent.Echoed).Len())
		controls, controlsLost = controls+r.sent.Controls, controlsLost+r.sent.Controls-r.sent.ControlsEchoed
	}
	return controls >= minRateSamples && controlsLost*minShareGone*fresh <= freshLost*controls &&
		fewer(controlsLost, controls, freshLost, fresh)
}

// What it takes to call a loss one of the pace.
const (
	minRateSamples = 20
	minRateLoss    = .03
	slowerPace     = .75
	minShareGone   = 3
)

// comesAndGoes reports whether a loss goes when the pace is slower, and comes again with it, or again and again before the pace
// is back. Else it may be one that came and went by itself, as in a moment of bad radio. Ledgers that do not tell are believed.
func (l RateLoss) comesAndGoes() bool {
	a := l.After
	if a == nil {
		return true
	}
	share := func(lost, sent int64) float64 { return float64(lost) / float64(max(sent, 1)) }
	loss := share(l.Lost, l.Sent)
	switch {
	case a.SlowerSent < minRateSamples || minShareGone*share(a.SlowerLost, a.SlowerSent) > loss:
		return false
	case a.AgainSent < minRateSamples:
		return a.SlowerLost >= minRateSamples
	}
	return minShareGone*share(a.AgainLost, a.AgainSent) >= loss
}

// goneAt reports whether at other paces so little was lost that the loss of this one may be called gone.
func (l RateLoss) goneAt(others RateLoss) bool {
	return others.Sent >= minRateSamples && others.Lost*minShareGone*l.Sent <= l.Lost*others.Sent
}

// rateLimit finds the slowest pace with a loss that is gone at slower ones, and not at faster ones, and the fastest of the slower.
func rateLimit(losses []RateLoss) (passed, limited *float64) {
	for _, fast := range losses {
		if fast.Sent < minRateSamples || float64(fast.Lost) < minRateLoss*float64(fast.Sent) || !fast.comesAndGoes() {
			continue
		}
		var slow, last, faster RateLoss
		for _, l := range losses {
			switch {
			case l.RatePPS <= fast.RatePPS*slowerPace:
				slow.Sent, slow.Lost, last = slow.Sent+l.Sent, slow.Lost+l.Lost, l
			case l.RatePPS > fast.RatePPS:
				faster.Sent, faster.Lost = faster.Sent+l.Sent, faster.Lost+l.Lost
			}
		}
		if fast.goneAt(slow) && fewer(slow.Lost, slow.Sent, fast.Lost, fast.Sent) && !fast.goneAt(faster) {
			return &last.RatePPS, &fast.RatePPS
		}
	}
	return nil, nil
}
