package diagnosis

import (
	"cmp"
	"fmt"
	"slices"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// A Timeline is a call second by second, since the end that called opened its media.
type Timeline struct {
	// Inbound and Outbound are the seconds of each direction.
	Inbound, Outbound []Second
	// Events are what happened, in order: messages, and what the sides did.
	Events []TimelineEvent
}

// A Second of one direction: packets that left one end and that arrived at the other.
type Second struct{ Sent, Received int64 }

// A TimelineEvent is something that happened in a call.
type TimelineEvent struct {
	AtMs float64
	// End is the side that noted it.
	End scenarios.Side
	// Message is the SIP message, ">INVITE" sent and "<200" received; empty for a move.
	Message string
	// Move says what a side did in the call; empty for a message.
	Move string
}

// timeline is that of a call in which more happened than talk, or whose audio stopped;
// nil for others, and where an end's record is missing.
func (c call) timeline() *Timeline {
	caller, called := c.caller(), c.called()
	if caller == nil || called == nil || caller.Media == nil || called.Media == nil || !c.eventful() {
		return nil
	}
	// The two clocks meet at the answer: half a round trip is nothing here.
	shift := answeredAt(caller) - answeredAt(called)
	at := func(end *evidence.CallEnd) float64 {
		if end == called {
			return shift
		}
		return 0
	}
	out := &Timeline{}
	for _, l := range c.legs() {
		row := &out.Inbound
		if l.direction == scenarios.Outbound {
			row = &out.Outbound
		}
		spread(row, l.sender, at(l.sender), func(to *Second, s rtpprobe.Step) { to.Sent += s.Sent })
		spread(row, l.receiver, at(l.receiver), func(to *Second, s rtpprobe.Step) { to.Received += s.Received })
	}
	if len(out.Inbound)+len(out.Outbound) == 0 {
		return nil // of a version that did not count by seconds
	}
	for _, side := range []scenarios.Side{scenarios.ClientSide, scenarios.ResponderSide} {
		out.note(side, c.end(side), at(c.end(side)))
	}
	slices.SortStableFunc(out.Events, func(a, b TimelineEvent) int { return cmp.Compare(a.AtMs, b.AtMs) })
	return out
}

// eventful reports whether a timeline tells more than that audio flowed.
func (c call) eventful() bool {
	for _, l := range c.legs() {
		if _, stopped := l.stop(); stopped {
			return true
		}
	}
	for _, end := range c.facts.Ends() {
		for _, m := range end.Moments {
			if m.What != evidence.AnswerMoment && m.What != evidence.OverMoment {
				return true
			}
		}
	}
	return false
}

// maxTimeline bounds the seconds of a timeline.
const maxTimeline = 1800

// spread adds the seconds of an end's streams.
func spread(row *[]Second, end *evidence.CallEnd, shift float64, add func(*Second, rtpprobe.Step)) {
	for _, s := range end.Streams() {
		offset := shift + float64(s.Opened.Sub(end.Opened()).Milliseconds())
		for i, step := range s.Steps {
			n := int(float64(i) + (offset+500)/1000)
			if n < 0 || n >= maxTimeline {
				continue
			}
			for len(*row) <= n {
				*row = append(*row, Second{})
			}
			add(&(*row)[n], step)
		}
	}
}

// note adds what one end noted.
func (t *Timeline) note(side scenarios.Side, end *evidence.CallEnd, shift float64) {
	for _, e := range end.Events {
		arrow := "<"
		if e.Sent {
			arrow = ">"
		}
		ms := float64(e.Time.Sub(end.Opened()).Microseconds())/1000 + shift
		t.Events = append(t.Events, TimelineEvent{AtMs: ms, End: side, Message: arrow + e.What})
	}
	for _, m := range end.Moments {
		if m.What == evidence.AnswerMoment || m.What == evidence.OverMoment || m.By != "" && m.By != side {
			continue
		}
		what := movedBy(m)
		if !m.Took() {
			what += fmt.Sprintf(" (%s)", untaken(m))
		}
		t.Events = append(t.Events, TimelineEvent{AtMs: m.AtMs - m.TookMs + shift, End: side, Move: what})
	}
}

func untaken(m evidence.Moment) string {
	if m.Status != 0 {
		return fmt.Sprintf("answered %d", m.Status)
	}
	return "no answer"
}
