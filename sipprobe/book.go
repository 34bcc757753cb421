package sipprobe

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// A book is what an endpoint remembers: of its own requests, whose answers may
// come in; of the calls that it is part of, whose requests need no new proof; and
// of its peers. Everything in it is bounded, or ends with what it stands for.
type book struct {
	mu     sync.Mutex
	asked  map[string]netip.AddrPort // branch of a request under way -> where it goes
	rung   map[inviteID]bool         // INVITEs under way to us; true once refused
	shows  map[string]chan int       // branch of a form that was shown -> status of its answer
	calls  map[dialogID]*Call
	past   map[dialogID]time.Time // dropped calls -> until when they are recognised
	grants map[netip.AddrPort]*grant
	seen   map[netip.AddrPort]netip.AddrPort // how a peer sees us
	shown  map[netip.Addr]netip.AddrPort     // what AdvertiseTo was told
	// manners are kept by Call-ID, see [Endpoint.Behave].
	manners map[string]Manners
}

// A dialogID names a dialog at this end (RFC 3261 section 12) without the tag of
// the far end, which the caller's side learns last.
type dialogID struct{ callID, tag string }

// An inviteID names the transaction of an INVITE towards us, which its CANCEL and
// the ACK of a refusal share.
type inviteID struct{ callID, branch string }

// maxPeers bounds each of the maps that are kept for peers and past calls.
const maxPeers = 1024

func newBook() *book {
	return &book{
		asked: make(map[string]netip.AddrPort), rung: make(map[inviteID]bool),
		shows: make(map[string]chan int),
		calls: make(map[dialogID]*Call), past: make(map[dialogID]time.Time),
		grants: make(map[netip.AddrPort]*grant), seen: make(map[netip.AddrPort]netip.AddrPort),
		shown: make(map[netip.Addr]netip.AddrPort), manners: make(map[string]Manners),
	}
}

// ask notes a request that is about to leave; false when its branch is taken.
func (b *book) ask(branch string, peer netip.AddrPort) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, taken := b.asked[branch]; taken {
		return false
	}
	b.asked[branch] = peer
	return true
}

func (b *book) unask(branch string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.asked, branch)
}

// askedOf returns where the request with this branch went.
func (b *book) askedOf(branch string) (netip.AddrPort, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	peer, ok := b.asked[branch]
	return peer, ok
}

func (b *book) ring(id inviteID, on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if on {
		b.rung[id] = false
	} else {
		delete(b.rung, id)
	}
}

func (b *book) rings(id inviteID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.rung[id]
	return ok
}

// refuse notes that an INVITE under way gets a refusal, whose ACK is no call's.
func (b *book) refuse(id inviteID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.rung[id]; ok {
		b.rung[id] = true
	}
}

func (b *book) refused(id inviteID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung[id]
}

func (b *book) addCall(c *Call) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, exists := b.calls[c.id]; exists {
		return fmt.Errorf("a call with Call-ID %q exists already", c.id.callID)
	}
	b.calls[c.id] = c
	return nil
}

// dropCall forgets a call. The retransmissions of one that existed are recognised
// for as long as they may come.
func (b *book) dropCall(c *Call, existed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls[c.id] != c {
		return
	}
	delete(b.calls, c.id)
	if !existed {
		return
	}
	now := time.Now()
	for id, until := range b.past {
		if now.After(until) {
			delete(b.past, id)
		}
	}
	makeRoom(b.past)
	b.past[c.id] = now.Add(64 * timerT1)
}

func (b *book) call(id dialogID) *Call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[id]
}

func (b *book) wasCall(id dialogID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Before(b.past[id])
}

func (b *book) allCalls() []*Call {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []*Call
	for _, c := range b.calls {
		out = append(out, c)
	}
	return out
}

// addresses returns what AdvertiseTo said about a peer, and what the peer sees.
func (b *book) addresses(peer netip.AddrPort) (shown, seen netip.AddrPort) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shown[peer.Addr()], b.seen[peer]
}

func (b *book) show(host netip.Addr, as netip.AddrPort) {
	b.mu.Lock()
	defer b.mu.Unlock()
	makeRoom(b.shown)
	b.shown[host] = as
}

func (b *book) see(peer, as netip.AddrPort) {
	b.mu.Lock()
	defer b.mu.Unlock()
	makeRoom(b.seen)
	b.seen[peer] = as
}

func makeRoom[K comparable, V any](m map[K]V) {
	if len(m) >= maxPeers {
		clear(m)
	}
}
