package rtpprobe

// How far a sequence number may jump before it is taken for another sequence (RFC 3550 A.1 has 3000 and
// 100; the second is wider here, as wide as the memory for duplicates).
const (
	maxDropout  = 3000
	maxMisorder = 1024
)

// What a sequence number turned out to be.
type arrivalKind uint8

const (
	fresh     arrivalKind = iota // newer than all before
	late                         // unique, but older than another
	duplicate                    // had before
	stray                        // fits nowhere
	restart                      // begins a new sequence, together with the stray before
)

// A sequence does the arithmetic of RFC 3550 A.1 and A.3 on one SSRC. The zero value awaits the first packet.
type sequence struct {
	started bool
	high    int64 // extended sequence numbers, the first packet's in 65536..131071
	low     int64
	unique  int64 // of the present run

	// lost holds what became of the numbers that are too old for had.
	lost lossRuns

	// A run ends where the sender begins anew; these are of earlier runs.
	pastExpected, pastUnique int64

	had        [maxMisorder / 64]uint64 // the last maxMisorder numbers up to high
	suspect    uint16                   // what would continue a stray
	suspicious bool
}

func (q *sequence) add(number uint16) arrivalKind {
	if !q.started {
		q.begin(number)
		return fresh
	}
	extended := q.high + int64(int16(number-uint16(q.high)))
	switch ahead := extended - q.high; {
	case ahead > maxDropout || ahead <= -maxMisorder:
		return q.jump(number)
	case ahead > 0:
		q.advance(extended)
		return fresh
	}
	q.suspicious = false
	if q.has(extended) {
		return duplicate
	}
	q.mark(extended)
	q.unique++
	q.low = min(q.low, extended)
	return late
}

func (q *sequence) begin(number uint16) {
	lost := q.losses()
	lost.open = 0
	*q = sequence{started: true, pastExpected: q.pastExpected, pastUnique: q.pastUnique, lost: lost}
	q.high = 1<<16 + int64(number)
	q.low, q.unique = q.high, 1
	q.mark(q.high)
}

func (q *sequence) advance(to int64) {
	for q.high < to {
		q.high++
		if old := q.high - maxMisorder; old >= q.low {
			q.lost.add(!q.has(old)) // it cannot come any more
		}
		q.had[q.high%maxMisorder/64] &^= 1 << (q.high % 64)
	}
	q.suspicious = false
	q.mark(to)
	q.unique++
}

// jump waits for a second packet in order before it believes in a new sequence.
func (q *sequence) jump(number uint16) arrivalKind {
	if !q.suspicious || number != q.suspect {
		q.suspicious, q.suspect = true, number+1
		return stray
	}
	q.pastExpected, q.pastUnique = q.expected(), q.packets()
	q.begin(number - 1)
	q.advance(q.high + 1)
	return restart
}

func (q *sequence) has(n int64) bool { return q.had[n%maxMisorder/64]&(1<<(n%64)) != 0 }
func (q *sequence) mark(n int64)     { q.had[n%maxMisorder/64] |= 1 << (n % 64) }

// losses are the runs of packets that have not arrived so far, however many came in another order.
func (q *sequence) losses() lossRuns {
	out := q.lost
	if !q.started {
		return out
	}
	for n := max(q.low, q.high-maxMisorder+1); n < q.high; n++ {
		out.add(!q.has(n))
	}
	return out
}

// expected is highest - lowest + 1, over all runs.
func (q *sequence) expected() int64 {
	if !q.started {
		return 0
	}
	return q.pastExpected + q.high - q.low + 1
}

// packets is the number of unique packets, over all runs.
func (q *sequence) packets() int64 { return q.pastUnique + q.unique }

// extendedHighest is the field of a reception report (RFC 3550 section 6.4.1).
func (q *sequence) extendedHighest() uint32 { return uint32(max(q.high-1<<16, 0)) }
