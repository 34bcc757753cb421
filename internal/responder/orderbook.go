package responder

import (
	"context"
	"fmt"
	"sync"

	"bothways/internal/pairing"
)

// Bounds of an orderBook.
const (
	maxReplies = 32 // replies kept for orders that arrive again
	maxAtOnce  = 8  // orders being carried out
)

// An orderBook sees to it that each order of a session is carried out once, however
// often and over whichever transports it arrives.
type orderBook struct {
	mu      sync.Mutex
	entries map[int]*entry
	newest  int
	busy    int
}

// An entry is one order; its reply stands once done is closed.
type entry struct {
	done  chan struct{}
	reply pairing.Reply
}

func newOrderBook() orderBook { return orderBook{entries: make(map[int]*entry)} }

// once carries the order out, or waits for the reply to the copy that came before.
func (b *orderBook) once(ctx context.Context, seq int, carryOut func() pairing.Reply) pairing.Reply {
	e, first, err := b.enter(seq)
	if err != nil {
		return pairing.Reply{Error: err.Error()}
	}
	if first {
		e.reply = carryOut()
		close(e.done)
		b.leave()
		return e.reply
	}
	select {
	case <-e.done:
		return e.reply
	case <-ctx.Done():
		return pairing.Reply{Error: errNoSession.Error()}
	}
}

// enter finds the order's entry, or makes it; first is true for whoever made it.
func (b *orderBook) enter(seq int) (e *entry, first bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[seq]; e != nil {
		return e, false, nil
	}
	switch {
	case seq < 1 || seq <= b.newest-maxReplies:
		return nil, false, fmt.Errorf("order %d comes too late", seq)
	case b.busy >= maxAtOnce:
		return nil, false, fmt.Errorf("too many orders at once")
	}
	b.busy++
	e = &entry{done: make(chan struct{})}
	b.entries[seq] = e
	b.newest = max(b.newest, seq)
	for old := range b.entries {
		if old <= b.newest-maxReplies {
			delete(b.entries, old)
		}
	}
	return e, true, nil
}

func (b *orderBook) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy--
}
