package pairing

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// A Path is one way to send orders: an endpoint and where the responder is from there.
type Path struct {
	Endpoint *sipprobe.Endpoint
	Target   sipprobe.Target // Token is filled in for each order
	// Peer is where the responder is at the moment, once Connect has returned; nil
	// where it stays at Target.
	Peer func() netip.AddrPort
	// Connect opens the connection of the path where there is none; nil where none is needed.
	Connect func(context.Context) error
}

// ErrLost says that no transport reaches the responder any more.
var ErrLost = errors.New("the responder cannot be reached any more")

// ErrNoRecord says that the responder never saw what was asked for.
var ErrNoRecord = errors.New("the responder has no record of it")

// A Link sends the orders of one run, one at a time, over the best path that
// works, and moves on when one dies.
type Link struct {
	run string

	mu    sync.Mutex
	paths []Path // the one in use first
	seq   int
	lost  []evidence.Loss
	dead  bool // every path has failed for as long as the responder would wait

	sending chan struct{} // holds one token: orders go one at a time
}

// NewLink returns a link over paths, best first.
func NewLink(run string, paths []Path) *Link {
	l := &Link{run: run, paths: paths, sending: make(chan struct{}, 1)}
	l.sending <- struct{}{}
	return l
}

// Two dead paths and a KeepAlive take less than a Lease, so that the third is still
// in time.
const (
	// pathTimeout is how long an order may take on one path: over UDP three copies
	// have then left (Timer A).
	pathTimeout = 2 * time.Second
	// orderTimeout is how long an order goes round the paths.
	orderTimeout = 5 * time.Second
	// roundPause keeps paths that fail at once from being tried without end.
	roundPause = 300 * time.Millisecond
)

// Do gives an order and waits for the reply. It fails with what the responder said
// against the order, or with ErrLost when no path works; the link is then of no use
// any more.
func (l *Link) Do(ctx context.Context, o Order) (Reply, error) {
	select {
	case <-l.sending:
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
	defer func() { l.sending <- struct{}{} }()
	paths, err := l.number(&o)
	if err != nil {
		return Reply{}, err
	}
	r, err := l.round(ctx, o, paths)
	if err == nil && r.Error != "" {
		err = errors.New(r.Error)
	}
	return r, err
}

// number gives the order its place in the run.
func (l *Link) number(o *Order) (paths int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return 0, ErrLost
	}
	l.seq++
	o.Run, o.Seq = l.run, l.seq
	return len(l.paths), nil
}

// round tries the paths one after the other, each at least once.
func (l *Link) round(ctx context.Context, o Order, paths int) (Reply, error) {
	start := time.Now()
	for try := 0; ; try++ {
		r, err := l.try(ctx, o, try)
		if err == nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return r, errors.Join(ctx.Err(), err)
		}
		l.moveOn(err, try < paths)
		if try+1 < paths {
			continue
		}
		if time.Since(start) >= orderTimeout {
			l.giveUp()
			return Reply{}, ErrLost
		}
		if (try+1)%paths == 0 {
			sleep(ctx, roundPause)
		}
	}
}

func (l *Link) try(ctx context.Context, o Order, try int) (Reply, error) {
	p := l.current()
	body, err := Encode(o)
	if err != nil {
		return Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, pathTimeout+o.duration())
	defer cancel()
	if p.Connect != nil {
		if err := p.Connect(ctx); err != nil {
			return Reply{}, err
		}
	}
	to := p.Target
	if p.Peer != nil {
		to.Peer = p.Peer()
	}
	to.Token = orderToken(o, p.Endpoint.Transport(), try)
	x := p.Endpoint.Message(ctx, to, ContentType, Encoding, body)
	if x.Outcome != sipprobe.Accepted {
		return Reply{}, fmt.Errorf("%s: %s", x.Outcome, x.Error)
	}
	var r Reply
	if err := Decode(x.Body(), &r); err != nil {
		return Reply{}, fmt.Errorf("cannot read the reply: %w", err)
	}
	return r, nil
}

// orderToken marks one try of an order: each is a transaction of its own.
func orderToken(o Order, t sipprobe.Transport, try int) string {
	token := fmt.Sprintf("%s-order-%d-%s", o.Run, o.Seq, t)
	if try > 0 {
		token = fmt.Sprintf("%s-%d", token, try+1)
	}
	return token
}

func (l *Link) current() Path {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paths[0]
}

// moveOn puts the path in use at the end of the line, and notes the loss.
func (l *Link) moveOn(err error, note bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if note {
		l.lost = append(l.lost, evidence.Loss{Time: time.Now(), Transport: l.paths[0].Endpoint.Transport(), Error: err.Error()})
	}
	l.paths = append(l.paths[1:len(l.paths):len(l.paths)], l.paths[0])
}

func (l *Link) giveUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
}

// Transport is the one in use.
func (l *Link) Transport() sipprobe.Transport { return l.current().Endpoint.Transport() }

// Lost lists when the link had to move on.
func (l *Link) Lost() []evidence.Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]evidence.Loss(nil), l.lost...)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// KeepAlive shows the responder that the client is there until ctx ends. It
// returns ErrLost when the responder is not.
func (l *Link) KeepAlive(ctx context.Context) error {
	for {
		if err := sleep(ctx, KeepAlive); err != nil {
			return nil
		}
		if _, err := l.Do(ctx, Order{}); err != nil && ctx.Err() == nil {
			return err
		}
	}
}
