package sipprobe

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// A Rung is one request of a size ladder, as the end that sent it saw it. What arrived
// of it is on the far end's tape, under its token.
type Rung struct {
	// Bytes is the size of the SIP message, which over UDP is the payload of the datagram.
	Bytes int `json:"bytes"`
	// Token marks the request and its answers, as for any other probe.
	Token string `json:"token"`
	// Connection numbers the connections of a ladder from 1 on; 0 is UDP.
	Connection int `json:"connection,omitempty"`
	// Copies counts how often the request was sent, 0 when it could not be.
	Copies int `json:"copies"`
	// Status is that of the first answer, whatever it says; 0 is silence.
	Status int `json:"status,omitempty"`
	// TooLarge is true when this machine refused to send another copy, since it may
	// not be fragmented and does not fit what the machine knows of the path.
	TooLarge bool   `json:"too_large,omitempty"`
	Error    string `json:"error,omitempty"`
}

// Times of a ladder.
const (
	rungPause = 20 * time.Millisecond // between two rungs over UDP
	rungWait  = time.Second           // for an answer to the last copy over UDP
	// stallWait is how long an answer may take on a connection: TCP has then sent a lost
	// segment again three times or more (RFC 6298).
	stallWait = 3 * time.Second
)

// Climb sends a request of each size, smallest first, with a body that cannot be
// compressed, and waits for any answer to each. Tokens are the target's with the size
// behind.
//
// Over UDP all go side by side from one socket, up to three copies of each, and at the
// end the smallest goes once more. Over TCP and TLS they go one after the other on a
// connection that fresh has opened and adopted; where one is not answered, fresh opens
// two more: the first carries the smallest and the size that stalled, the second the
// smallest alone. An error of fresh ends the ladder.
//
// With a key each request proves it, and a Guard answers at once; those that the usual
// form is too long for have the compact one, which fits 300 bytes over IPv4. Without a
// key a request is never so small that a Guard's challenge would be larger and thus not
// be sent. So sizes in the result may be larger than those that were wanted.
func (e *Endpoint) Climb(ctx context.Context, to Target, sizes []int, fresh func(context.Context) error) ([]Rung, error) {
	if err := to.check(); err != nil || len(sizes) == 0 {
		return nil, err
	}
	if e.cfg.Transport == UDP {
		rungs := e.climbSide(ctx, to, sizes)
		return append(rungs, e.rung(ctx, to, sizes[0], "-again", 0)), nil
	}
	return e.climbConns(ctx, to, sizes, fresh)
}

// climbSide tries all sizes side by side.
func (e *Endpoint) climbSide(ctx context.Context, to Target, sizes []int) []Rung {
	out := make([]Rung, len(sizes))
	var wg sync.WaitGroup
	for i, size := range sizes {
		wg.Go(func() {
			select {
			case <-time.After(time.Duration(i) * rungPause):
			case <-ctx.Done():
			}
			out[i] = e.rung(ctx, to, size, "", 0)
		})
	}
	wg.Wait()
	return out
}

// climbConns tries the sizes over connections.
func (e *Endpoint) climbConns(ctx context.Context, to Target, sizes []int, fresh func(context.Context) error) (out []Rung, err error) {
	plan, stalled := sizes, 0
	for n := 1; n <= 3 && len(plan) > 0; n++ {
		if err := fresh(ctx); err != nil {
			return out, fmt.Errorf("no connection could be opened: %w", err)
		}
		suffix := ""
		if n > 1 {
			suffix = "-" + strconv.Itoa(n)
		}
		for _, size := range plan {
			r := e.rung(ctx, to, size, suffix, n)
			out = append(out, r)
			if r.Status == 0 && n == 1 {
				stalled = size
			}
			if r.Status == 0 {
				break
			}
		}
		switch {
		case stalled == 0 || ctx.Err() != nil:
			return out, nil
		case n == 1:
			plan = []int{sizes[0], stalled}
		default:
			plan = sizes[:1]
		}
	}
	return out, nil
}

// rung sends one request of a ladder.
func (e *Endpoint) rung(ctx context.Context, to Target, size int, suffix string, connection int) Rung {
	base := to.Token
	to.Token = fmt.Sprintf("%s-%d%s", base, size, suffix)
	data, branch := e.rungText(to, base, size)
	out := Rung{Bytes: len(data), Token: to.Token, Connection: connection}
	pauses := e.pauses(stallWait)
	if e.cfg.Transport == UDP {
		pauses = e.pauses(rungWait)
	}
	p := e.hold(ctx, to.Peer, branch, data, pauses)
	out.Copies, out.Status, out.TooLarge, out.Error = p.copies, p.status, p.tooLarge(), p.failure()
	return out
}

// magicCookie begins every branch (RFC 3261 section 8.1.1.7).
const magicCookie = "z9hG4bK"

// rungText is a request of that size, or of the least where that is larger, and its branch.
func (e *Endpoint) rungText(to Target, seed string, size int) (text []byte, branch string) {
	proof, least := rungProof(e.cfg.Key, to.Token), 1
	if proof == "" {
		proof, least = to.Token, minRungBody
	}
	branch = magicCookie + to.Token
	head := e.rungHead(to, branch, proof)
	if len(head)+len(contentLength(size))+least > size && e.cfg.Key != "" {
		branch = magicCookie + proof
		head = e.rungShortHead(to, branch, proof)
		return fill(head, func(n int) string { return fmt.Sprintf("l:%d\r\n\r\n", n) }, seed, size, least), branch
	}
	return fill(head, contentLength, seed, size, least), branch
}

func contentLength(n int) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n", n) }

// rungHead is what a rung has before its length and its body.
func (e *Endpoint) rungHead(to Target, branch, proof string) string {
	here, uri := hostPort(e.advertised(to.Peer)), "sip:"+to.host()
	return fmt.Sprintf("OPTIONS %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=%s;rport\r\nMax-Forwards: 70\r\n", uri, e.cfg.Transport, here, branch) +
		fmt.Sprintf("From: <sip:%s>;tag=%s\r\nTo: <%s>\r\n", here, proof, uri) +
		fmt.Sprintf("Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Type: text/plain\r\n", to.Token)
}

// rungShortHead is the same in compact form (RFC 3261 section 7.3.3), with names for the
// two ends that take less than their addresses.
func (e *Endpoint) rungShortHead(to Target, branch, proof string) string {
	return fmt.Sprintf("OPTIONS sip:%s SIP/2.0\r\nv:SIP/2.0/%s %s;branch=%s;rport\r\n", to.host(), e.cfg.Transport, hostPort(e.advertised(to.Peer)), branch) +
		fmt.Sprintf("Max-Forwards:70\r\nf:<sip:c>;tag=%s\r\nt:<sip:r>\r\n", proof) +
		fmt.Sprintf("i:%s\r\nCSeq:1 OPTIONS\r\nc:text/plain\r\n", to.Token)
}

// fill adds a body that makes a message as long as it is to be.
func fill(head string, end func(body int) string, seed string, size, least int) []byte {
	body := max(size-len(head)-len(end(size)), least)
	for len(head)+len(end(body))+body < size {
		body++ // its length may have fewer digits than the size
	}
	return append([]byte(head+end(body)), filler(seed, body)...)
}

// minRungBody is what makes a request without a proof longer than the challenge that
// answers it.
const minRungBody = 100

// rungProof shows that the sender of a rung holds the key, in the little room that there
// is: it stands in the From tag, and is an HMAC of the Call-ID. Empty without a key. It
// draws an answer that is no longer than the request, and nothing else; whoever
// repeats it draws no more than a stranger does.
func rungProof(key, callID string) string {
	if key == "" {
		return ""
	}
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte("bothways rung\x00" + callID))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// isRung reports whether a request is a rung of somebody who holds the key.
func (g *Guard) isRung(m wireMessage) bool {
	if m.method() != "OPTIONS" {
		return false
	}
	id, _ := m.value("call-id")
	from, _ := m.value("from")
	return hmac.Equal([]byte(tagOf(from)), []byte(rungProof(g.cfg.Key, id)))
}

// filler is text in which no compressor finds anything to save but what text does not
// use of a byte. The same seed gives the same text, so that the tape of a ladder packs
// well although none of its messages does.
func filler(seed string, n int) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	source := rand.NewChaCha8(sha256.Sum256([]byte(seed)))
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[source.Uint64()&63]
	}
	return out
}
