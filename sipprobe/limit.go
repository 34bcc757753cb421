package sipprobe

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	defaultPerSource = 20
	maxSources       = 8192 // remembered by the rate limit
	// trustedFactor is how much more a source may draw once it has proven the key: a
	// client that places many calls at once is challenged for each.
	trustedFactor = 50
)

// limits bounds what each source may draw from a Guard.
type limits struct {
	perSource float64

	mu      sync.Mutex
	sources map[netip.Addr]*rate.Limiter
}

func newLimits(perSource float64) *limits {
	if perSource == 0 {
		perSource = defaultPerSource
	}
	return &limits{perSource: perSource, sources: make(map[netip.Addr]*rate.Limiter)}
}

// allow takes one answer from what the source may draw; false when nothing is left.
func (l *limits) allow(source netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(source).AllowN(now, 1)
}

func (l *limits) trust(source netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	more := trustedFactor * l.perSource
	if l.of(source).Limit() < rate.Limit(more) {
		l.sources[network(source)] = rate.NewLimiter(rate.Limit(more), int(2*more))
	}
}

// network is what a source is remembered as: its network of 64 bits where a host could
// take any address of it.
func network(source netip.Addr) netip.Addr {
	if source = source.Unmap().WithZone(""); source.Is6() {
		p, _ := source.Prefix(64)
		source = p.Addr()
	}
	return source
}

// of is the limiter of a source. The caller holds the lock.
func (l *limits) of(source netip.Addr) *rate.Limiter {
	source = network(source)
	s := l.sources[source]
	if s == nil {
		if len(l.sources) >= maxSources {
			clear(l.sources)
		}
		s = rate.NewLimiter(rate.Limit(l.perSource), int(2*l.perSource))
		l.sources[source] = s
	}
	return s
}
