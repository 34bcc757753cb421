package sipprobe

import (
	"errors"
	"net/netip"
)

// errAlwaysStale is said of a far end that takes the key and never the nonce.
var errAlwaysStale = errors.New("challenged again and again although the key is right: " +
	"the source address changes from packet to packet, or the challenges arrive late")

// A grant is the right to authenticate further requests without a new challenge.
type grant struct {
	nonce string
	count int
}

// granted returns credentials for a nonce that the peer gave before. Only orders
// use them: a probe is challenged anew, as calls of a trunk are.
func (e *Endpoint) granted(peer netip.AddrPort, method string) (proofs, bool) {
	if method != "MESSAGE" || e.cfg.Key == "" {
		return proofs{}, false
	}
	e.book.mu.Lock()
	defer e.book.mu.Unlock()
	g := e.book.grants[peer]
	if g == nil {
		return proofs{}, false
	}
	g.count++
	return e.proofs(g.nonce, g.count, method), true
}

func (e *Endpoint) grant(peer netip.AddrPort, nonce, method string) proofs {
	e.book.mu.Lock()
	defer e.book.mu.Unlock()
	if method == "MESSAGE" {
		makeRoom(e.book.grants)
		e.book.grants[peer] = &grant{nonce: nonce, count: 1}
	}
	return e.proofs(nonce, 1, method)
}

func (e *Endpoint) proofs(nonce string, count int, method string) proofs {
	return proofs{key: e.cfg.Key, user: e.user(), nonce: nonce, cnonce: randomHex(4), nc: count, qop: qopFor(method)}
}
