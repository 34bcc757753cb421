package rtpprobe

import (
	"cmp"
	"slices"
)

// Join adds the ledger of a later window of the same sweep.
func (s *SweepSent) Join(next SweepSent) {
	if len(s.Rounds) == 0 && s.Ports.IsZero() {
		*s = next
		return
	}
	s.Ports, s.Unsent = s.Ports.Union(next.Ports), s.Unsent.Union(next.Unsent)
	offset := s.DurationMS
	s.Rounds = slices.Clone(s.Rounds)
	for _, r := range next.Rounds {
		r.StartMS += offset
		s.Rounds = append(s.Rounds, r)
	}
	s.Interruptions = slices.Clone(s.Interruptions)
	for _, i := range next.Interruptions {
		i.StartMS += offset
		s.Interruptions = append(s.Interruptions, i)
	}
	s.Packets, s.Echoes = s.Packets+next.Packets, s.Echoes+next.Echoes
	s.EchoesElsewhere, s.SendWaits = s.EchoesElsewhere+next.EchoesElsewhere, s.SendWaits+next.SendWaits
	s.Shifted, s.ICMP = joinShifts(s.Shifted, next.Shifted), joinICMP(s.ICMP, next.ICMP)
	s.Sources.join(next.Sources)
	s.LossAt, s.Errors = joinLoss(s.LossAt, next.LossAt), joinErrors(s.Errors, next.Errors)
	s.LocalDrops = addKnown(s.LocalDrops, next.LocalDrops)
	s.RoundTripMS = extreme(s.RoundTripMS, next.RoundTripMS, func(a, b float64) float64 { return min(a, b) })
	s.MaxRoundTripMS = extreme(s.MaxRoundTripMS, next.MaxRoundTripMS, func(a, b float64) float64 { return max(a, b) })
	s.LastEchoMS = cmp.Or(later(next.LastEchoMS, offset), s.LastEchoMS)
	s.StoppedMS = cmp.Or(s.StoppedMS, later(next.StoppedMS, offset))
	s.DurationMS += next.DurationMS
	s.End = worseEnd(s.End, next.End)
}

// Join adds the ledger of a later window of the same sweep. Windows are taken to follow each other at once.
func (a *SweepArrived) Join(next SweepArrived) {
	if a.Listened.IsZero() && len(a.Rounds) == 0 && a.InUse.IsZero() {
		*a = next
		return
	}
	a.Listened, a.InUse = a.Listened.Union(next.Listened), a.InUse.Union(next.InUse)
	a.NotPermitted, a.NoFiles = a.NotPermitted.Union(next.NotPermitted), a.NoFiles.Union(next.NoFiles)
	a.Rounds = slices.Concat(a.Rounds, next.Rounds)
	a.Packets, a.Foreign = a.Packets+next.Packets, a.Foreign+next.Foreign
	a.Echoes, a.Refused = a.Echoes+next.Echoes, a.Refused+next.Refused
	a.Errors, a.Unanswered = joinErrors(a.Errors, next.Errors), a.Unanswered.Union(next.Unanswered)
	a.Shifted = joinShifts(a.Shifted, next.Shifted)
	a.Sources.join(next.Sources)
	a.LocalDrops, a.DroppedOn = addKnown(a.LocalDrops, next.LocalDrops), a.DroppedOn.Union(next.DroppedOn)
	offset := 0.0
	if a.LastMS != nil {
		offset = *a.LastMS
	}
	a.FirstMS, a.LastMS = cmp.Or(a.FirstMS, later(next.FirstMS, offset)), cmp.Or(later(next.LastMS, offset), a.LastMS)
}

// addKnown is nil when either is unknown.
func addKnown(a, b *int64) *int64 {
	if a == nil || b == nil {
		return nil
	}
	return new(*a + *b)
}

// extreme is of those that are known.
func extreme(a, b *float64, of func(a, b float64) float64) *float64 {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return new(of(*a, *b))
}

func later(ms *float64, by float64) *float64 {
	if ms == nil {
		return nil
	}
	return new(*ms + by)
}

// worseEnd is the end that leaves more open.
func worseEnd(a, b SweepEnd) SweepEnd {
	order := []SweepEnd{SweepComplete, SweepDecided, SweepSilent, SweepExhausted, SweepFull, SweepStopped, SweepCancelled}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// joinLists is a with b, where add joins what is the same in both.
func joinLists[T any](a, b []T, same func(x, y T) bool, add func(to *T, x T)) []T {
	all := slices.Clone(a)
	for _, x := range b {
		if i := slices.IndexFunc(all, func(y T) bool { return same(x, y) }); i >= 0 {
			add(&all[i], x)
		} else {
			all = append(all, x)
		}
	}
	return all
}

func joinLoss(a, b []RateLoss) []RateLoss {
	earlier := slices.Clone(a)
	for i := range earlier {
		earlier[i].addLater(b)
	}
	all := joinLists(earlier, b, func(x, y RateLoss) bool { return x.RatePPS == y.RatePPS }, func(to *RateLoss, l RateLoss) {
		to.Sent, to.Lost, to.After = to.Sent+l.Sent, to.Lost+l.Lost, cmp.Or(to.After, l.After)
	})
	slices.SortFunc(all, func(x, y RateLoss) int { return cmp.Compare(x.RatePPS, y.RatePPS) })
	return all
}

// addLater adds what a later window says of slower paces, and of this one and faster ones, to what came after the loss of an
// earlier one.
func (l *RateLoss) addLater(later []RateLoss) {
	if l.After == nil {
		return
	}
	after := *l.After
	for _, o := range later {
		switch {
		case o.RatePPS <= slowerPace*l.RatePPS:
			after.SlowerSent, after.SlowerLost = after.SlowerSent+o.Sent, after.SlowerLost+o.Lost
		case o.RatePPS >= l.RatePPS:
			after.AgainSent, after.AgainLost = after.AgainSent+o.Sent, after.AgainLost+o.Lost
		}
	}
	l.After = &after
}

func joinErrors(a, b []ErrorCount) []ErrorCount {
	return joinLists(a, b, func(x, y ErrorCount) bool { return x.Kind == y.Kind },
		func(to *ErrorCount, e ErrorCount) { to.Count += e.Count })
}
