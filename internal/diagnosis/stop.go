package diagnosis

import (
	"fmt"
	"math"
	"slices"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// minStopMs is how much audio must be missing at the end, and how long its receiver
// must have listened to nothing, before audio is said to have stopped.
const minStopMs = 2000

// A stop is where audio that had flowed ended, while its sender went on and its
// receiver listened.
type stop struct {
	// afterMs is the audio before it, missedMs what was sent after it, listenedMs how
	// long the receiver waited for it.
	afterMs, missedMs, listenedMs float64
	missed                        int64 // packets
	// after is what happened in the call before it, nil when nothing did: sinceMs is how
	// long before, flowed what had arrived until then.
	after   *evidence.Moment
	sinceMs float64
	flowed  int64
	got     int64 // of those sent since
}

// stop compares the number of the last packet that arrived with how many were sent.
// Its arithmetic, modulo 2^16, is good for 21 minutes of audio.
func (l leg) stop() (stop, bool) {
	if l.state != alive || l.errors > 0 {
		return stop{}, false
	}
	if all := l.phases(); all != nil {
		return l.stoppedIn(all)
	}
	if len(l.sender.MoreMedia)+len(l.receiver.MoreMedia) > 0 {
		return stop{}, false // numbers of several streams
	}
	m, r := l.sender.Media, l.receiver.Media
	if r.Received.LastSequence == nil || r.Received.LastMS == nil || m.PtimeMS <= 0 {
		return stop{}, false
	}
	arrived := int64(*r.Received.LastSequence-m.Sent.FirstSequence) + 1
	s := stop{
		afterMs: float64(arrived) * m.PtimeMS, missedMs: float64(l.sent-arrived) * m.PtimeMS,
		listenedMs: r.OpenMS - *r.Received.LastMS, missed: l.sent - arrived,
	}
	return s, s.missedMs >= minStopMs && s.listenedMs >= minStopMs
}

// atPause reports whether the audio stopped where both sides fell silent for a while.
func (c call) atPause(l leg, s stop) bool {
	if c.check.Call == nil || c.check.Call.PauseMs == 0 {
		return false
	}
	half := float64(c.check.Call.TalkMs) / 2
	if l.sender.Lead != nil {
		half += l.sender.Lead.LastedMs
	}
	return s.afterMs > half-minStopMs/2 && s.afterMs < half+minStopMs/2
}

// when says after what the audio stopped.
func (c call) when(l leg, s stop) string {
	if c.atPause(l, s) {
		return fmt.Sprintf("after a pause of %s", span(float64(c.check.Call.PauseMs)))
	}
	if s.after != nil {
		return s.afterMove()
	}
	return fmt.Sprintf("after %s of audio", millis(s.afterMs))
}

// moment is after what happened in the call the audio stopped, empty where nothing did.
func (c call) moment(l leg, s stop) string {
	if s.after == nil && !c.atPause(l, s) {
		return ""
	}
	return c.when(l, s)
}

// shortestOwnMemory is the shortest pause, in milliseconds, after which the client's own NAT may
// have forgotten a call: networks of mobile phones do so after half a minute or less.
const shortestOwnMemory = 15_000

// ownNATMayForget reports whether the client's own NAT may be what kept the site's audio from the
// client after a pause in which nothing passed either way.
func (v *view) ownNATMayForget(c call, l leg, s stop) bool {
	return l.direction == scenarios.Outbound && v.behindOwnNAT() && c.atPause(l, s) && c.check.Call.PauseMs >= shortestOwnMemory
}

// judgeStops reports whether audio flowed to the end in both directions.
func (v *view) judgeStops(out *CheckVerdict, c call) bool {
	for _, l := range c.legs() {
		if s, stopped := l.stop(); stopped && v.ownNATMayForget(c, l, s) {
			if out.Verdict != Fail {
				out.Verdict = Inconclusive
			}
			out.Summary = joined(out.Summary, fmt.Sprintf("%s hears nothing any more %s; the client is behind a NAT of its own, which may be what forgot the call",
				hears(l.direction), c.when(l, s)))
		} else if stopped {
			out.Verdict = Fail
			out.Summary = joined(out.Summary, fmt.Sprintf("%s hears nothing any more %s (the last %s did not arrive)",
				hears(l.direction), c.when(l, s), count(s.missed, "packet")))
		}
	}
	return out.Verdict != Fail && out.Verdict != Inconclusive
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// togetherMs is within how long two directions stop at the same time.
const togetherMs = 500

// bothStop says that the other direction stopped at the same time, empty when it did not.
func (c call) bothStop(d scenarios.Direction, s stop) string {
	other, stopped := c.leg(opposite(d)).stop()
	if !stopped || math.Abs(other.listenedMs-s.listenedMs) > togetherMs {
		return ""
	}
	return "; the audio the other way stopped at the same time, as when the line is interrupted"
}

// audioStops: a direction carried audio and then none, while its sender went on.
func audioStops(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: values{"who": hears(d)}}
		var moments []string
		for _, c := range v.established() {
			l := c.leg(d)
			s, stopped := l.stop()
			if !stopped || v.ownNATMayForget(c, l, s) {
				continue
			}
			_, receiver := l.ends()
			moments = append(moments, c.moment(l, s))
			if s.after != nil {
				f.tell(account{c.check.ID, "move", fmt.Sprintf("%s; until then %s arrived at the %s; %s it received %d of %d, and listened to nothing for %s",
					l.story(), count(s.flowed, "packet"), receiver, c.when(l, s), s.got, s.got+s.missed, millis(s.listenedMs)), c.when(l, s)})
				continue
			}
			f.tell(account{c.check.ID, "", fmt.Sprintf("%s; %s the %s received none of the last %s, and listened for %s more%s%s",
				l.story(), c.when(l, s), receiver, count(s.missed, "packet"), millis(s.listenedMs), c.bothStop(d, s), c.leftBehind(d)), c.when(l, s)})
		}
		if same := slices.Compact(moments); len(same) == 1 {
			f.values["when"] = same[0]
		}
		out = append(out, f.found()...)
	}
	return out
}
