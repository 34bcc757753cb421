package responder

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"bothways/sipprobe"
)

// ErrVersion says that the client that was dialled speaks another version of the protocol.
var ErrVersion = errors.New("another version of the protocol")

// Times of a line to a client.
const (
	dialTimeout    = 8 * time.Second // for the connection and its handshake
	presentTimeout = 4 * time.Second // for the client to prove itself
	firstPause     = 250 * time.Millisecond
	longestPause   = 5 * time.Second
	// A client that is there gives an order every pairing.KeepAlive. One that was
	// silent for longer is asked, so that the line is dialled again before the client
	// gives up.
	silence    = 1750 * time.Millisecond
	askTimeout = 1500 * time.Millisecond
)

// A line is the connection that the responder opens to a client which waits for it,
// for sites that nothing reaches from outside.
type line struct {
	*Responder
	// endpoint is the connection's own: it needs no listener, meets no flow of a test,
	// and a session that ends late cannot close the connection of the next.
	endpoint *sipprobe.Endpoint
	instance string
	messages int // sent
	began    time.Time
	heard    atomic.Int64                // when something came over it, in ns since it began: no clock that is set
	said     map[netip.AddrPort][]string // to the log, since the line was held last
}

// Dial opens the pairing outward: it connects to the first of the addresses at which a
// client waits and proves itself, serves its orders over that connection, and dials
// again when it is lost. It returns when ctx ends or the responder is closed; before
// that only with sipprobe.ErrWrongKey or ErrVersion, which time does not mend.
func (r *Responder) Dial(ctx context.Context, clients ...netip.AddrPort) error {
	if len(clients) == 0 || !r.begin() {
		return nil
	}
	defer r.work.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	l := &line{Responder: r, instance: strings.ToLower(rand.Text()[:16]), said: make(map[netip.AddrPort][]string), began: time.Now()}
	return l.keep(ctx, clients)
}

// begin counts some work in, unless the responder is being closed.
func (r *Responder) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return false
	}
	r.work.Add(1)
	return true
}

// hear notes that something came over the line, quiet is how long ago something did.
func (l *line) hear() { l.heard.Store(int64(time.Since(l.began))) }

func (l *line) quiet() time.Duration { return time.Since(l.began) - time.Duration(l.heard.Load()) }

// serve answers the client as on the responder's own ports.
func (l *line) serve(in *sipprobe.Incoming) {
	l.hear()
	l.Responder.serve(in)
}

// keep holds the line, and dials again: at once where it was held, and less and less
// often where it was not.
func (l *line) keep(ctx context.Context, clients []netip.AddrPort) error {
	next, pause := 0, firstPause
	for {
		client := clients[next%len(clients)]
		held, err := l.hold(ctx, client)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, sipprobe.ErrWrongKey) || errors.Is(err, ErrVersion):
			return fmt.Errorf("client at %s: %w", client, err)
		case held:
			pause = firstPause
			l.say("connection to the client ended, dialling again", client, err)
		default:
			next++
			l.say("no client to be paired with yet, trying again", client, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// maxSaid bounds what is said of a client that cannot be paired with: a responder may dial for months.
const maxSaid = 8

// say logs what is new.
func (l *line) say(what string, client netip.AddrPort, err error) {
	now := what + " " + withoutPorts(err)
	if said := l.said[client]; len(said) < maxSaid && !slices.Contains(said, now) {
		l.said[client] = append(said, now)
		l.cfg.Logger.Info(what, "client", client, "reason", err)
	}
}

// withoutPorts is what an error says but for the ports of connections, which differ each time.
func withoutPorts(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op + " " + op.Err.Error()
	}
	return fmt.Sprint(err)
}
