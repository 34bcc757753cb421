package rtpprobe

import "math"

// blockSamples is the longest block that is judged at once: 20 ms, which tells tones 50 Hz apart.
const blockSamples = clockRate / 50

// silenceRMS is the level under which audio counts as silence: about -53 dBm0.
const silenceRMS = 50

// toneShare is the share of a block's energy that a tone must hold to be heard. Noise gives each
// frequency about 1 %, an echo as loud as the tone leaves it 50 %.
const toneShare = 0.4

// A detector sorts received audio into wanted tone, own tone, silence and other, by the Goertzel algorithm.
// Each packet is judged for itself, in equal blocks of at most 20 ms: loss and reordering cannot disturb it.
type detector struct {
	want, own              goertzel
	heard, ownHeard, quiet int // samples
	other                  int
}

func newDetector(want, own Tone) detector {
	return detector{want: newGoertzel(want), own: newGoertzel(own)}
}

// hear judges the payload of one packet.
func (d *detector) hear(codec Codec, payload []byte) {
	blocks := (len(payload) + blockSamples - 1) / blockSamples
	for ; blocks > 0; blocks-- {
		n := len(payload) / blocks
		*d.judge(codec.table(), payload[:n]) += n
		payload = payload[n:]
	}
}

// judge returns the counter that the block belongs to.
func (d *detector) judge(table *[256]int16, block []byte) *int {
	var energy, w1, w2, o1, o2 float64
	for _, b := range block {
		x := float64(table[b])
		energy += x * x
		w1, w2 = x+d.want.coefficient*w1-w2, w1
		o1, o2 = x+d.own.coefficient*o1-o2, o1
	}
	n := float64(len(block))
	if energy < n*silenceRMS*silenceRMS {
		return &d.quiet
	}
	want, own := d.want.share(w1, w2, energy*n), d.own.share(o1, o2, energy*n)
	switch {
	case want >= own && want >= toneShare:
		return &d.heard
	case own >= toneShare:
		return &d.ownHeard
	}
	return &d.other
}

// A goertzel is the filter for one tone; that of tone 0 hears nothing.
type goertzel struct {
	coefficient float64
	weight      float64
}

func newGoertzel(tone Tone) goertzel {
	if tone == 0 {
		return goertzel{}
	}
	return goertzel{coefficient: 2 * math.Cos(2*math.Pi*float64(tone)/clockRate), weight: 2}
}

// share is the part of the energy at the tone: 1 for the pure tone.
func (g goertzel) share(s1, s2, energyTimesN float64) float64 {
	return g.weight * (s1*s1 + s2*s2 - g.coefficient*s1*s2) / energyTimesN
}

// ms converts samples to milliseconds.
func ms(samples int) float64 { return float64(samples) * 1000 / clockRate }
