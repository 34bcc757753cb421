package pairing

import (
	"context"
	"errors"
	"time"
)

// maxFetched bounds a compressed record.
const maxFetched = 16 << 20

// maxWait is the longest pause between two questions for a record.
const maxWait = 800 * time.Millisecond

// Fetch reads the record of a call, or the ledger when call is empty, into v. It
// waits for a record that is not ready yet, until ctx ends; ErrNoRecord when the
// responder never saw the call.
func (l *Link) Fetch(ctx context.Context, call string, v any) error {
	var data []byte
	wait := 50 * time.Millisecond
	for {
		r, err := l.Do(ctx, Order{Fetch: &Fetch{Call: call, Offset: len(data)}})
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
			if err := sleep(ctx, wait); err != nil {
				return err
			}
			wait = min(2*wait, maxWait)
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
