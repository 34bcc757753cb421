package diagnosis

import (
	"fmt"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// minBreakMs is from how much audio that is lost in one piece on it is said that the line was interrupted:
// jitter, and a full line, lose less at once.
const minBreakMs = 300

// lostInARow is the longest run of lost packets: of those between packets that arrived, and of those at the
// beginning that an interruption took; 0 when unknown.
func (l leg) lostInARow() int64 {
	if l.state != alive {
		return 0
	}
	n := max(l.receiver.Media.Received.LongestLossRun, 0)
	if l.begunBroken {
		n = max(n, l.clipped())
	}
	return n
}

// hole is the same in milliseconds of audio.
func (l leg) hole() float64 {
	if l.state != alive {
		return 0
	}
	return float64(l.lostInARow()) * l.sender.Media.PtimeMS
}

// beginBroken takes back that nothing got in while the receiver only listened, where the first packets that it sent
// then were lost as well: the line was interrupted. A site that lets in answers alone lets out what opens it. A
// receiver that learns only by what it hears where to send, or whether it may, lacks its own first packets otherwise.
func (l *leg) beginBroken(other leg) {
	if l.state != alive || !l.shutOut() || other.clipped() < minPackets || other.errors > 0 {
		return
	}
	sent := l.receiver.Media.Sent
	l.begunBroken = len(sent.Destinations) == 1 && len(sent.RefusedDestinations) == 0
}

// interrupt takes back that a direction is dead where in the other direction as much was lost in one piece, and
// audio went on after it: for that time the line carried nothing either way, and nobody knows what it does
// otherwise. Short calls meet that, as where Wi-Fi changes its access point.
func (l *leg) interrupt(other leg) {
	if l.state != dead || other.state != alive || l.sent < enoughToTell {
		return
	}
	missing := float64(l.sent-l.received) * l.sender.Media.PtimeMS
	if hole := other.hole(); hole >= minBreakMs && hole >= sameTime*missing {
		l.state, l.brokenMs = unknown, hole
	}
}

// What tells that the line was interrupted when a call was over. Audio that is missing for longer than links are
// interrupted for is missing for another reason.
const (
	slowByeMs  = 1000
	maxBreakMs = 3000
)

// byeTook is how long the answer to the BYE took, in milliseconds; 0 when unknown.
func byeTook(end *evidence.CallEnd) float64 {
	if end == nil {
		return 0
	}
	var sent time.Time
	for _, e := range end.Events {
		switch {
		case e.Sent && e.What == "BYE" && sent.IsZero():
			sent = e.Time
		case !e.Sent && e.What == "200" && !sent.IsZero():
			return float64(e.Time.Sub(sent).Microseconds()) / 1000
		}
	}
	return 0
}

// byeDelayed is how long the BYE of a call took where the line was interrupted meanwhile, in milliseconds, else 0:
// over UDP some of its copies, or of its answers, were lost before one arrived. A connection hides what was lost,
// and only takes its time.
func (v *view) byeDelayed(c call) float64 {
	took := max(byeTook(c.facts.Client), byeTook(c.facts.Responder))
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, p := range append(v.messages(c, d, "BYE"), v.messages(c, d, "200 to BYE")...) {
			lost := len(p.Arrivals) > 0 && p.Arrived() < p.Copies
			if lost || p.Sent.Transport.Reliable() && took >= slowByeMs {
				return took
			}
		}
	}
	return 0
}

// endBroken takes back that directions of a short call are dead, where the line was interrupted when it was over
// and may have been so for all the time that they lack.
func (v *view) endBroken(c *call) {
	for _, l := range []*leg{&c.in, &c.out} {
		if l.state != dead || l.sent < enoughToTell || float64(l.sent-l.received)*l.sender.Media.PtimeMS > maxBreakMs {
			continue
		}
		if took := v.byeDelayed(*c); took > 0 {
			l.state, l.slowByeMs = unknown, took
		}
	}
}

// sameTime is which share of a time another one must be to be the same, by counts of packets.
const sameTime = 0.9

// brokenWords says that most of what is missing was lost in one piece, empty when it was not.
func (l leg) brokenWords() string {
	last, _ := l.stop()
	run, lost := max(l.lostInARow(), last.missed), l.sent-l.received-l.spurned()
	long := float64(run) * l.sender.Media.PtimeMS
	if long < minBreakMs || l.missedHere()+l.errors > 0 || float64(run) < sameTime*float64(lost) {
		return ""
	}
	return fmt.Sprintf("; %d of them were one piece of %s, as when a line is interrupted and not when it is full", run, millis(long))
}
