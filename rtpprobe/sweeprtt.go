package rtpprobe

import "time"

// roundTrips estimates when an answer is overdue, as RFC 6298 does for TCP.
type roundTrips struct {
	smooth, deviation time.Duration
	shortest, longest time.Duration
	known             bool
	count             int
	// asked is how long it takes to ask the far end, which said that nothing has arrived; 0 = unknown.
	asked time.Duration
}

// The bounds of what is overdue.
const (
	firstOverdue = 500 * time.Millisecond // before the first answer
	minOverdue   = 40 * time.Millisecond
	maxOverdue   = 3 * time.Second
	// someTrips show roughly how much round trips vary, and manyTrips closely: then an answer is rare that takes longer
	// than all of them and a quarter more.
	someTrips   = 20
	manyTrips   = 500
	minSettling = 20 * time.Millisecond
	// askedFactor times what it takes to ask the far end are plenty for a probe that takes another way.
	askedFactor   = 4
	askedPatience = 3 * minOverdue
)

func (r *roundTrips) add(d time.Duration) {
	d = max(d, 0)
	r.count++
	if !r.known {
		r.known, r.smooth, r.deviation, r.shortest, r.longest = true, d, d/2, d, d
		return
	}
	r.deviation += ((d - r.smooth).Abs() - r.deviation) / 4
	r.smooth += (d - r.smooth) / 8
	r.shortest, r.longest = min(r.shortest, d), max(r.longest, d)
}

// overdue is after how long a probe is taken for lost, for the pace's sake.
func (r *roundTrips) overdue() time.Duration {
	if !r.known {
		return firstOverdue
	}
	return min(max(r.smooth+4*r.deviation, minOverdue), maxOverdue)
}

// settling is for how long to wait for the last answers of a round before ports are tried again: an answer
// that comes later still counts.
func (r *roundTrips) settling() time.Duration {
	switch {
	case !r.known && r.asked > 0:
		return max(askedFactor*r.asked, minOverdue)
	case !r.known:
		return 2 * firstOverdue
	}
	usual := min(2*(r.smooth+4*r.deviation), 2*maxOverdue)
	switch {
	case r.count < someTrips:
		return max(usual, r.longest, 2*minOverdue)
	case r.count < manyTrips:
		return max(usual, 2*r.longest, minOverdue)
	}
	return max(usual, r.longest+r.longest/4, minSettling)
}

// patience is for how long to wait for the last answers of a sweep: also for those that come late.
func (r *roundTrips) patience() time.Duration {
	switch {
	case r.count >= manyTrips:
		return max(2*r.settling(), minOverdue)
	case !r.known && r.asked > 0:
		return max(2*r.settling(), askedPatience)
	}
	return max(r.settling(), firstOverdue/2)
}

// slack is the delay in buffers on the way that a sweep may cause.
func (r *roundTrips) slack() time.Duration { return max(50*time.Millisecond, r.shortest/2) }

// queueing reports whether packets wait longer than that.
func (r *roundTrips) queueing() bool { return r.smooth-r.shortest > r.slack() }

// relief is the part of the pace that would let the buffers drain, at least half of it.
func (r *roundTrips) relief() float64 {
	return min(max(float64(r.shortest+r.slack())/float64(r.smooth), .5), paceBackOff)
}
