package sipprobe

import (
	"bytes"
	"context"
	"crypto/sha256"
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
// A request is never so small that a Guard's challenge would be larger and thus not be
// sent, so that sizes in the result may be larger than those that were wanted.
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
			start := time.NewTimer(time.Duration(i) * rungPause)
			defer start.Stop()
			select {
			case <-start.C:
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
	data := e.rungText(to, base, size)
	out := Rung{Bytes: len(data), Token: to.Token, Connection: connection}
	pauses := e.pauses(stallWait)
	if e.cfg.Transport == UDP {
		pauses = e.pauses(rungWait)
	}
	p := e.hold(ctx, to.Peer, magicCookie+to.Token, data, pauses)
	out.Copies, out.Status, out.TooLarge, out.Error = p.copies, p.status, p.tooLarge(), p.failure()
	return out
}

// magicCookie begins every branch (RFC 3261 section 8.1.1.7).
const magicCookie = "z9hG4bK"

// rungText is a request of that size, or of the least where that is larger.
func (e *Endpoint) rungText(to Target, seed string, size int) []byte {
	var b bytes.Buffer
	here := hostPort(e.advertised(to.Peer))
	uri := "sip:" + to.host()
	fmt.Fprintf(&b, "OPTIONS %s SIP/2.0\r\n", uri)
	fmt.Fprintf(&b, "Via: SIP/2.0/%s %s;branch=%s%s;rport\r\n", e.cfg.Transport, here, magicCookie, to.Token)
	fmt.Fprintf(&b, "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=%s\r\nTo: <%s>\r\n", here, to.Token, uri)
	fmt.Fprintf(&b, "Call-ID: %s\r\nCSeq: 1 OPTIONS\r\n", to.Token)
	b.WriteString("Content-Type: text/plain\r\n")
	end := func(body int) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n", body) }
	body := max(size-b.Len()-len(end(size)), minRungBody)
	for b.Len()+len(end(body))+body < size {
		body++ // its length may have fewer digits than the size
	}
	b.WriteString(end(body))
	b.Write(filler(seed, body))
	return b.Bytes()
}

// minRungBody is what makes a request longer than the challenge that answers it.
const minRungBody = 100

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
