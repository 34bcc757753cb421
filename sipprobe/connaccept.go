package sipprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"time"
)

// acceptLoop takes connections from the listener; each handshakes on its own
// goroutine, so that one stalled peer stops nobody.
func (q *connQueue) acceptLoop() {
	for {
		conn, err := q.listener.Accept()
		switch {
		case err == nil && q.enter(conn):
			q.wg.Go(func() { q.admit(conn) })
		case err == nil:
			conn.Close()
		case errors.Is(err, net.ErrClosed) || !q.pause():
			return
		}
	}
}

// pause waits for file descriptors to come back; false when the queue has closed.
func (q *connQueue) pause() bool {
	select {
	case <-time.After(50 * time.Millisecond):
		return true
	case <-q.ctx.Done():
		return false
	}
}

// enter counts a connection in, unless there are too many already.
func (q *connQueue) enter(conn net.Conn) bool {
	host := hostOf(conn)
	q.mu.Lock()
	defer q.mu.Unlock()
	all := 0
	for _, n := range q.hosts {
		all += n
	}
	if q.ctx.Err() != nil || all >= maxConns || q.hosts[host] >= maxConnsPerHost {
		return false
	}
	q.hosts[host]++
	return true
}

func (q *connQueue) leave(host netip.Addr) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hosts[host]--; q.hosts[host] == 0 {
		delete(q.hosts, host)
	}
}

func hostOf(conn net.Conn) netip.Addr { return addrPort(conn.RemoteAddr()).Addr() }

// admit gives an accepted connection to sipgo and stays with it until its end.
func (q *connQueue) admit(conn net.Conn) {
	defer q.leave(hostOf(conn))
	if !q.handshake(conn) {
		conn.Close()
		return
	}
	c := newGuardedConn(conn, q.endpoint, false)
	if q.add(c) == nil {
		<-c.closed
	}
}

func (q *connQueue) handshake(conn net.Conn) bool {
	t, ok := conn.(*tls.Conn)
	if !ok {
		return true
	}
	ctx, cancel := context.WithTimeout(q.ctx, writeTimeout)
	defer cancel()
	return t.HandshakeContext(ctx) == nil
}

// Adopt serves a connection that the caller dialled (for TLS: after its handshake).
// Requests to its remote address use it from then on. It is the endpoint's: closed
// by Close, by the far end, or at once when Adopt returns an error.
func (e *Endpoint) Adopt(conn net.Conn) error {
	if e.queue == nil {
		conn.Close()
		return errors.New("sipprobe: a UDP endpoint has no connections")
	}
	return e.queue.add(newGuardedConn(conn, e, true))
}

// Connected reports whether a connection to the peer is open; always true for UDP.
func (e *Endpoint) Connected(peer netip.AddrPort) bool {
	return e.queue == nil || e.queue.to(peer) != nil
}

// Disconnect closes the connection to the peer, if there is one.
func (e *Endpoint) Disconnect(peer netip.AddrPort) {
	if e.queue == nil {
		return
	}
	if c := e.queue.to(peer); c != nil {
		c.Close()
	}
}
