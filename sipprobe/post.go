package sipprobe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// pauses are those after each copy of a request that is posted: over UDP there are
// three copies (Timer A of RFC 3261 section 17.1.1.2), over a connection there is one.
func (e *Endpoint) pauses(last time.Duration) []time.Duration {
	if e.cfg.Transport == UDP {
		return []time.Duration{timerT1, 2 * timerT1, last}
	}
	return []time.Duration{last}
}

// A posted request is one that was sent without a transaction.
type posted struct {
	copies int
	status int // of the first answer, 0 = none
	err    error
}

func (p posted) failure() string {
	if p.err == nil {
		return ""
	}
	return p.err.Error()
}

// wsaMessageSize is what Windows reports instead of EMSGSIZE.
const wsaMessageSize = syscall.Errno(10040)

// tooLarge reports whether this machine refused a datagram for its size: it must not
// be fragmented, and fits neither the link nor what the machine knows of the path.
func (p posted) tooLarge() bool {
	return errors.Is(p.err, syscall.EMSGSIZE) || errors.Is(p.err, wsaMessageSize)
}

// hold posts a request, again after each pause but the last, until any answer comes.
func (e *Endpoint) hold(ctx context.Context, peer netip.AddrPort, branch string, data []byte, pauses []time.Duration) (p posted) {
	answer, ok := e.book.listenFor(branch)
	if !ok {
		p.err = errTokenInUse
		return p
	}
	defer e.book.unlisten(branch)
	for _, pause := range pauses {
		if p.err = e.post(peer, data); p.err != nil {
			return p
		}
		p.copies++
		select {
		case p.status = <-answer:
			return p
		case <-ctx.Done():
			p.err = context.Cause(ctx)
			return p
		case <-time.After(pause):
		}
	}
	return p
}

// post writes one message as it stands, taped like every other.
func (e *Endpoint) post(peer netip.AddrPort, data []byte) error {
	if e.ctx.Err() != nil {
		return errEnded
	}
	if e.cfg.Transport == UDP {
		_, err := e.packets.WriteTo(data, net.UDPAddrFromAddrPort(peer))
		return err
	}
	c := e.queue.to(peer)
	if c == nil {
		return errConnClosed
	}
	_, err := c.Write(data)
	return err
}

// listenFor waits for the first answer to a request that has no transaction; false
// when its branch is taken.
func (b *book) listenFor(branch string) (<-chan int, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shows[branch] != nil {
		return nil, false
	}
	answer := make(chan int, 1)
	b.shows[branch] = answer
	return answer, true
}

func (b *book) unlisten(branch string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.shows, branch)
}

// answered reports whether a response is for such a request, and passes its status on.
func (b *book) answered(branch string, status int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	answer, ok := b.shows[branch]
	if ok {
		select {
		case answer <- status:
		default: // an answer to an earlier copy
		}
	}
	return ok
}
