package rtpprobe

import "math"

// What it takes to call a port lost: the chance that random loss explains it, for all ports together.
const (
	chanceLimit = 1e-6
	// boundWidth is that of the upper limit of a measured loss, in standard deviations: one in a
	// thousand is beyond it.
	boundWidth = 3.1
	// assumedLoss is the loss of a path on which nothing ever came through, so that none could be measured.
	assumedLoss = .5
)

// lossBounds is the Wilson score interval of a share: lost of n, that many standard deviations wide.
func lossBounds(lost, n int, z float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	p, m := min(float64(lost)/float64(n), 1), float64(n)
	centre := p + z*z/(2*m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max((centre-half)/(1+z*z/m), 0), min((centre+half)/(1+z*z/m), 1)
}

// fewer reports whether a share of losses is smaller than another beyond chance.
func fewer(lostA, a, lostB, b int64) bool {
	return deviations(int(lostA), int(a), int(lostB), int(b)) > 4
}

// deviations is by how many standard deviations a share of losses is smaller than another (the test of two
// proportions); 0 when either has no samples.
func deviations(lostA, a, lostB, b int) float64 {
	if a == 0 || b == 0 || lostA+lostB == 0 {
		return 0
	}
	share := func(lost, n int) float64 { return float64(lost) / float64(n) }
	pooled := share(lostA+lostB, a+b)
	deviation := math.Sqrt(max(pooled*(1-pooled), 1e-9) * (1/float64(a) + 1/float64(b)))
	return (share(lostB, b) - share(lostA, a)) / deviation
}
