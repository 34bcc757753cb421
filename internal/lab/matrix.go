package lab

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"bothways/scenarios"
)

// A Cell is one fault of a matrix, run and held against what was planted.
type Cell struct {
	Outcome
	Took time.Duration
	// Tries counts the runs: one in which the machine itself says that it was too busy
	// to take part proves nothing, and is repeated.
	Tries int
	// Err is why the fault could not be run; nil when it could.
	Err error
}

// OK reports whether the fault ran, and was reported as planted.
func (c Cell) OK() bool { return c.Err == nil && c.Outcome.OK() }

const (
	// DefaultParallel is how many faults run side by side: they wait more than they work.
	DefaultParallel = 8
	// sweepers is how many of those run side by side that send as fast as they can.
	sweepers = 1
	maxTries = 3
	// cellTimeout is more than any fault takes.
	cellTimeout = 3 * time.Minute
)

// Quickly are the overrides of a matrix: short talks, no careful start, and samples of the
// ports of sweeps, but for the faults that are about these.
func Quickly() scenarios.Overrides {
	return scenarios.Overrides{Talk: 2 * time.Second, RatePPS: 20_000, SweepSample: sweepSample}
}

// Matrix runs faults, so many of them side by side (0 = DefaultParallel) and those that
// sweep one after the other beside them. It calls each for every one that has ended,
// from one goroutine at a time, and returns when all have.
func Matrix(ctx context.Context, faults []Fault, parallel int, o Options, each func(Cell)) {
	if parallel <= 0 {
		parallel = DefaultParallel
	}
	var telling sync.Mutex
	Sides(faults, parallel, func(f Fault) {
		c := Try(ctx, f, o)
		telling.Lock()
		defer telling.Unlock()
		each(c)
	})
}

// Sides calls run for every fault, of those that sweep one after the other, of the others
// parallel many and the longest first, so that none is waited for alone at the end. It
// returns when all calls have.
func Sides(faults []Fault, parallel int, run func(Fault)) {
	faults = slices.Clone(faults)
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(b.lasts(), a.lasts()) })
	sweeping := slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool { return !f.sweeps() })
	others := make(chan Fault)
	var wg sync.WaitGroup
	sweeps := make(chan Fault, len(sweeping))
	for _, f := range sweeping {
		sweeps <- f
	}
	close(sweeps)
	for range sweepers {
		wg.Go(func() {
			for f := range sweeps {
				run(f)
			}
		})
	}
	for range parallel {
		wg.Go(func() {
			for f := range others {
				run(f)
			}
		})
	}
	for _, f := range faults {
		if !f.sweeps() {
			others <- f
		}
	}
	close(others)
	wg.Wait()
}

// Try runs one fault, again where the machine was too busy.
func Try(ctx context.Context, f Fault, o Options) Cell {
	start := time.Now()
	c := Cell{Outcome: Outcome{Fault: f}}
	for c.Tries < maxTries {
		c.Tries++
		ctx, cancel := context.WithTimeout(ctx, cellTimeout)
		out, err := Run(ctx, f, o)
		cancel()
		if c.Err = err; err != nil {
			break
		}
		c.Outcome = out
		if !slices.Contains(out.False, "local-fault") {
			break
		}
	}
	c.Took = time.Since(start)
	return c
}
