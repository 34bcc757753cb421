package sipprobe

import (
	"bytes"
	"context"
	"net/netip"
	"syscall"
	"time"
)

// What tests from outside see of the inside.

// Limits that tests go up to.
const (
	MaxDatagram     = maxDatagram
	MaxConnsPerHost = maxConnsPerHost
	MaxNonces       = maxNonces
	NonceLife       = nonceLife
	TimerT1         = timerT1
	StrangerTimeout = strangerTimeout
)

// Frame cuts chunks, as reads return them, into messages; rest is what could not be framed.
func Frame(chunks ...[]byte) (messages []string, rest string, pings int, err error) {
	r := &chunkReader{chunks: chunks}
	f := framer{r: r, pong: func() error { pings++; return nil }}
	for {
		msg, err := f.next()
		if err != nil {
			return messages, string(msg), pings, err
		}
		messages = append(messages, string(msg))
	}
}

type chunkReader struct{ chunks [][]byte }

func (r *chunkReader) Read(b []byte) (int, error) {
	for len(r.chunks) > 0 && len(r.chunks[0]) == 0 {
		r.chunks = r.chunks[1:]
	}
	if len(r.chunks) == 0 {
		return 0, bytes.ErrTooLarge // any error that is not io.EOF
	}
	n := copy(b, r.chunks[0])
	r.chunks[0] = r.chunks[0][n:]
	return n, nil
}

// Field is a header field as the scan sees it.
type Field struct{ Name, Value, Raw string }

// Scan cuts a message.
func Scan(data string) (start string, fields []Field, body string, plain error) {
	m := scanWire([]byte(data))
	for _, f := range m.fields {
		fields = append(fields, Field{f.name, f.value, string(f.raw)})
	}
	return string(m.start), fields, string(m.body), m.plain([]byte(data))
}

// The functions on Via values and tags.
var (
	ViaParam    = viaParam
	ViaReceived = viaReceived
	ViaSentBy   = viaSentBy
	Observed    = observed
	TagOf       = tagOf
	ReplyTo     = replyTo

	RefusingDialer = refusingDialer
)

// StatelessReply answers a request without any state.
func StatelessReply(request string, from netip.AddrPort, status, header, software string) string {
	s := stateless{message: scanWire([]byte(request)), from: from, status: status, header: header, software: software}
	return string(s.bytes())
}

// Nonces is a Guard's nonces on their own.
type Nonces struct{ *nonces }

// NewNonces returns nonces with a fresh secret.
func NewNonces() Nonces { return Nonces{newNonces()} }

// Issue makes a nonce.
func (n Nonces) Issue(source string, now time.Time) string {
	return n.issue(netip.MustParseAddr(source), now)
}

// Fresh reports whether a nonce may be used by the source.
func (n Nonces) Fresh(nonce, source string, now time.Time) bool {
	return n.state(nonce, netip.MustParseAddr(source), now) == nonceFresh
}

// Use uses a nonce over UDP.
func (n Nonces) Use(nonce string, nc int, branch string, now time.Time) bool {
	return n.use(nonce, use{count: nc, branch: branch}, now)
}

// UseOnce uses a nonce over a reliable transport.
func (n Nonces) UseOnce(nonce string, nc int, branch string, now time.Time) bool {
	return n.use(nonce, use{count: nc, branch: branch, once: true}, now)
}

// Remembered counts the used nonces that are kept.
func (n Nonces) Remembered() int { return len(n.used) }

// Remembered counts what an endpoint keeps of requests, INVITEs and calls.
func (e *Endpoint) Remembered() (asked, rung, calls int) {
	e.book.mu.Lock()
	defer e.book.mu.Unlock()
	return len(e.book.asked), len(e.book.rung), len(e.book.calls)
}

// Context ends with the endpoint.
func (e *Endpoint) Context() context.Context { return e.ctx }

// PoolSize counts the connections that sipgo can find.
func (e *Endpoint) PoolSize() int { return e.pool.Size() }

// Forgetful makes an endpoint have sipgo begin anew after n changes of source.
func (c *EndpointConfig) Forgetful(n int) { c.sources = n }

// What a machine says of a datagram that is too large.
const (
	MessageSize    = syscall.EMSGSIZE
	WSAMessageSize = wsaMessageSize
)
