package responder

import (
	"net/netip"
	"sync"

	"bothways/sipprobe"
)

// lineBook counts the calls to a client over connections that this end dialled, which are
// closed when the last of them is over: a shorter call must not end a longer one.
type lineBook struct {
	mu    sync.Mutex
	calls map[lineKey]int
}

type lineKey struct {
	endpoint *sipprobe.Endpoint
	peer     netip.AddrPort
}

// take notes a call; the function ends it.
func (b *lineBook) take(e *sipprobe.Endpoint, peer netip.AddrPort) (release func()) {
	key := lineKey{e, peer}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls == nil {
		b.calls = make(map[lineKey]int)
	}
	b.calls[key]++
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.calls[key]--; b.calls[key] == 0 {
			delete(b.calls, key)
			e.Disconnect(peer)
		}
	}
}
