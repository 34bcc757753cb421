package diagnosis

import (
	"fmt"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// firstPacket is how long after the answer the first packet of a direction arrived, in milliseconds, without the
// time for which its sender held back on purpose, or had not heard the answer; null when unknown.
func (l leg) firstPacket() *float64 {
	if l.state != alive || l.receiver.FirstPacketMs == nil {
		return nil
	}
	ms := *l.receiver.FirstPacketMs - repeatedMs(l.receiver)
	if l.sender.Cold != nil {
		heard, _ := acknowledgedMs(l.sender) // one that is to listen first listens from the ACK on
		ms -= l.sender.Cold.WaitedMs + heard
	}
	return new(max(ms, 0))
}

// repeatedMs is how long after its first answer an end that was called saw the ACK, in milliseconds, where it had sent
// its answer again; else 0. Nobody speaks before the answer has come, and one that is lost, or comes to a machine that
// stands still, is no audio that is held back.
func repeatedMs(end *evidence.CallEnd) float64 {
	if ms, answers := acknowledgedMs(end); answers > 1 {
		return ms
	}
	return 0
}

// acknowledgedMs is how long after its answer an end that was called saw the ACK, in milliseconds, and how often it had
// answered by then; 0 when unknown.
func acknowledgedMs(end *evidence.CallEnd) (ms float64, answers int) {
	var answered time.Time
	for _, e := range end.Events {
		switch {
		case e.Sent && e.What == "200":
			if answers++; answered.IsZero() {
				answered = e.Time
			}
		case !e.Sent && e.What == "ACK" && answers > 0:
			return float64(e.Time.Sub(answered).Microseconds()) / 1000, answers
		}
	}
	return 0, 0
}

// clipped counts the packets at the beginning that did not arrive, 0 when unknown. Its arithmetic is modulo 2^16.
func (l leg) clipped() int64 {
	if l.state != alive || l.receiver.Media.Received.FirstSequence == nil {
		return 0
	}
	n := int64(*l.receiver.Media.Received.FirstSequence - l.sender.Media.Sent.FirstSequence)
	if n > l.sent {
		return 0
	}
	return n
}

// worstMs is how late the sender's own machine sent the packet that it sent latest: it may have been the first.
func (l leg) worstMs() float64 {
	if late := l.sender.Media.Sent.Lateness; late != nil {
		return max(late.Max, 0) / 1000
	}
	return 0
}

// late reports whether the first packet of a direction came later than the scenario allows, and not because
// its sender's own machine stood still.
func (c call) late(l leg) bool {
	ms := l.firstPacket()
	return c.check.Call != nil && c.check.Call.MaxFirstPacketMs > 0 && ms != nil && *ms-l.worstMs() > float64(c.check.Call.MaxFirstPacketMs)
}

// lateWords says when the first packet came.
func (c call) lateWords(l leg) string {
	return fmt.Sprintf("%s hears nothing in the first %s after the answer (at most %s)",
		hears(l.direction), millis(*l.firstPacket()), millis(float64(c.check.Call.MaxFirstPacketMs)))
}

// startsLate: a direction carries audio, and its first packet came later than the scenario allows.
func startsLate(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: values{"who": hears(d), "way": way(d)}}
		for _, c := range v.established() {
			l := c.leg(d)
			if !c.late(l) {
				continue
			}
			sender, receiver := l.ends()
			ms := millis(*l.firstPacket())
			a := account{check: c.check.ID, short: ms}
			a.long = fmt.Sprintf("the first packet reached the %s %s after the answer, the scenario allows %s", receiver, ms, millis(float64(c.check.Call.MaxFirstPacketMs)))
			if n := l.clipped(); n > 0 {
				a.long += fmt.Sprintf("; the first %s of the %s, %s of audio, did not arrive", count(n, "packet"), sender, millis(float64(n)*l.sender.Media.PtimeMS))
			}
			f.tell(a)
		}
		out = append(out, f.found()...)
	}
	return out
}
