package sipprobe

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	maxSourcesKept = 4096    // sources that sipgo can find a link for
	maxSourcesSeen = 1 << 16 // changes of source until sipgo is made to forget them
)

// guardedPacketConn is the UDP socket as sipgo sees it: taped both ways, and
// silent about whatever did not pass the endpoint's inspection.
type guardedPacketConn struct {
	net.PacketConn
	endpoint *Endpoint
	once     sync.Once
	reading  chan struct{} // closed at the first read

	// The rest belongs to the one goroutine that reads.
	begun   bool
	last    string   // the source that sipgo has seen last
	held    []byte   // a datagram whose source sipgo is just learning
	from    net.Addr // of held
	sources []string // a ring of the sources in sipgo's pool
	oldest  int
	seen    int // changes of source
	limit   int // of seen, maxSourcesSeen but in tests
	failed  int // reads in a row
	ended   bool
}

// ReadFrom returns the next datagram that passed inspection. sipgo remembers a
// connection of its own for every change of source; it is shown a keep-alive
// first, its connection is replaced by a link, and then comes the datagram.
func (c *guardedPacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.begin()
	if c.held != nil {
		c.remember(c.last, addrPort(c.from))
		n := copy(b, c.held)
		c.held = nil
		return n, c.from, nil
	}
	if c.seen >= c.limit {
		return 0, nil, net.ErrClosed // serve begins anew
	}
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		switch {
		case err != nil && !c.survive(err):
			c.ended = true
			return 0, from, net.ErrClosed
		case err != nil || !c.admit(b[:n], from):
			continue
		case from.String() == c.last:
			return n, from, nil
		}
		c.seen++
		c.last, c.from, c.held = from.String(), from, bytes.Clone(b[:n])
		return copy(b, "\r\n"), from, nil
	}
}

// serve has sipgo read from the socket until it is closed. sipgo keeps a list of all
// sources for as long as it serves, so that it must stop now and then.
func (c *guardedPacketConn) serve() error {
	for {
		err := c.endpoint.server.ServeUDP(c)
		if c.ended || err != nil {
			return err
		}
		c.seen, c.last, c.begun = 0, "", false
	}
}

// begin puts the link for requests of our own where sipgo looks for it.
func (c *guardedPacketConn) begin() {
	if c.begun {
		return
	}
	c.begun = true
	c.endpoint.pool.Add(c.endpoint.laddr().String(), &link{endpoint: c.endpoint})
	c.once.Do(func() { close(c.reading) })
}

// remember replaces sipgo's connection to a source by a link. Links stay when the
// socket closes, so that sipgo never finds itself without one and binds a socket.
func (c *guardedPacketConn) remember(name string, source netip.AddrPort) {
	e := c.endpoint
	e.pool.Add(name, &link{endpoint: e, source: source})
	if len(c.sources) < maxSourcesKept {
		c.sources = append(c.sources, name)
		return
	}
	if old := c.sources[c.oldest]; old != name && addrPort(c.LocalAddr()).String() != old {
		e.pool.Delete(old)
	}
	c.sources[c.oldest] = name
	c.oldest = (c.oldest + 1) % maxSourcesKept
}

// survive tells errors about one packet from the end of the socket: sipgo would
// stop listening at any error. Windows reports a refused or an oversized datagram
// here, and any system a network that is down.
func (c *guardedPacketConn) survive(err error) bool {
	for _, end := range []error{net.ErrClosed, io.EOF, io.ErrClosedPipe} {
		if errors.Is(err, end) {
			return false
		}
	}
	c.failed++
	select {
	case <-time.After(min(time.Duration(c.failed)*time.Millisecond, time.Second)):
		return true
	case <-c.endpoint.ctx.Done():
		return false
	}
}

func (c *guardedPacketConn) admit(data []byte, from net.Addr) bool {
	c.failed = 0
	source := addrPort(from)
	d := c.endpoint.inspect(data, source)
	c.endpoint.tape(Record{Local: c.endpoint.local, Remote: source, Data: data, Note: d.note})
	if d.reply != nil {
		via, _ := scanWire(data).value("via")
		_, rport := viaParam(via, "rport")
		_, port := viaSentBy(via)
		c.WriteTo(d.reply, net.UDPAddrFromAddrPort(replyTo(rport, int(port), source)))
	}
	return d.admit
}

// replyTo is where a response over UDP goes: the source of the request, or the port
// of its Via where it did not ask for rport (RFC 3261 section 18.2.2). Never another
// host, and never the port that somebody else has filled in for rport.
func replyTo(rport bool, viaPort int, source netip.AddrPort) netip.AddrPort {
	switch {
	case rport:
		return source
	case viaPort <= 0 || viaPort > 65535:
		viaPort = int(UDP.DefaultPort())
	}
	return netip.AddrPortFrom(source.Addr(), uint16(viaPort))
}

// WriteTo tapes before it sends, so that an answer is never taped before its question.
func (c *guardedPacketConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.endpoint.tape(Record{Sent: true, Local: c.endpoint.local, Remote: addrPort(to), Data: b})
	n, err := c.PacketConn.WriteTo(b, to)
	if err != nil {
		c.endpoint.cfg.Tape.annotate(b, "not sent: "+err.Error())
	}
	return n, err
}
