package rtpprobe

import "time"

// A transit collects the arrivals of one SSRC, each less what its timestamp is ahead of
// the first one. The zero value awaits the first packet.
type transit struct {
	packets       int64
	timestamp     uint32
	first         time.Time
	min, max, sum time.Duration // since first
}

// add takes a timestamp in units of a clock in Hz.
func (t *transit) add(timestamp uint32, clock int, arrived time.Time) {
	if t.packets == 0 {
		t.timestamp, t.first = timestamp, arrived
	}
	ahead := time.Duration(int32(timestamp-t.timestamp)) * time.Second / time.Duration(clock)
	d := arrived.Sub(t.first) - ahead
	if t.packets == 0 {
		t.min, t.max = d, d
	}
	t.min, t.max, t.sum = min(t.min, d), max(t.max, d), t.sum+d
	t.packets++
}

// result is the account since opened, nil without packets.
func (t *transit) result(ssrc uint32, opened time.Time) *Transit {
	if t.packets == 0 {
		return nil
	}
	base := t.first.Sub(opened)
	return &Transit{
		SSRC: ssrc, Timestamp: t.timestamp,
		MinMS: millis(base + t.min), MaxMS: millis(base + t.max), MeanMS: millis(base + t.sum/time.Duration(t.packets)),
	}
}
