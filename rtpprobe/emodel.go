package rtpprobe

import "math"

// Impairments are what the E-model (ITU-T G.107) is told of one direction of a call.
// Everything else has the default of the recommendation: quiet rooms, no echo, handsets.
type Impairments struct {
	// LossPercent is the share of packets that did not arrive.
	LossPercent float64
	// BurstRatio is how much longer the runs of lost packets are than those of random
	// loss; below 1, and so for 0, the loss is taken as random.
	BurstRatio float64
	// DelayMS is the time from mouth to ear in milliseconds.
	DelayMS float64
}

// The values of ITU-T G.107 and, for G.711 with packet loss concealment, G.113 Appendix I.
const (
	basicR   = 93.2 // R without impairments: Ro - Is
	lossBpl  = 25.1
	maxLossI = 95
)

// R is the transmission rating, 0 to 93.2: from 80 on most users are satisfied, below
// 60 nearly all are not (ITU-T G.109).
func (i Impairments) R() float64 {
	loss := min(max(i.LossPercent, 0), 100)
	impairment := maxLossI * loss / (loss/max(i.BurstRatio, 1) + lossBpl)
	return min(max(basicR-delayImpairment(i.DelayMS)-impairment, 0), 100)
}

// delayImpairment is Idd of G.107: none up to 100 ms.
func delayImpairment(ms float64) float64 {
	if ms <= 100 {
		return 0
	}
	x := math.Log2(ms / 100)
	sixth := func(y float64) float64 { return math.Pow(1+math.Pow(y, 6), 1./6) }
	return 25 * (sixth(x) - 3*sixth(x/3) + 2)
}

// MOS is the mean opinion score, 1 to 4.5, that G.107 Annex B estimates from R.
func MOS(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1+.035*r+r*(r-60)*(100-r)*7e-6, 1)
}
