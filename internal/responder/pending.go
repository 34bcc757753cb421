package responder

import (
	"context"
	"time"

	"bothways/internal/pairing"
)

// A pending record is waited for while what it tells of goes on; packed stands once
// done is closed.
type pending struct {
	done   chan struct{}
	packed []byte
}

func newPending() *pending { return &pending{done: make(chan struct{})} }

// file packs a record, once; fallback is filed where it cannot be packed.
func (p *pending) file(record, fallback any) {
	packed, err := pairing.Encode(record)
	if err != nil {
		packed, _ = pairing.Encode(fallback)
	}
	p.packed = packed
	close(p.done)
}

// wait returns the record, if it is filed within the time that the order allows.
func (p *pending) wait(ctx context.Context, f pairing.Fetch) (data []byte, ready bool) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(f.HoldMs)*time.Millisecond)
	defer cancel()
	select {
	case <-p.done:
		return p.packed, true
	case <-ctx.Done():
	}
	select { // where there was no time to wait
	case <-p.done:
		return p.packed, true
	default:
		return nil, false
	}
}
