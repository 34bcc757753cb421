package rtpprobe

import (
	"math/bits"
	"sync"
	"time"
)

// A Lateness says how far from their due times things were sent: |sent - due|. P50 and P99 are exact to
// one part in eight (they are read from a histogram of fixed size, and never under the truth); Max is exact.
// All are 0 when Count is.
type Lateness struct {
	// Count is the number of things sent.
	Count int64
	P50   time.Duration
	P99   time.Duration
	Max   time.Duration
	// CatchUps counts those that were held back after a stall (see Pacer).
	CatchUps int64
}

// A histogram counts durations in buckets: 8 to each octave of 64 ns units, up to some 137 s.
// It may be used by several goroutines.
type histogram struct {
	mu       sync.Mutex
	buckets  [buckets]uint32
	count    int64
	max      time.Duration
	catchUps int64
}

const (
	bucketUnit = 6 // log2 of nanoseconds
	bucketStep = 3 // log2 of buckets in an octave
)

// buckets is the size of a histogram.
const buckets = 28 << bucketStep

func (h *histogram) add(d time.Duration) {
	d = d.Abs()
	h.mu.Lock()
	h.count++
	h.max = max(h.max, d)
	h.buckets[bucketOf(d)]++
	h.mu.Unlock()
}

func (h *histogram) catchUp() {
	h.mu.Lock()
	h.catchUps++
	h.mu.Unlock()
}

func bucketOf(d time.Duration) int {
	units := uint64(d) >> bucketUnit
	octave := max(bits.Len64(units)-bucketStep-1, 0)
	return min(octave<<bucketStep+int(units>>octave), buckets-1)
}

// ceiling is the longest duration of a bucket.
func ceiling(bucket int) time.Duration {
	octave := max(bucket>>bucketStep-1, 0)
	units := int64(bucket - octave<<bucketStep + 1)
	return time.Duration(units<<(octave+bucketUnit)) - 1
}

// quantile is the duration that the share q of all does not exceed. The caller holds the lock.
func (h *histogram) quantile(q float64) time.Duration {
	left := int64(q*float64(h.count) + 0.5)
	for i, n := range h.buckets {
		if left -= int64(n); left <= 0 && n > 0 {
			return min(ceiling(i), h.max)
		}
	}
	return h.max
}

// merge adds what another histogram counted to one that is not shared.
func (h *histogram) merge(other *histogram) {
	other.mu.Lock()
	defer other.mu.Unlock()
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.count += other.count
	h.max = max(h.max, other.max)
	h.catchUps += other.catchUps
}

func (h *histogram) lateness() Lateness {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Lateness{
		Count: h.count, P50: h.quantile(0.50), P99: h.quantile(0.99), Max: h.max, CatchUps: h.catchUps,
	}
}
