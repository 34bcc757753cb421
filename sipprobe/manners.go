package sipprobe

import (
	"net"
	"net/netip"
)

// Manners are what a misconfigured end does differently in one call over UDP. The zero
// value does what it should.
type Manners struct {
	// IgnoreRport sends responses to the port in Via although the request asked for its
	// source port (RFC 3581), and leaves rport as empty as it came. They go to the host
	// that asked, as ever (RFC 3261 section 18.2.2).
	IgnoreRport bool
	// From is the socket that this end's messages leave from, and at which it does not
	// listen; nil is the endpoint's own. Its requests then ask for no rport.
	From net.PacketConn
}

// Behave gives all that this end sends with a Call-ID those manners, until end is
// called. Over TCP and TLS it changes nothing. From stays the caller's, and must not be
// closed before end.
func (e *Endpoint) Behave(callID string, m Manners) (end func()) {
	if e.cfg.Transport != UDP || !m.IgnoreRport && m.From == nil {
		return func() {}
	}
	b := e.book
	b.mu.Lock()
	defer b.mu.Unlock()
	makeRoom(b.manners)
	b.manners[callID] = m
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.manners, callID)
	}
}

func (b *book) mannersOf(callID string) Manners {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.manners[callID]
}

// Behave gives the answers to a request, and all that follows in its call, those
// manners; see [Endpoint.Behave].
func (in *Incoming) Behave(m Manners) (end func()) { return in.Endpoint.Behave(in.CallID, m) }

// writeFrom is WriteTo from a socket that is not the endpoint's own; nil is that one.
func (c *guardedPacketConn) writeFrom(conn net.PacketConn, b []byte, to netip.AddrPort) error {
	if conn == nil {
		_, err := c.WriteTo(b, net.UDPAddrFromAddrPort(to))
		return err
	}
	c.endpoint.tape(Record{Sent: true, Local: addrPort(conn.LocalAddr()), Remote: to, Data: b})
	_, err := conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
	if err != nil {
		c.endpoint.cfg.Tape.annotate(b, "not sent: "+err.Error())
	}
	return err
}
