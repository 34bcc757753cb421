package rtpprobe

import "math"

// JudgeSweep merges the ledgers of both ends. It is a pure function of them.
//
// A port is called lost only when random loss cannot explain it. The ports of a round are tried in random
// order, so that each is hit by that round's loss with the same chance, whether the loss came evenly, in
// bursts or from a policer. That chance is measured on the ports that are known to be reached, and on the
// controls, and its upper limit is taken (one in a thousand is beyond it). The chance that a port which is open lost
// every attempt is the product over its rounds; it is multiplied by the number of all ports that were tried
// (Bonferroni), and must then be below 1e-6. Where nothing at all arrived, there is nothing to measure
// loss on: then all ports are judged as one, for a path that loses nine packets of ten.
func JudgeSweep(sent SweepSent, arrived SweepArrived) SweepVerdict {
	j := newJudgement(&sent, &arrived)
	v := SweepVerdict{Rounds: j.losses(), StoppedMS: sent.StoppedMS}
	rest := j.all
	take := func(ports PortSet) PortSet {
		ports = rest.Intersect(ports)
		rest = rest.Minus(ports)
		return ports
	}
	v.InUse = take(arrived.InUse.Minus(arrived.Listened))
	v.WrongPort = take(j.wrong)
	v.Open = take(j.echoed)
	v.NotListened = rest.Minus(arrived.Listened)
	decidable := rest.Intersect(arrived.Listened).Minus(j.excused)
	v.ReplyLost = take(j.lost(decidable.Intersect(j.reached).Minus(arrived.Unanswered), v.Rounds, replyLoss))
	v.RequestLost = take(j.lost(decidable.Minus(j.reached), v.Rounds, requestLoss))
	v.Inconclusive = rest
	j.facts(&v)
	return v
}

// A judgement is the work on two ledgers.
type judgement struct {
	sent    *SweepSent
	arrived *SweepArrived
	all     PortSet // that either end had to do with
	rounds  []judgedRound
	reached PortSet // by any request
	echoed  PortSet
	wrong   PortSet
	excused PortSet // by faults of the machines at the ends
	// silent are local ports whose requests never arrive, mute those whose echoes never come back. What was sent
	// from them counts as no attempt.
	silent, mute PortSet
}

// A judgedRound is one round as both ends saw it.
type judgedRound struct {
	sent    SentRound
	arrived ArrivedRound
}

func newJudgement(sent *SweepSent, arrived *SweepArrived) *judgement {
	j := &judgement{sent: sent, arrived: arrived, excused: arrived.DroppedOn}
	j.all = sent.Ports.Union(arrived.Listened).Union(arrived.InUse).Union(arrived.NotPermitted).Union(arrived.NoFiles)
	var tried PortSet
	for _, r := range sent.Rounds {
		both := judgedRound{sent: r, arrived: arrived.round(r.Window, r.Round)}
		j.rounds = append(j.rounds, both)
		tried = tried.Union(r.Ports)
		j.reached = j.reached.Union(both.arrived.Ports).Union(r.Echoed)
		j.echoed = j.echoed.Union(r.Echoed)
	}
	j.excused = j.excused.Union(sent.Unsent.Minus(tried))
	j.wrong = portsOf(sent.Shifted).Union(portsOf(arrived.Shifted))
	j.silent = j.filtered(requestLoss)
	j.mute = j.filtered(replyLoss)
	return j
}

// round finds what arrived of a round.
func (a *SweepArrived) round(window, round uint8) ArrivedRound {
	for _, r := range a.Rounds {
		if r.Window == window && r.Round == round {
			return r
		}
	}
	return ArrivedRound{}
}

// losses measures each round on the ports that are known to be reached, and for the way back on those of
// them whose echoes are known to return.
func (j *judgement) losses() []RoundLoss {
	list, copies := []RoundLoss{}, j.arrived.copies()
	for _, r := range j.rounds {
		fresh, arrived := j.tried(r, requestLoss).Intersect(j.reached), r.arrived.Ports.Union(r.sent.Echoed)
		back := j.tried(r, replyLoss).Union(r.sent.Echoed).Intersect(j.echoed)
		controls := max(min(int64(float64(r.arrived.Controls)/copies), r.sent.Controls), r.sent.ControlsEchoed)
		list = append(list, RoundLoss{
			Window: r.sent.Window, Round: r.sent.Round, MinPPS: r.sent.MinPPS, MaxPPS: r.sent.MaxPPS,
			Requests:     int64(fresh.Len()) + r.sent.Controls,
			RequestsLost: int64(fresh.Minus(arrived).Len()) + r.sent.Controls - controls,
			Replies:      int64(back.Len()) + controls,
			RepliesLost:  int64(back.Minus(r.sent.Echoed).Len()) + controls - r.sent.ControlsEchoed,
		})
	}
	return list
}

// copies is how often a request arrived that arrived at all, 1 on most paths: of those that are no controls it is known which
// came twice.
func (a *SweepArrived) copies() float64 {
	packets, ports := a.Packets, 0
	for _, r := range a.Rounds {
		packets -= r.Controls
		ports += r.Ports.Len()
	}
	if ports == 0 {
		return 1
	}
	return max(float64(packets)/float64(ports), 1)
}

// Which way is asked for.
type wayLost bool

const (
	requestLoss wayLost = false
	replyLoss   wayLost = true
)

// lost is the part of the ports whose loss no random loss explains.
func (j *judgement) lost(ports PortSet, losses []RoundLoss, way wayLost) PortSet {
	if ports.IsZero() {
		return PortSet{}
	}
	if way == requestLoss && j.reached.IsZero() || way == replyLoss && j.echoed.IsZero() {
		return j.lostAsOne(ports, way)
	}
	var tried PortSet
	chances := make([]float64, 1<<16) // of each port that was tried
	for i, r := range j.rounds {
		loss, these := losses[i].share(way), j.tried(r, way).Intersect(ports)
		for port := range these.Minus(tried).All() {
			chances[port] = 1
		}
		for port := range these.All() {
			chances[port] *= loss
		}
		tried = tried.Union(these)
	}
	all := float64(j.all.Len())
	return PortSetOf(func(yield func(uint16) bool) {
		for port := range tried.All() {
			if chances[port]*all < chanceLimit && !yield(port) {
				return
			}
		}
	})
}

// lostAsOne judges ports of a path on which nothing came through.
func (j *judgement) lostAsOne(ports PortSet, way wayLost) PortSet {
	attempts := 0
	var tried PortSet
	for _, r := range j.rounds {
		these := r.tried(way).Intersect(ports)
		tried = tried.Union(these)
		attempts += these.Len()
	}
	if math.Pow(assumedLoss, float64(attempts)) >= chanceLimit {
		return PortSet{}
	}
	return tried
}

// tried is the set of the ports that a round tried: for the way back those whose requests arrived.
func (r judgedRound) tried(way wayLost) PortSet {
	if way == replyLoss {
		return r.arrived.Ports
	}
	return r.sent.Ports
}

// share is the upper limit of the loss of a round.
func (l RoundLoss) share(way wayLost) float64 {
	lost, n := l.RequestsLost, l.Requests
	if way == replyLoss {
		lost, n = l.RepliesLost, l.Replies
	}
	_, high := lossBounds(int(lost), int(n), boundWidth)
	return high
}
