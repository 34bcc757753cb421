package rtpprobe

import (
	"strings"
	"time"
)

// A Gap is a silence that a stream does not send.
type Gap struct {
	// At is when it begins after the first packet was due, and For how long it lasts; 0 is no gap.
	At, For time.Duration
	// Noise sends a packet of comfort noise when it begins and every 400 ms (RFC 3389).
	Noise bool
}

// Digits are telephone events that a stream sends in place of audio, one every 240 ms (RFC 4733).
type Digits struct {
	// Text holds digits of 0-9 * # A-D, empty is none.
	Text string
	// At is when the first one begins after the first packet was due.
	At time.Duration
}

// noiseEvery is the time between packets of comfort noise.
const noiseEvery = 400 * time.Millisecond

// A slot is what is sent in one packet time.
type slot uint8

const (
	audioSlot slot = iota
	eventSlot
	noiseSlot
	emptySlot
)

// A script says what each packet time of a stream is for. They are counted from the first one that was due.
type script struct {
	digits          string
	digitsAt        int
	perDigit, steps int // packet times
	gapFrom, gapTo  int
	noise           bool
	noiseEach       int
}

func newScript(cfg StreamConfig) script {
	n := func(d time.Duration) int { return int(d / cfg.Ptime) }
	s := script{digits: cfg.Digits.Text, digitsAt: n(cfg.Digits.At), perDigit: max(n(digitTime), 1), steps: max(n(digitLength), 1)}
	s.gapFrom, s.gapTo = n(cfg.Gap.At), n(cfg.Gap.At)+n(cfg.Gap.For)
	s.noise, s.noiseEach = cfg.Gap.Noise, max(n(noiseEvery), 1)
	s.perDigit = max(s.perDigit, s.steps+endPackets-1)
	return s
}

// at says what the packet time of that number is for; the step is set for events.
func (s script) at(index int) (slot, eventStep) {
	if i := index - s.digitsAt; i >= 0 && i < len(s.digits)*s.perDigit {
		if step := i % s.perDigit; step < s.steps+endPackets-1 {
			code := strings.IndexByte(eventDigits, s.digits[i/s.perDigit])
			return eventSlot, eventStep{digit: byte(code), step: step, steps: s.steps}
		}
	}
	if index < s.gapFrom || index >= s.gapTo {
		return audioSlot, eventStep{}
	}
	if s.noise && (index-s.gapFrom)%s.noiseEach == 0 {
		return noiseSlot, eventStep{}
	}
	return emptySlot, eventStep{}
}

// spurt reports whether audio begins anew with this packet, after a silence that was not sent.
func (s script) spurt(index int) bool { return index == s.gapTo && s.gapTo > s.gapFrom }
