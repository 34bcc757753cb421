package responder

import "bothways/internal/pairing"

// A sweepRecord is that of one window of a sweep.
type sweepRecord struct {
	part pairing.SweepPart
	*pending
}

// record makes room for the record of a window.
func (w *sweeping) record(part pairing.SweepPart) *sweepRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	rec := &sweepRecord{part: part, pending: newPending()}
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
	rec.pending.file(r, pairing.SweepRecord{Fault: "the record could not be packed"})
}

// packedSweep waits for the record of a window, as long as was asked for.
func (s *session) packedSweep(f pairing.Fetch) (data []byte, ready bool, err error) {
	rec := s.sweeping.find(*f.Sweep)
	if rec == nil {
		return nil, false, pairing.ErrNoRecord
	}
	data, ready = rec.wait(s.ctx, f)
	return data, ready, nil
}
