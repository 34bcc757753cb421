package diagnosis

import (
	"time"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// A witness is what else went the same way while all copies of lost messages left. It
// tells what swallows one kind of message from a path that was down for a moment, which
// swallows everything.
type witness int

const (
	// noWitness: nothing else left meanwhile of which it is known when it arrived.
	noWitness witness = iota
	// sawPassage: something arrived meanwhile.
	sawPassage
	// sawGap: what arrives at other times was lost again and again or held up as well.
	sawGap
)

// longestWay is how long a message may take on a path that is not down. What a
// connection delivers later was sent again.
const longestWay = time.Second

// meanwhile looks at the time from the first copy of the lost messages, all of one kind, to
// the last. A path that was down for all of it let nothing through. What is missing from
// a connection that has lived on was taken out of it.
func (v *view) meanwhile(d scenarios.Direction, lost []passage) witness {
	from, to := lost[0].Sent.Time, lost[0].Last
	for _, p := range lost {
		if v.livedOn(p) {
			return sawPassage
		}
		if p.Sent.Time.Before(from) {
			from = p.Sent.Time
		}
		if p.Last.After(to) {
			to = p.Last
		}
	}
	during := func(t time.Time) bool { return !t.Before(from) && !t.After(to) }
	out := noWitness
	for _, p := range v.passed(d, func(p passage) bool { return during(p.Sent.Time) && p.kind() != lost[0].kind() }) {
		at, known := v.arrivedAt(p)
		switch {
		case known && during(at):
			return sawPassage
		case known && at.Sub(p.Sent.Time) > longestWay, len(p.Arrivals) == 0 && p.Copies > 1 && v.passesElse(p):
			out = sawGap
		}
	}
	return out
}

// arrivedAt is when a message arrived, by the clock of the end that sent it; false where
// that is not known.
func (v *view) arrivedAt(p passage) (time.Time, bool) {
	if len(p.Arrivals) == 0 {
		return time.Time{}, false
	}
	ahead, ok := v.offset(p.Sent.Time)
	switch at := p.Arrivals[0].Received.Time; {
	case ok && p.Direction == scenarios.Inbound:
		return at.Add(-milliseconds(ahead.ms)), true
	case ok:
		return at.Add(milliseconds(ahead.ms)), true
	}
	// A datagram that was sent once crossed there and then, or never.
	return p.Sent.Time, p.Copies == 1 && p.Sent.Transport == sipprobe.UDP
}

// passesElse reports whether a message of the same kind arrives at other times.
func (v *view) passesElse(p passage) bool {
	return len(v.passed(p.Direction, func(o passage) bool {
		return o.kind() == p.kind() && o.Sent.Transport == p.Sent.Transport && o.aside == p.aside && len(o.Arrivals) > 0
	})) > 0
}
