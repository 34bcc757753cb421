package responder

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// hold connects to a client and stays with it until the connection ends. Held is
// true once the client has proven itself; the error says what ended it.
func (l *line) hold(ctx context.Context, client netip.AddrPort) (held bool, err error) {
	conn, err := l.connect(ctx, client)
	if err != nil {
		return false, err
	}
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		conn.Close()
		return false, err
	}
	cfg := l.endpointConfig(sipprobe.TLS)
	cfg.Serve = l.serve
	if l.endpoint, err = sipprobe.StartOver(conn, cfg); err != nil {
		return false, err
	}
	defer l.endpoint.Close()
	p := pairing.Presence{Program: l.program(), Instance: l.instance, Local: local, Dialled: client}
	if err := l.present(ctx, p, presentTimeout); err != nil {
		return false, err
	}
	l.hear()
	clear(l.said)
	l.cfg.Logger.Info("client dialled", "client", client)
	return true, l.stay(ctx, conn, p)
}

func (l *line) connect(ctx context.Context, client netip.AddrPort) (*endingConn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	secure, err := l.dialClient(ctx, sipprobe.TLS, client)
	if err != nil {
		return nil, err
	}
	return &endingConn{Conn: secure, ended: make(chan struct{})}, nil
}

var errEnded = errors.New("closed")

// stay waits for the end of the connection, and asks where the client is silent.
func (l *line) stay(ctx context.Context, conn *endingConn, p pairing.Presence) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-conn.ended:
			return errEnded
		case <-time.After(silence - l.quiet()):
		}
		if l.quiet() < silence {
			continue
		}
		if err := l.present(ctx, p, askTimeout); err != nil {
			return err
		}
		l.hear()
	}
}

// present says who is there, and learns whether it is a client with the key.
func (l *line) present(ctx context.Context, p pairing.Presence, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	body, err := pairing.Encode(p)
	if err != nil {
		return err
	}
	l.messages++
	to := sipprobe.Target{Peer: p.Dialled, Token: fmt.Sprintf("inside-%s-%d", l.instance, l.messages)}
	x := l.endpoint.Message(ctx, to, pairing.ContentType, pairing.Encoding, body)
	if x.Outcome != sipprobe.Accepted {
		return refusal(x)
	}
	var reply pairing.Reply
	if err := pairing.Decode(x.Body(), &reply); err != nil {
		return fmt.Errorf("cannot read the reply: %w", err)
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	return nil
}

// refusal says why the client would not be paired.
func refusal(x sipprobe.Exchange) error {
	theirs := pairing.ProtocolOf(x.Accepts)
	switch {
	case x.Outcome == sipprobe.WrongKey:
		return sipprobe.ErrWrongKey
	case x.Status == 415 && theirs != 0 && theirs != pairing.Protocol:
		return fmt.Errorf("%w: it speaks version %d, this responder version %d", ErrVersion, theirs, pairing.Protocol)
	case x.Outcome == sipprobe.Refused && x.Error == "":
		return fmt.Errorf("it does not wait for a responder: %d %s", x.Status, x.Reason)
	}
	return fmt.Errorf("%s: %s", x.Outcome, x.Error)
}

// An endingConn tells when it was closed, by whichever end.
type endingConn struct {
	net.Conn
	once  sync.Once
	ended chan struct{}
}

// Close closes the connection.
func (c *endingConn) Close() error {
	c.once.Do(func() { close(c.ended) })
	return c.Conn.Close()
}
