package diagnosis

import (
	"math"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// maxDrift is how much two clocks may go apart: 100 ms in a thousand seconds, as cheap
// oscillators do at worst.
const maxDrift = 1e-4

// A delay is the mean time of a direction's packets on the way, and by how much it may be
// wrong, in milliseconds.
type delay struct{ ms, errorMs float64 }

// delay is nil where the two clocks could not be compared, or were set meanwhile.
func (v *view) delay(l leg) *delay {
	if l.state != alive {
		return nil
	}
	sent, in := l.sender.Media.Sent.Clock, l.receiver.Media.Received.Transit
	if sent == nil || in == nil || in.SSRC != l.sender.Media.SSRC {
		return nil
	}
	later := float64(int32(sent.Timestamp-in.Timestamp)) * 1000 / float64(l.sender.Media.Codec.Clock())
	arrived := l.receiver.Media.Opened.Add(milliseconds(in.MeanMS + later))
	took := evidence.Millis(arrived.Sub(l.sender.Media.Opened.Add(milliseconds(sent.AtMS))))
	client, ahead := l.sender, -1.
	if l.direction == scenarios.Outbound {
		client, ahead = l.receiver, 1
	}
	offset, ok := v.offset(client.Media.Opened)
	if !ok {
		return nil
	}
	took += ahead * offset.ms
	offset.errorMs += l.lateMs()
	if took+offset.errorMs < 0 || math.Abs(took) > maxDelayMs || !(offset.errorMs >= 0 && offset.errorMs <= maxDelayMs) {
		return nil // some clock was set
	}
	return &delay{max(took, 0), offset.errorMs}
}

// lateMs is how much later than they were due the sender's own machine sent all but one
// in a hundred of its packets, and the rest on average: that is not the path's.
func (l leg) lateMs() float64 {
	late := l.sender.Media.Sent.Lateness
	if late == nil {
		return 0
	}
	return (max(late.P99, 0) + max(late.Max, 0)/100) / 1000
}

// maxDelayMs is where a delay is no delay of a network any more.
const maxDelayMs = 60_000

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// offset is by how much the responder's clock was ahead of the client's, at a time of the
// client's.
// Samples that contradict each other, whatever the drift, show that a clock was set.
func (v *view) offset(at time.Time) (delay, bool) {
	best, ok := delay{errorMs: math.Inf(1)}, false
	for i, s := range v.Clocks {
		for _, other := range v.Clocks[:i] {
			if math.Abs(s.OffsetMs-other.OffsetMs) > s.ErrorMs+other.ErrorMs+drift(s.At, other.At) {
				return delay{}, false
			}
		}
		if wrong := s.ErrorMs + drift(s.At, at); wrong < best.errorMs {
			best, ok = delay{s.OffsetMs, wrong}, true
		}
	}
	return best, ok
}

// drift is how far two clocks may have gone apart between two times, in milliseconds.
func drift(a, b time.Time) float64 { return maxDrift * float64(a.Sub(b).Abs().Milliseconds()) }
