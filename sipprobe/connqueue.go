package sipprobe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	maxConns        = 512 // open connections of an endpoint
	maxConnsPerHost = 64  // of these, accepted from one host
)

var (
	errTooManyConns = errors.New("too many connections")
	errNoAddress    = errors.New("a connection without an IP address")
)

// connQueue is the listener that sipgo accepts from: it yields connections that
// were accepted (after their TLS handshake) and those that were dialled.
type connQueue struct {
	endpoint *Endpoint
	listener net.Listener // nil when the endpoint only dials
	ctx      context.Context
	cancel   context.CancelFunc
	ready    chan *guardedConn
	handed   *guardedConn   // what sipgo took last; only Accept touches it
	wg       sync.WaitGroup // the accept loop, handshakes, and a watch for each connection

	mu    sync.Mutex
	conns map[*guardedConn]bool
	peers map[netip.AddrPort]*guardedConn // the newest connection to each
	hosts map[netip.Addr]int              // accepted connections, those in their handshake included
}

func newConnQueue(e *Endpoint, l net.Listener) *connQueue {
	q := &connQueue{
		endpoint: e, listener: l, ready: make(chan *guardedConn), conns: make(map[*guardedConn]bool),
		peers: make(map[netip.AddrPort]*guardedConn), hosts: make(map[netip.Addr]int),
	}
	q.ctx, q.cancel = context.WithCancel(context.Background())
	return q
}

// Accept hands the next connection to sipgo. By the time sipgo asks for another,
// it has registered the one before under a connection of its own, which the link
// replaces before the first message is read.
func (q *connQueue) Accept() (net.Conn, error) {
	if c := q.handed; c != nil {
		q.endpoint.pool.Add(c.RemoteAddr().String(), c.link)
		q.endpoint.pool.Add(c.remote.String(), c.link)
		close(c.registered)
		q.handed = nil
	}
	select {
	case q.handed = <-q.ready:
		return q.handed, nil
	case <-q.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close does nothing: the endpoint closes the queue by shutdown.
func (q *connQueue) Close() error { return nil }

// Addr is the listener's address, zero without one.
func (q *connQueue) Addr() net.Addr {
	if q.listener == nil {
		return &net.TCPAddr{}
	}
	return q.listener.Addr()
}

// add gives a connection to sipgo and returns when requests can be sent on it.
func (q *connQueue) add(c *guardedConn) error {
	if err := q.remember(c); err != nil {
		c.Close()
		return err
	}
	select {
	case q.ready <- c:
	case <-q.ctx.Done():
		c.Close()
		return net.ErrClosed
	}
	select {
	case <-c.registered:
		return nil
	case <-q.ctx.Done():
		return net.ErrClosed
	}
}

func (q *connQueue) remember(c *guardedConn) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case !c.remote.IsValid():
		return errNoAddress
	case q.ctx.Err() != nil:
		return net.ErrClosed
	case len(q.conns) >= maxConns:
		return errTooManyConns
	}
	q.conns[c] = true
	q.peers[c.remote] = c
	q.wg.Go(func() { q.watch(c) })
	return nil
}

// closeGrace lets what arrived just before the end of a connection be handled
// before transactions learn of the end.
const closeGrace = 50 * time.Millisecond

// watch cleans up behind a connection.
func (q *connQueue) watch(c *guardedConn) {
	<-c.closed
	q.mu.Lock()
	delete(q.conns, c)
	if q.peers[c.remote] == c {
		delete(q.peers, c.remote)
	}
	q.mu.Unlock()
	q.endpoint.pool.CloseAndDelete(c.link, c.RemoteAddr().String())
	q.endpoint.pool.CloseAndDelete(c.link, c.remote.String())
	select {
	case <-time.After(closeGrace):
	case <-q.ctx.Done():
	}
	q.endpoint.ua.TransactionLayer().OnConnectionClose(c.link)
}

// to returns the newest connection to a peer, nil without one.
func (q *connQueue) to(peer netip.AddrPort) *guardedConn {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.peers[peer]
}

func (q *connQueue) shutdown() error {
	q.mu.Lock()
	q.cancel()
	for c := range q.conns {
		q.wg.Go(func() { c.Close() })
	}
	q.mu.Unlock()
	var err error
	if q.listener != nil {
		err = q.listener.Close()
	}
	q.wg.Wait()
	return err
}
