package pairing

import (
	"context"
	"errors"
	"time"
)

// maxFetched bounds a compressed record.
const maxFetched = 16 << 20

// The first and the longest pause between two questions for a record.
const (
	firstWait = 50 * time.Millisecond
	maxWait   = 800 * time.Millisecond
)

// Fetch reads the record of a call, or the ledger when call is empty, into v. It
// waits for a record that is not ready yet, until ctx ends; ErrNoRecord when the
// responder never saw the call.
func (l *Link) Fetch(ctx context.Context, call string, v any) error {
	return l.fetch(ctx, Fetch{Call: call}, v, func() {})
}

// fetch tells waiting before each pause.
func (l *Link) fetch(ctx context.Context, f Fetch, v any, waiting func()) error {
	var data []byte
	wait := firstWait
	for {
		f.Offset = len(data)
		r, err := l.Do(ctx, Order{Fetch: &f})
		if err != nil {
			return err
		}
		if r.Part == nil {
			return errors.New("the responder sent no part of the record")
		}
		if r.Part.Absent {
			return ErrNoRecord
		}
		if !r.Part.Ready {
			waiting()
			if err := sleep(ctx, wait); err != nil {
				return err
			}
			if f.HoldMs == 0 { // else the responder does the waiting
				wait = min(2*wait, maxWait)
			}
			continue
		}
		data = append(data, r.Part.Data...)
		switch {
		case len(data) > maxFetched:
			return errTooLarge
		case len(data) >= r.Part.Total || len(r.Part.Data) == 0:
			return Decode(data, v)
		}
	}
}
