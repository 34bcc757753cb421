package rtpprobe

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// ErrPacerClosed is returned by Run when the pacer was closed under it.
var ErrPacerClosed = errors.New("pacer is closed")

// maxShards is the most that is started unasked.
const maxShards = 2

// A PacerConfig tunes a Pacer; its zero value is right.
type PacerConfig struct {
	// Shards is the number of goroutines that send (0 = one for each two processors, at least 1 and at
	// most 2: on two processors, a second one doubles the error of 1,000 streams).
	Shards int
	// PortableTimers uses the timers of package time even where the kernel has better ones. Under
	// testing/synctest only they follow the fake clock.
	PortableTimers bool
}

// A Pacer does periodic work at absolute due times: packet k of a stream is due at start + k×interval,
// however late the one before was. The starts of streams with one interval are spread evenly over it.
//
// On Linux it is woken by a timerfd (exact to some 10 µs), elsewhere by a time.Timer (about 1 ms). It
// learns how late the timerfd wakes it and sets it that much earlier: a packet may leave up to 100 µs
// before its due time, and that counts as lateness too.
//
// After a stall a stream catches up, but two of its packets are never closer than a quarter of its
// interval: a stall of a second is made up for in a third of a second, at most one packet of each stream
// at a time. The packets held back by this rule are counted as catch-ups.
type Pacer struct {
	shards []*shard
	done   sync.WaitGroup
	epoch  time.Time
	starts atomic.Uint64
}

// StartPacer starts the pacer's goroutines; Close ends them.
func StartPacer(cfg PacerConfig) *Pacer {
	n := cfg.Shards
	if n <= 0 {
		n = min(max(runtime.GOMAXPROCS(0)/2, 1), maxShards)
	}
	p := &Pacer{shards: make([]*shard, n), epoch: time.Now()}
	for i := range p.shards {
		p.shards[i] = newShard(cfg.PortableTimers)
		p.done.Go(p.shards[i].run)
	}
	return p
}

// Run calls send n times, at start + k×interval for k from 0 on, and returns after the last, with ctx's
// cause when that is done first, or with ErrPacerClosed. The start is at most one interval away. All
// streams of a shard share its goroutine: send must not block. No call is under way once Run returns.
func (p *Pacer) Run(ctx context.Context, interval time.Duration, n int, send func(k int, due time.Time)) (Lateness, error) {
	if interval <= 0 {
		return Lateness{}, errors.New("the interval must be positive")
	}
	if n <= 0 {
		return Lateness{}, context.Cause(ctx)
	}
	late := new(histogram)
	err := p.run(ctx, &job{start: p.nextStart(interval), interval: interval, n: n, send: send, late: late})
	return late.lateness(), err
}

func (p *Pacer) run(ctx context.Context, j *job) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	s := p.start(j)
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		s.remove(j)
		return context.Cause(ctx)
	}
}

// start hands a job to the shard with the fewest.
func (p *Pacer) start(j *job) *shard {
	best := p.shards[0]
	for _, s := range p.shards[1:] {
		if s.jobs.Load() < best.jobs.Load() {
			best = s
		}
	}
	j.done = make(chan struct{})
	best.add(j)
	return best
}

// nextStart picks the phase of a new stream: steps of the golden ratio fill the interval evenly, for
// any number of streams.
func (p *Pacer) nextStart(interval time.Duration) time.Time {
	_, fraction := math.Modf(float64(p.starts.Add(1)-1) / math.Phi)
	phase := time.Duration(fraction * float64(interval))
	wait := (phase - time.Since(p.epoch)) % interval
	if wait < 0 {
		wait += interval
	}
	return time.Now().Add(wait)
}

// Lateness sums up everything that the pacer has sent.
func (p *Pacer) Lateness() Lateness {
	var sum histogram
	for _, s := range p.shards {
		sum.merge(&s.late)
	}
	return sum.lateness()
}

// Close ends every Run and the pacer's goroutines, and waits for these.
func (p *Pacer) Close() {
	for _, s := range p.shards {
		s.close()
	}
	p.done.Wait()
}
