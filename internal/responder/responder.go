// Package responder is the end inside, where the PBX stands: it listens for SIP,
// answers and places test calls for whoever holds the key, and keeps its ledger.
package responder

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/netip"
	"runtime"
	"slices"
	"sync"

	"bothways/internal/evidence"
	"bothways/internal/gateway"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/internal/resolve"
	"bothways/rtpprobe"
	"bothways/rtpprobe/natprobe"
	"bothways/sipprobe"
)

// Config says where and how a responder listens.
type Config struct {
	Network network.Network
	// Key is shared with the clients; it must not be empty.
	Key string
	// Ports are the SIP ports by transport; a transport that is missing is off, and
	// port 0 is any free one.
	Ports map[sipprobe.Transport]uint16
	// RTP is the range of media ports; the zero value is any free port.
	RTP rtpprobe.PortRange
	// Listen are the addresses to listen on; empty means all of the host's. Each gets
	// sockets of its own, so that answers leave from the address that was asked.
	Listen []netip.Addr
	// Public is advertised in Via, Contact and SDP; invalid means the address that
	// the client dialled.
	Public netip.Addr
	// Certificate is for TLS; nil makes a self-signed one.
	Certificate *tls.Certificate
	// STUN are servers of somebody else that tests of the site's NAT ask as well.
	STUN []natprobe.PublicServer
	// Resolver looks up the names that clients dial; the zero value asks as the system does.
	Resolver resolve.Resolver
	// AskRouter has the responder ask its default router, when it starts and once for each client, which
	// address it has on its WAN side.
	AskRouter bool
	// RouterWAN is that address as the user knows it; invalid when it is not given.
	RouterWAN netip.Addr
	// Capture has the responder count what reaches its machine from its clients before
	// the machine's own firewall, where the program has the right to.
	Capture bool
	// AnswerAnyone also answers calls of those who do not have the key.
	AnswerAnyone bool
	// Egress says which servers of others clients may have the responder ask; the zero
	// value allows none. Roots are the certificates that such servers are held against;
	// nil means those of the system.
	Egress Egress
	Roots  *x509.CertPool
	// MaxLoadCalls bounds the calls that clients may hold at once in loads, all of them
	// together; 0 = [scenarios.MaxLoadCalls], less than 0 is none.
	MaxLoadCalls int
	Version      string
	Logger       *slog.Logger // nil is silent
}

// A Responder serves until Close.
type Responder struct {
	cfg       Config
	guard     *sipprobe.Guard
	tape      *sipprobe.Tape
	pacer     *rtpprobe.Pacer
	own       *ownNetwork
	endpoints []*sipprobe.Endpoint
	sockets   []evidence.Socket
	refused   error // why the first of those that are not open is not
	addresses []netip.Addr
	container *evidence.Container
	ready     chan struct{} // closed once all sockets are open
	ctx       context.Context
	cancel    context.CancelFunc
	work      sync.WaitGroup

	mu        sync.Mutex
	sessions  map[string]*session
	strangers int // calls of those without the key
	held      int // calls that loads may hold

	sweeps  sweepBook
	bells   bellBook
	spoken  spokenPorts
	lines   lineBook
	lookout lookout
	gateway gateway.Asker
	errands errands
}

// ErrNoSocket says that not one SIP socket could be opened.
var ErrNoSocket = errors.New("cannot listen on any SIP port")

// tapeBytes bounds the signalling that the responder keeps for all its sessions.
const tapeBytes = 8 << 20

// Start opens the sockets and serves. Sockets that cannot be opened are listed in
// Sockets with the reason; it is an error only when none can.
func Start(ctx context.Context, cfg Config) (*Responder, error) {
	if cfg.Key == "" {
		return nil, errors.New("a responder needs a key")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Responder{cfg: cfg, tape: &sipprobe.Tape{MaxBytes: tapeBytes, Skip: evidence.Untaped}, sessions: make(map[string]*session), ready: make(chan struct{})}
	r.errands = newErrands()
	r.own = &ownNetwork{Network: cfg.Network, spoken: &r.spoken, opened: make(map[netip.AddrPort]*opening)}
	r.guard = sipprobe.NewGuard(sipprobe.GuardConfig{
		Key: cfg.Key, Software: r.software(), AnswerAnyone: cfg.AnswerAnyone, Holder: r.isClient, Accept: pairing.ContentType,
	})
	r.ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.pacer = rtpprobe.StartPacer(rtpprobe.PacerConfig{})
	if err := r.listen(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.container = containerOf(cfg.Network)
	r.watch()
	r.meetRouter()
	close(r.ready)
	return r, nil
}

func (r *Responder) software() string { return "bothways-responder/" + r.cfg.Version }

func (r *Responder) program() evidence.Program {
	return evidence.Program{Version: r.cfg.Version, Protocol: pairing.Protocol, OS: runtime.GOOS, Arch: runtime.GOARCH}
}

// Sockets lists the SIP sockets, with those that could not be opened.
func (r *Responder) Sockets() []evidence.Socket { return slices.Clone(r.sockets) }

// Refused is why the first SIP socket that could not be opened could not, nil when all are open.
func (r *Responder) Refused() error { return r.refused }

// Addresses lists the host's addresses.
func (r *Responder) Addresses() []netip.Addr { return slices.Clone(r.addresses) }

// Sessions is how many clients are paired at the moment.
func (r *Responder) Sessions() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions)
}

// Close ends every session and call, and returns when nothing is left.
func (r *Responder) Close() error {
	r.mu.Lock() // whoever holds it may be about to begin some work
	r.cancel()
	r.mu.Unlock()
	r.work.Wait()
	var errs []error
	for _, e := range r.endpoints {
		errs = append(errs, e.Close())
	}
	r.pacer.Close()
	return errors.Join(errs...)
}

// maySend limits what the responder sends on its own account to addresses at which
// a client has proven itself.
func (r *Responder) maySend(to netip.AddrPort) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sessions {
		if s.proven[to.Addr()] {
			return true
		}
	}
	return false
}

// endpoint returns the endpoint of a transport that has this local address, or
// else the first of the transport and the address's family.
func (r *Responder) endpoint(t sipprobe.Transport, local netip.Addr) *sipprobe.Endpoint {
	var other *sipprobe.Endpoint
	for _, e := range r.endpoints {
		switch {
		case e.Transport() != t:
		case e.Local().Addr() == local:
			return e
		case other == nil && e.Local().Addr().Is4() == local.Is4() && !e.Local().Addr().IsLoopback():
			other = e
		}
	}
	return other
}
