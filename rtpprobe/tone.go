package rtpprobe

import "math"

// A Tone is a frequency in Hz; 0 is silence.
type Tone float64

// The two tones of a call. Neither is a harmonic of the other, both are clear of the hum of mains and of
// signalling tones, and both repeat after a quarter of a second of samples.
const (
	// InboundTone is sent by the client to the site.
	InboundTone Tone = 1004
	// OutboundTone is sent by the site to the client.
	OutboundTone Tone = 404
)

// toneAmplitude is the peak of a sent tone: -10 dBm0, where G.711 clips at +3.17 dBm0.
const toneAmplitude = 7050

func (t Tone) valid() bool { return t >= 0 && t < clockRate/2 }

// period is the number of samples after which the tone repeats: exactly for whole Hz, else as good as a second allows.
func (t Tone) period() int {
	for n := clockRate / 4; n < clockRate; n *= 2 {
		if cycles := float64(t) * float64(n) / clockRate; cycles == math.Trunc(cycles) {
			return n
		}
	}
	return clockRate
}

// A ring holds one period of an encoded tone and, behind it, its beginning again, so that the samples of
// any packet lie in one piece and the phase never jumps.
type ring struct {
	samples []byte
	period  int
}

func newRing(codec Codec, tone Tone, packet int) ring {
	if !codec.audible() {
		return opaqueRing(packet)
	}
	r := ring{period: tone.period()}
	r.samples = make([]byte, r.period+packet)
	for i := range r.samples {
		phase := 2 * math.Pi * float64(tone) * float64(i%r.period) / clockRate
		r.samples[i] = codec.Encode(int16(math.Round(toneAmplitude * math.Sin(phase))))
	}
	return r
}

// opaqueRing is one packet of bytes that mean nothing, the same again and again.
func opaqueRing(packet int) ring {
	r := ring{period: packet, samples: make([]byte, 2*packet)}
	for i, x := 0, uint32(1); i < packet; i++ {
		x = x*1664525 + 1013904223
		r.samples[i], r.samples[i+packet] = byte(x>>24), byte(x>>24)
	}
	return r
}

// at returns n samples from sample number i on.
func (r ring) at(i, n int) []byte {
	start := i % r.period
	return r.samples[start : start+n]
}
