package diagnosis

import (
	"slices"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// Load is what holding many calls at once has shown.
type Load struct {
	// Calls were wanted, Placed were tried, SetUp were set up as both ends saw it; SetUp
	// is null when a record is missing.
	Calls, Placed int
	SetUp         *int
	// Together is the most that were up in one second, at the end that placed them.
	Together int
	// FirstNotSetUp is the number of the first call that was not set up; null when all were.
	FirstNotSetUp *int
	// SetupMs and SetupP95Ms are the median and the 95th percentile of the time from the
	// INVITE to its final answer; null when nothing was answered.
	SetupMs, SetupP95Ms *float64
	Inbound, Outbound   *LoadWay
}

// LoadWay is one direction of the audio of many calls; null where a record is missing.
type LoadWay struct {
	// Alive carried audio, Poor of them with more loss than the test allows or without the
	// tone, Dead none. Calls that were not set up are none of these.
	Alive, Poor, Dead int
	// FirstPoor and FirstDead are the numbers of the first ones; null without any.
	FirstPoor, FirstDead         *int
	SentPackets, ReceivedPackets int64
	LostPercent                  *float64
	// JitterMs is that of the 95th of a hundred calls.
	JitterMs *float64
	// PeakPPS is the most that was sent in one second, PeakKbps the same with the headers of
	// UDP and IP.
	PeakPPS  int64
	PeakKbps float64
	// OnsetCalls is how many calls were up, and OnsetPPS what they sent, in the first
	// second from which on the receiver missed more than the test allows; null when
	// there is none.
	OnsetCalls *int
	OnsetPPS   *int64
	// LatenessP99Ms is what one in a hundred packets was later than when it left; null
	// when nothing was sent. Jitter up to that is the sender's own.
	LatenessP99Ms *float64
	// BufferDropPackets arrived at the receiving machine, and its sockets had no room for
	// them; null where its system does not tell. SendErrorPackets are those that the
	// sending machine did not take.
	BufferDropPackets *int64
	SendErrorPackets  int64
}

// A load is one check of many calls.
type load struct {
	check              *evidence.Check
	facts              *evidence.LoadFacts
	client, responder  map[int]*evidence.LoadCall
	caller             *evidence.LoadEnd
	callers, calledOne map[int]*evidence.LoadCall
	headerBytes        float64
}

func newLoad(ev *evidence.Evidence, c *evidence.Check) load {
	f := c.LoadFacts
	l := load{check: c, facts: f, client: byNumber(f.Client), responder: byNumber(f.Responder), headerBytes: 28}
	if ev.Run.Address.Is6() && !ev.Run.Address.Is4In6() {
		l.headerBytes = 48
	}
	l.caller, l.callers, l.calledOne = f.Client, l.client, l.responder
	if c.Direction == scenarios.Outbound {
		l.caller, l.callers, l.calledOne = f.Responder, l.responder, l.client
	}
	return l
}

func byNumber(end *evidence.LoadEnd) map[int]*evidence.LoadCall {
	out := make(map[int]*evidence.LoadCall)
	if end != nil {
		for i := range end.Calls {
			out[end.Calls[i].Number] = &end.Calls[i]
		}
	}
	return out
}

// complete reports whether both ends' records are there.
func (l load) complete() bool { return l.facts.Client != nil && l.facts.Responder != nil }

// established reports whether both ends saw a call set up.
func (l load) established(number int) bool {
	a, b := l.callers[number], l.calledOne[number]
	return a != nil && b != nil && a.Established && b.Established
}

// measured is what the test has shown, in numbers.
func (l load) measured() *Load {
	out := &Load{Calls: l.check.Load.Calls, Placed: len(l.callers)}
	if l.caller == nil {
		return out
	}
	for _, s := range l.caller.Seconds {
		out.Together = max(out.Together, s.Calls)
	}
	var setup []float64
	for _, c := range l.caller.Calls {
		if c.SetupMs != nil && c.Established {
			setup = append(setup, *c.SetupMs)
		}
	}
	out.SetupMs, out.SetupP95Ms = quantile(setup, 0.5), quantile(setup, 0.95)
	if !l.complete() {
		return out
	}
	n := 0
	for _, c := range l.caller.Calls {
		switch {
		case l.established(c.Number):
			n++
		case out.FirstNotSetUp == nil:
			out.FirstNotSetUp = new(c.Number)
		}
	}
	out.SetUp = &n
	out.Inbound = l.way(l.facts.Client, l.facts.Responder, l.client, l.responder)
	out.Outbound = l.way(l.facts.Responder, l.facts.Client, l.responder, l.client)
	return out
}

// way is one direction, from one end to the other.
func (l load) way(from, to *evidence.LoadEnd, sent, received map[int]*evidence.LoadCall) *LoadWay {
	w := &LoadWay{}
	var jitter []float64
	var bytes int64
	for _, c := range from.Calls {
		r := received[c.Number]
		if r == nil || !l.established(c.Number) {
			continue
		}
		w.count(l, sent[c.Number], r)
		bytes += c.SentBytes
		if r.JitterMs != nil {
			jitter = append(jitter, *r.JitterMs)
		}
	}
	w.JitterMs = quantile(jitter, 0.95)
	if w.SentPackets > 0 {
		w.LostPercent = new(100 * float64(max(w.SentPackets-w.ReceivedPackets, 0)) / float64(w.SentPackets))
		for _, s := range from.Seconds {
			w.PeakPPS = max(w.PeakPPS, s.SentPackets)
		}
		w.PeakKbps = float64(w.PeakPPS) * (float64(bytes)/float64(w.SentPackets) + l.headerBytes) * 8 / 1000
	}
	if w.Poor > 0 {
		w.onset(to.Seconds, l.check.Load.Call.MaxLossPercent)
	}
	if late := from.Lateness; late != nil {
		w.LatenessP99Ms = new(late.P99 / 1000)
	}
	return w
}

// count adds one call.
func (w *LoadWay) count(l load, sent, received *evidence.LoadCall) {
	w.SentPackets += max(sent.SentPackets, 0)
	w.ReceivedPackets += max(received.ReceivedPackets, 0)
	w.SendErrorPackets += max(sent.SendErrors, 0)
	if received.BufferDrops != nil {
		if w.BufferDropPackets == nil {
			w.BufferDropPackets = new(int64)
		}
		*w.BufferDropPackets += max(*received.BufferDrops, 0)
	}
	number := received.Number
	switch {
	case sent.SentPackets < enoughToTell && received.ReceivedPackets < minPackets:
	case received.ReceivedPackets < minPackets || received.ReceivedPackets*minShare < sent.SentPackets:
		w.Dead++
		if w.FirstDead == nil {
			w.FirstDead = &number
		}
	case l.poor(sent, received):
		w.Alive++
		w.Poor++
		if w.FirstPoor == nil {
			w.FirstPoor = &number
		}
	default:
		w.Alive++
	}
}

// packetMs is what a packet of a load holds.
const packetMs = 20

// poor reports whether more was lost of a call than the test allows, or the tone of the
// other end was not heard in what arrived.
func (l load) poor(sent, received *evidence.LoadCall) bool {
	lost := float64(sent.SentPackets - received.ReceivedPackets)
	return 100*lost > l.check.Load.Call.MaxLossPercent*float64(sent.SentPackets) ||
		10*received.ToneHeardMs < float64(received.ReceivedPackets*packetMs)
}

// onset finds the first of two seconds in a row in which the receiver missed more than
// the test allows, unless most seconds with as many calls went well: then it was no limit,
// but a moment in which the path lost something.
func (w *LoadWay) onset(seconds []evidence.LoadSecond, maxPercent float64) {
	bad := func(s evidence.LoadSecond) bool {
		return 100*float64(s.LostPackets) > maxPercent*float64(s.ReceivedPackets+s.LostPackets)
	}
	for i := 0; i+1 < len(seconds); i++ {
		if s := seconds[i]; bad(s) && bad(seconds[i+1]) && mostly(seconds, s.Calls, bad) {
			w.OnsetCalls, w.OnsetPPS = &s.Calls, new(s.ReceivedPackets+s.LostPackets)
			return
		}
	}
}

// mostly reports whether something is true of at least half of the seconds with so many
// calls or more.
func mostly(seconds []evidence.LoadSecond, calls int, is func(evidence.LoadSecond) bool) bool {
	yes, all := 0, 0
	for _, s := range seconds {
		if s.Calls < calls {
			continue
		}
		if all++; is(s) {
			yes++
		}
	}
	return 2*yes >= all
}

// quantile is null without values.
func quantile(values []float64, q float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	return new(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)])
}
