package responder

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// Bounds of what clients may ask for.
const (
	maxSessions  = 16
	maxCalls     = 64  // at once, per session
	maxRecords   = 512 // calls recorded per session
	maxExpected  = 256
	maxAddresses = 64 // of one client
	maxOpened    = 64 // connections remembered per session
)

// A session is one client's run. It lives as long as its client shows itself.
type session struct {
	run    string
	ctx    context.Context
	cancel context.CancelFunc
	expiry *time.Timer
	orders orderBook
	work   sync.WaitGroup // its calls
	ended  atomic.Bool    // by a goodbye
	taped  int            // where it begins on the responder's tape

	// Under the responder's lock:
	proven map[netip.Addr]bool // addresses at which the client answered a challenge

	mu       sync.Mutex
	dialled  netip.Addr
	flows    map[sipprobe.Transport]flow // the newest of each transport
	opened   map[flow]bool               // TCP and TLS, to be closed at the end
	expected map[string]pairing.Expect
	records  map[string]*record
	calls    int
	lastCall time.Time // when media ports were wanted last

	sweeping sweeping
	router   router
	lookup   lookup
	tally    *tally
	aside    aside
	belfry   belfry
	nat      natTesting
	loading  loading
}

// A flow is a path that the client opened.
type flow struct {
	endpoint *sipprobe.Endpoint
	peer     netip.AddrPort
}

var (
	errTooManySessions = errors.New("too many clients at once: try again when one of them is done")
	errNoSession       = errors.New("the responder knows no such run: it was restarted, or the client was silent for too long")
)

// session returns the session of a run, opening it for a hello.
func (r *Responder) session(run string, open bool) (*session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[run]
	switch {
	case r.ctx.Err() != nil:
		return nil, errNoSession
	case s != nil && s.ctx.Err() == nil:
		return s, nil
	case s != nil || !open:
		return nil, errNoSession
	case len(r.sessions) >= maxSessions:
		return nil, errTooManySessions
	}
	s = &session{
		run: run, proven: make(map[netip.Addr]bool), orders: newOrderBook(),
		flows: make(map[sipprobe.Transport]flow), opened: make(map[flow]bool),
		expected: make(map[string]pairing.Expect), records: make(map[string]*record),
	}
	s.taped = r.tape.Place(run) // its hello is there already
	s.ctx, s.cancel = context.WithCancel(r.ctx)
	s.expiry = time.AfterFunc(pairing.Lease, s.cancel)
	s.tally = r.lookout.begin(run)
	r.sessions[run] = s
	r.work.Go(func() { r.retire(s) })
	r.askRouter(s)
	r.cfg.Logger.Info("client paired", "run", run)
	return s, nil
}

// isClient reports whether a Call-ID is one of a run that is paired.
func (r *Responder) isClient(callID string) bool {
	run, _, _ := strings.Cut(callID, "-")
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[run] != nil
}

// retire waits for the end of a session and of its calls, and leaves nothing of it.
func (r *Responder) retire(s *session) {
	<-s.ctx.Done()
	s.expiry.Stop()
	s.mu.Lock() // whoever holds it may be about to begin a call
	opened := slices.Collect(maps.Keys(s.opened))
	s.mu.Unlock()
	s.work.Wait()
	r.mu.Lock()
	delete(r.sessions, s.run)
	r.mu.Unlock()
	r.lookout.end(s.tally)
	r.cfg.Logger.Info("client gone", "run", s.run)
	if s.ended.Load() {
		r.linger()
	}
	s.aside.close()
	for _, f := range opened {
		f.endpoint.Disconnect(f.peer)
	}
}

// lingerTime lets a client that has said goodbye read the answer and close its
// connections itself.
const lingerTime = time.Second

func (r *Responder) linger() {
	select {
	case <-time.After(lingerTime):
	case <-r.ctx.Done():
	}
}

// touch renews the lease and notes where the client is: the request answered a
// challenge that was sent to this address.
func (r *Responder) touch(s *session, in *sipprobe.Incoming) {
	r.prove(s, in.Source.Addr())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	s.expiry.Reset(pairing.Lease)
	f := flow{endpoint: in.Endpoint, peer: in.Source}
	s.flows[in.Endpoint.Transport()] = f
	if in.Endpoint.Transport() != sipprobe.UDP && len(s.opened) < maxOpened {
		s.opened[f] = true
	}
}

func (r *Responder) prove(s *session, addr netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(s.proven) < maxAddresses {
		s.proven[addr] = true
		r.lookout.from(s.tally, addr)
	}
}

// mayHear says whether media may go to an address: only to hosts that have proven
// that they receive what is sent to them.
func (r *Responder) mayHear(s *session) func(netip.AddrPort) bool {
	return func(to netip.AddrPort) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return s.proven[to.Addr()]
	}
}

func (s *session) flow(t sipprobe.Transport) (flow, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.flows[t]
	return f, ok
}

// whence is where the client is that gave an order, for what goes there beside SIP: a box
// that opens TLS gives orders from its own address, and media does not go to it.
func (s *session) whence(in *sipprobe.Incoming) netip.Addr {
	if a, ok := s.clientAddr(in.Endpoint.Transport()); ok && a.Is4() == in.Source.Addr().Is4() {
		return a
	}
	return in.Source.Addr()
}

// clientAddr is the client's address as seen over UDP, which no proxy carries, or on
// that transport, or on any.
func (s *session) clientAddr(t sipprobe.Transport) (netip.Addr, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, over := range []sipprobe.Transport{sipprobe.UDP, t} {
		if f, ok := s.flows[over]; ok {
			return f.peer.Addr(), true
		}
	}
	for _, f := range s.flows {
		return f.peer.Addr(), true
	}
	return netip.Addr{}, false
}
