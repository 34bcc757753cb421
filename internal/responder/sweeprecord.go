package responder

import (
	"context"
	"time"

	"bothways/internal/pairing"
)

// A sweepRecord is that of one window of a sweep; packed stands once done is closed.
type sweepRecord struct {
	part   pairing.SweepPart
	done   chan struct{}
	packed []byte
}

// record makes room for the record of a window.
func (w *sweeping) record(part pairing.SweepPart) *sweepRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	rec := &sweepRecord{part: part, done: make(chan struct{})}
	w.records = append(w.records, rec)
	if len(w.records) > maxSweepRecords {
		w.records = append([]*sweepRecord(nil), w.records[1:]...)
	}
	return rec
}

// find returns the newest record of a window, nil when there is none any more.
func (w *sweeping) find(part pairing.SweepPart) *sweepRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.records) - 1; i >= 0; i-- {
		if w.records[i].part == part {
			return w.records[i]
		}
	}
	return nil
}

func (rec *sweepRecord) file(r pairing.SweepRecord) {
	packed, err := pairing.Encode(r)
	if err != nil {
		packed, _ = pairing.Encode(pairing.SweepRecord{Fault: err.Error()})
	}
	rec.packed = packed
	close(rec.done)
}

// packedSweep waits for the record of a window, as long as was asked for.
func (s *session) packedSweep(f pairing.Fetch) (data []byte, ready bool, err error) {
	rec := s.sweeping.find(*f.Sweep)
	if rec == nil {
		return nil, false, pairing.ErrNoRecord
	}
	ctx, cancel := context.WithTimeout(s.ctx, time.Duration(f.HoldMs)*time.Millisecond)
	defer cancel()
	select {
	case <-rec.done:
		return rec.packed, true, nil
	case <-ctx.Done():
	}
	select { // where there was no time to wait
	case <-rec.done:
		return rec.packed, true, nil
	default:
		return nil, false, nil
	}
}
