package sipprobe

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	nonceLife = 5 * time.Minute // how long a challenge can be answered
	maxNonces = 16384           // that replay protection remembers
	maxCounts = 4096            // for each nonce
	nonceTime = 8               // bytes of a nonce that say when it was issued, in ns
	nonceMAC  = 10              // bytes that prove by whom, and to whom
)

// nonces makes and checks nonces without remembering those that nobody answered:
// a nonce is the time of its issue, no two alike, and an HMAC over that and the
// source address. Only nonces that were used with the right key are kept, with
// their counts, against replays. When there are too many, the oldest goes, and no
// nonce as old as it is taken any more.
type nonces struct {
	secret [32]byte

	mu     sync.Mutex
	last   int64                 // issued
	floor  int64                 // issued no later are too old
	used   map[int64]*[]firstUse // by time of issue
	oldest []int64               // the keys of used, in the order of their first use
}

// A use is a request that uses a nonce.
type use struct {
	count  int // nc
	branch string
	socket netip.AddrPort
	once   bool // over a transport that does not retransmit
}

type firstUse struct {
	use
	at time.Time
}

type nonceState int

const (
	nonceFresh nonceState = iota
	nonceStale
	nonceForged
)

func newNonces() *nonces {
	n := &nonces{used: make(map[int64]*[]firstUse)}
	rand.Read(n.secret[:])
	return n
}

func (n *nonces) issue(source netip.Addr, now time.Time) string {
	n.mu.Lock()
	n.last = max(n.last+1, now.UnixNano())
	b := binary.BigEndian.AppendUint64(make([]byte, 0, nonceTime+nonceMAC), uint64(n.last))
	n.mu.Unlock()
	return base64.RawURLEncoding.EncodeToString(append(b, n.mac(b, source)...))
}

func (n *nonces) mac(head []byte, source netip.Addr) []byte {
	h := hmac.New(sha256.New, n.secret[:])
	h.Write(head)
	a := source.Unmap().As16()
	h.Write(a[:])
	return h.Sum(nil)[:nonceMAC]
}

// state checks a nonce that came from a source.
func (n *nonces) state(nonce string, source netip.Addr, now time.Time) nonceState {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceTime+nonceMAC || !hmac.Equal(b[nonceTime:], n.mac(b[:nonceTime], source)) {
		return nonceForged
	}
	// One of the future was issued before this machine's clock was set back, as all are from then on.
	if now.Sub(time.Unix(0, issuedAt(b))) > nonceLife {
		return nonceStale
	}
	return nonceFresh
}

func issuedAt(nonce []byte) int64 { return int64(binary.BigEndian.Uint64(nonce)) }

// use notes that a request used the nonce, which must be fresh, and reports whether
// it may: each count once, except for retransmissions over UDP, which carry the same
// branch to the same socket, for as long as they may come.
func (n *nonces) use(nonce string, u use, now time.Time) bool {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) < nonceTime {
		return false
	}
	issued := issuedAt(b)
	n.mu.Lock()
	defer n.mu.Unlock()
	uses := n.used[issued]
	if uses == nil {
		if issued <= n.floor {
			return false
		}
		uses = new([]firstUse)
		n.keep(issued, uses, now)
	}
	for _, first := range slices.Backward(*uses) {
		if first.count == u.count {
			return first.use == u && !u.once && now.Sub(first.at) <= 64*timerT1
		}
	}
	if len(*uses) >= maxCounts {
		return false
	}
	*uses = append(*uses, firstUse{use: u, at: now})
	return true
}

// keep remembers a nonce, and forgets those that are too old or too many.
func (n *nonces) keep(issued int64, uses *[]firstUse, now time.Time) {
	for len(n.oldest) > 0 {
		first := n.oldest[0]
		expired := now.Sub(time.Unix(0, first)) > nonceLife
		if !expired && len(n.oldest) < maxNonces {
			break
		}
		if !expired {
			n.floor = max(n.floor, first)
		}
		delete(n.used, first)
		n.oldest = n.oldest[1:]
	}
	n.used[issued] = uses
	n.oldest = append(n.oldest, issued)
}
