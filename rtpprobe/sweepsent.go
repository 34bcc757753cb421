package rtpprobe

import "time"

// chance is that of a port which answers, but whose probes or echoes were lost in every round: that of the missing port
// with the fewest attempts. Ports come in random order, so that within a round each is as likely as any other to
// be hit by the loss of that round, whatever its shape in time. A hopeful one takes it that all answers to the
// latest round come that are under way. The caller holds the lock.
func (s *sweeper) chance(hopeful bool) float64 {
	var high []float64
	for r := range s.rounds {
		lost, n := s.roundLoss(r)
		if hopeful && r == len(s.rounds)-1 {
			lost = 0
		}
		_, bound := lossBounds(lost, n, boundWidth)
		high = append(high, bound)
	}
	worst, known := 0.0, make(map[uint32]bool)
	for i := range s.states {
		if state := &s.states[i]; state.answered() || state.sent == 0 {
			continue
		}
		chance, rounds := 1.0, uint32(0)
		for r := range s.rounds {
			if s.counts(int32(i), r) {
				rounds |= 1 << r
			}
		}
		if known[rounds] {
			continue
		}
		known[rounds] = true
		for r := range high {
			if rounds>>r&1 == 1 {
				chance *= high[r]
			}
		}
		worst = max(worst, chance)
	}
	return worst
}

// roundLoss is what a round lost of the probes to ports that answered at some time.
func (s *sweeper) roundLoss(r int) (lost, n int) {
	n = int(s.rounds[r].controls)
	lost = int(max(s.rounds[r].controls-s.rounds[r].controlsEchoed, 0))
	for _, number := range s.known {
		if s.counts(number, r) {
			n++
			lost += int(^s.states[number].echoed >> r & 1)
		}
	}
	return lost, n
}

// ledger sums the sweep up, once nothing is received any more.
func (s *sweeper) ledger(end SweepEnd) SweepSent {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := SweepSent{
		ID: s.cfg.Terms.ID, Direction: s.cfg.Terms.Direction, Remote: s.remote, Ports: s.cfg.Ports, ProbeBytes: s.cfg.ProbeBytes,
		Rounds: s.sentRounds(), Packets: s.packets, Echoes: s.echoes, EchoesElsewhere: s.elsewhere,
		Shifted: s.shifts.ledger(), Sources: s.sources.ledger(), LossAt: s.lossAt(), Interruptions: s.interrupted(),
		Errors: s.errors, Unsent: s.unsent.set(), SendWaits: s.waits,
		DurationMS: millis(time.Since(s.start)), End: end,
	}
	for line := range s.lines {
		sent.Locals = append(sent.Locals, s.localPort(line))
	}
	s.addTimes(&sent)
	s.addLocal(&sent)
	return sent
}

func (s *sweeper) addTimes(sent *SweepSent) {
	if s.echoes > 0 {
		shortest, longest, last := millis(s.pace.rtt.shortest), millis(s.pace.rtt.longest), millis(s.lastEcho)
		sent.RoundTripMS, sent.MaxRoundTripMS, sent.LastEchoMS = &shortest, &longest, &last
	}
	if sent.End == SweepStopped {
		sent.StoppedMS = sent.LastEchoMS
	}
}

// addLocal adds what the sockets know.
func (s *sweeper) addLocal(sent *SweepSent) {
	var drops int64
	known := true
	for _, line := range s.lines {
		n, ok := line.drops()
		drops, known = drops+n, known && ok
		if full, ok := line.(interface{ fullBuffers() int64 }); ok {
			sent.SendWaits += full.fullBuffers()
			sent.ICMP = s.icmp.reports(s.remote, s.cfg.Ports)
		}
	}
	if known {
		sent.LocalDrops = &drops
	}
}

func (s *sweeper) sentRounds() []SentRound {
	rounds := []SentRound{}
	for r := range s.rounds {
		state := &s.rounds[r]
		var tried, echoed portBits
		for i := range s.states {
			if s.states[i].sent>>r&1 == 1 {
				tried.add(s.list[i])
			}
			if s.states[i].echoed>>r&1 == 1 {
				echoed.add(s.list[i])
			}
		}
		rounds = append(rounds, SentRound{
			Window: s.cfg.Terms.Window, Round: uint8(r), Ports: tried.set(), Echoed: echoed.set(), Locals: s.locals(state.live),
			Controls: state.controls, ControlsEchoed: min(state.controlsEchoed, state.controls),
			StartMS: millis(state.start), DurationMS: millis(max(state.end-state.start, 0)),
			MinPPS: rateOf(state.slowest), MaxPPS: rateOf(state.fastest),
		})
	}
	return rounds
}

// lossAt sorts the probes to ports that answered by the pace at which they were sent, without those of interruptions.
func (s *sweeper) lossAt() []RateLoss {
	sent, back := s.controlsOut, s.controlsBack
	for r := range s.rounds {
		for _, number := range s.known {
			if state := &s.states[number]; s.counts(number, r) {
				code := s.rounds[r].rates[number]
				sent[code]++
				back[code] += int64(state.echoed >> r & 1)
			}
		}
	}
	s.excuse(&sent)
	s.pace.judge(time.Since(s.start))
	list := []RateLoss{}
	for code := range sent {
		if sent[code] > 0 {
			loss := RateLoss{RatePPS: rateOf(uint8(code)), Sent: sent[code], Lost: max(sent[code]-back[code], 0)}
			if loss.Lost > 0 {
				loss.After = s.pace.afterLoss(uint8(code))
			}
			list = append(list, loss)
		}
	}
	return list
}
