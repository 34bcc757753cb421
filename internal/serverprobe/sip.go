package serverprobe

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/sipprobe"
)

// sip asks by OPTIONS, from a socket of its own and without a key: a stranger's challenge
// is an answer too, and is not answered.
func (a asker) sip(ctx context.Context, t *evidence.ServerTrial) {
	over := sipprobe.Transport(a.transport)
	x := sipprobe.Exchange{Method: "OPTIONS", Transport: over, Remote: t.Remote, Outcome: sipprobe.NotReached}
	e, err := a.endpoint(ctx, t, over)
	if err != nil {
		x.Error = clean(err.Error())
		t.SIP = &x
		return
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	x = e.Options(ctx, sipprobe.Target{Peer: t.Remote, Host: a.name(), Token: strings.ToLower(rand.Text())})
	x.Reason, x.Server, x.Accepts, x.Error = clean(x.Reason), clean(x.Server), clean(x.Accepts), clean(x.Error)
	t.SIP = &x
}

// endpoint opens the way to the server.
func (a asker) endpoint(ctx context.Context, t *evidence.ServerTrial, over sipprobe.Transport) (*sipprobe.Endpoint, error) {
	cfg := sipprobe.EndpointConfig{Transport: over, Software: a.Software}
	if over == sipprobe.UDP {
		conn, err := a.Network.DialPacket(ctx, netip.AddrPort{}, t.Remote)
		if err != nil {
			return nil, err
		}
		cfg.PacketConn = &peerConn{Conn: conn, trial: t}
		return sipprobe.Start(cfg)
	}
	conn, err := a.stream(ctx, t, over)
	if err != nil {
		return nil, err
	}
	return sipprobe.StartOver(conn, cfg)
}

// stream opens a connection. Whether the certificate can be trusted was noted by a
// handshake before, and does not keep the question from being asked.
func (a asker) stream(ctx context.Context, t *evidence.ServerTrial, over sipprobe.Transport) (net.Conn, error) {
	if over == sipprobe.TLS {
		if a.tls(ctx, t); !t.TLS.Ordinary.Complete {
			return nil, errors.New("the TLS handshake failed: " + t.TLS.Ordinary.Error)
		}
	}
	conn, err := a.dial(ctx, t)
	if err != nil || over != sipprobe.TLS {
		return conn, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	conn, _, err = network.Secure(ctx, conn, a.name())
	return conn, err
}

// A peerConn is a connected UDP socket as a packet socket, which notes what ICMP says.
type peerConn struct {
	net.Conn
	mu    sync.Mutex
	trial *evidence.ServerTrial
}

// ReadFrom reads one datagram of the peer's.
func (c *peerConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := c.Read(b)
	c.note(err)
	return n, c.RemoteAddr(), err
}

// WriteTo writes one datagram, to the peer and nobody else.
func (c *peerConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if to.String() != c.RemoteAddr().String() {
		return 0, errors.New("not the peer of this socket")
	}
	n, err := c.Write(b)
	if c.note(err) { // of an earlier datagram: this one has not left yet
		n, err = c.Write(b)
	}
	return n, err
}

// note reports whether an error came by ICMP.
func (c *peerConn) note(err error) bool {
	if err == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	result := network.ConnectResult(err)
	if result != "refused" && result != "unreachable" {
		return false
	}
	c.trial.ICMP = result
	return true
}
