package sipprobe

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	writeTimeout    = 10 * time.Second // and that of a TLS handshake
	strangerTimeout = 15 * time.Second // for a first admitted message
	idleTimeout     = 20 * time.Minute // afterwards
)

// guardedConn is one TCP or TLS connection as sipgo sees it: each read returns
// (the next part of) one whole message that passed inspection.
type guardedConn struct {
	net.Conn
	endpoint   *Endpoint
	remote     netip.AddrPort
	link       *link
	registered chan struct{} // closed when sipgo can find the link
	closed     chan struct{}
	closing    sync.Once
	opened     time.Time

	// The rest belongs to the one goroutine that reads.
	framer  framer
	pending []byte
	trusted bool // we dialled it, or an admitted message has come over it
}

func newGuardedConn(conn net.Conn, e *Endpoint, dialled bool) *guardedConn {
	c := &guardedConn{
		Conn: conn, endpoint: e, remote: addrPort(conn.RemoteAddr()), trusted: dialled, opened: time.Now(),
		registered: make(chan struct{}), closed: make(chan struct{}),
	}
	c.link = &link{endpoint: e, conn: c}
	c.framer = framer{r: conn, pong: c.pong}
	return c
}

func (c *guardedConn) Read(b []byte) (int, error) {
	select {
	case <-c.registered:
	case <-c.closed:
		return 0, net.ErrClosed
	}
	for len(c.pending) == 0 {
		if err := c.next(); err != nil {
			c.Close()
			return 0, io.EOF // any other error sipgo would only log
		}
	}
	n := copy(b, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}

func (c *guardedConn) next() error {
	c.setReadDeadline()
	msg, err := c.framer.next()
	if err != nil {
		if len(bytes.TrimSpace(msg)) > 0 {
			c.record(msg, false, "stream ended: "+err.Error())
		}
		return err
	}
	d := c.endpoint.inspect(msg, c.remote)
	c.record(msg, false, d.note)
	if d.reply != nil {
		_, err = c.Write(d.reply)
	}
	if d.admit {
		c.trusted = true
		c.pending = msg
	}
	return err
}

// setReadDeadline keeps strangers from holding connections open for nothing,
// however much they say.
func (c *guardedConn) setReadDeadline() {
	deadline := c.opened.Add(strangerTimeout)
	if c.trusted {
		deadline = time.Now().Add(idleTimeout)
	}
	c.Conn.SetReadDeadline(deadline)
}

// pong answers a keep-alive, which is not a message and not taped.
func (c *guardedConn) pong() error {
	c.setReadDeadline()
	return c.send([]byte("\r\n"))
}

func (c *guardedConn) Write(b []byte) (int, error) {
	c.record(b, true, "")
	if err := c.send(b); err != nil {
		c.endpoint.cfg.Tape.annotate(b, "not sent: "+err.Error())
		return 0, err
	}
	return len(b), nil
}

// send closes the connection when it fails: half a message cannot be taken back.
func (c *guardedConn) send(b []byte) error {
	c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := c.Conn.Write(b)
	if err != nil {
		c.Close()
	}
	return err
}

func (c *guardedConn) record(data []byte, sent bool, note string) {
	c.endpoint.tape(Record{Sent: sent, Local: addrPort(c.LocalAddr()), Remote: c.remote, Data: data, Note: note})
}

// Close closes the connection once; sipgo and the endpoint both call it.
func (c *guardedConn) Close() error {
	c.closing.Do(func() {
		close(c.closed)
		c.Conn.Close()
	})
	return nil
}
