package responder

import (
	"context"
	"slices"
	"sync"
	"time"

	"bothways/internal/pairing"
)

// A pending record is waited for while what it tells of goes on; packed and err stand once
// done is closed.
type pending struct {
	done   chan struct{}
	packed []byte
	err    error
}

func newPending() *pending { return &pending{done: make(chan struct{})} }

// file packs a record, once.
func (p *pending) file(record any) {
	p.packed, p.err = pairing.Encode(record)
	close(p.done)
}

// wait returns the record, if it is filed within the time that the order allows.
func (p *pending) wait(ctx context.Context, f pairing.Fetch) (data []byte, ready bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(f.HoldMs)*time.Millisecond)
	defer cancel()
	select {
	case <-p.done:
		return p.packed, true, p.err
	case <-ctx.Done():
	}
	select { // where there was no time to wait
	case <-p.done:
		return p.packed, true, p.err
	default:
		return nil, false, nil
	}
}

// shelfRoom is how many records a shelf keeps; a client fetches one before it wants the next.
const shelfRoom = 4

// A shelf keeps the newest records of a session, by what they tell of. The zero value is
// empty.
type shelf[K comparable] struct {
	mu      sync.Mutex
	records []shelved[K] // the newest last
}

type shelved[K comparable] struct {
	of K
	*pending
}

// add makes room for a record.
func (h *shelf[K]) add(of K) *pending {
	h.mu.Lock()
	defer h.mu.Unlock()
	rec := newPending()
	h.records = append(h.records, shelved[K]{of, rec})
	if len(h.records) > shelfRoom {
		h.records = slices.Delete(h.records, 0, 1)
	}
	return rec
}

// wait waits for the newest record of something; ErrNoRecord when there is none any more.
func (h *shelf[K]) wait(ctx context.Context, of K, f pairing.Fetch) (data []byte, ready bool, err error) {
	var found *pending
	h.mu.Lock()
	for _, rec := range h.records {
		if rec.of == of {
			found = rec.pending
		}
	}
	h.mu.Unlock()
	if found == nil {
		return nil, false, pairing.ErrNoRecord
	}
	return found.wait(ctx, f)
}
