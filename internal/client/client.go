// Package client is the end outside: it pairs with the responder, runs the checks of
// a scenario with it, and brings home the evidence of both.
package client

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/internal/resolve"
	"bothways/rtpprobe"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// Config says what to run, and against which responder.
type Config struct {
	Network network.Network
	// Target is what the user typed; Address is what it stands for.
	Target  string
	Address netip.Addr
	// Resolution is how a name led there; nil for an address.
	Resolution *resolve.Resolution
	// Ports are the SIP ports of the site by transport; one that is missing is off.
	Ports map[sipprobe.Transport]uint16
	// OwnPorts are the SIP ports of this end, for calls from the site over new flows.
	// A port that cannot be had is replaced by a free one.
	OwnPorts map[sipprobe.Transport]uint16
	// RTP are this end's own media ports; the zero value is any free port.
	RTP rtpprobe.PortRange
	// SecondAddress is another address of this machine, of the site's family, from which
	// what differs by address is tested; invalid for none. One that cannot be used is
	// evidence; CheckSecond says so beforehand.
	SecondAddress netip.Addr
	// STUN are servers of somebody else that tests of this end's own NAT ask as well.
	STUN     []natprobe.PublicServer
	Key      string
	Scenario scenarios.Scenario
	Version  string
	// Wait is how long to wait for a responder that dials this end's own TLS port, for
	// sites that nothing reaches from outside; 0 does not wait. An own port that cannot
	// be had is then an error. Without an Address the run is against the one that the
	// responder came from.
	Wait time.Duration
	// Embedded notes that the responder runs in the same program.
	Embedded bool
	// Router notes which router the site has, empty when that is not known.
	Router string
	// RouterWAN is the address of the site's router on its WAN side; invalid when it is
	// not given.
	RouterWAN netip.Addr
	// Roots are the certificates that servers of others are held against; nil means those
	// of the system.
	Roots *x509.CertPool
	// Progress is told what happens, one event at a time; nil tells nobody. It must not block.
	Progress func(Event)
}

// An Event is one step of a run, for people who wait.
type Event struct {
	// Name is "waiting", "dialled-in", "pairing", "paired", "not-paired", "second-address",
	// "check-started", "check-progress", "check-done" or "lost".
	Name string
	// Check is the check's id, empty for events of the run.
	Check string
	Text  string
}

// String is the event as a line for people.
func (e Event) String() string {
	switch {
	case e.Name == "check-started":
		return e.Check + " …"
	case e.Name == "check-progress":
		return e.Check + ": " + e.Text
	case e.Name == "check-done" && e.Text != "":
		return e.Check + " skipped: " + e.Text
	case e.Name == "check-done":
		return e.Check + " done"
	}
	return e.Text
}

// A run is one execution of a scenario.
type run struct {
	cfg    Config
	ev     *evidence.Evidence
	local  netip.Addr
	public netip.Addr // this end as the responder sees it
	tape   *sipprobe.Tape
	guard  *sipprobe.Guard
	pacer  *rtpprobe.Pacer
	link   *pairing.Link
	door   *door // nil when no responder is to dial in

	flows map[sipprobe.Transport]*flow              // opened by this end
	own   map[sipprobe.Transport]*sipprobe.Endpoint // this end's own ports

	telling sync.Mutex     // held while Progress is told
	work    sync.WaitGroup // what must have ended before the sockets close
	mu      sync.Mutex
	pending map[string]*pendingCall // outbound calls that may come in
	loading *pendingLoad            // whose calls may come in; nil for none
}

// Run runs the scenario and returns its evidence. An error means that nothing could
// be run; a responder that does not answer is evidence, except for one that was
// waited for: then there is ErrNobodyCame.
func Run(ctx context.Context, cfg Config) (*evidence.Evidence, error) {
	r, err := newRun(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if cfg.Wait > 0 {
		if err := r.await(ctx); err != nil {
			return nil, err
		}
	}
	r.openFlows(ctx)
	r.openOwn(ctx)
	r.pair(ctx)
	switch {
	case ctx.Err() != nil:
		r.ev.Run.Interrupted = interruption(context.Cause(ctx))
		r.ev.Pairing.Attempts = slices.DeleteFunc(r.ev.Pairing.Attempts, cutShort)
		r.skipAll(r.ev.Run.Interrupted)
		r.goodbye(ctx)
	case r.link == nil:
		r.skipAll("the client and the responder were not paired")
	default:
		r.execute(ctx)
	}
	r.conclude()
	return r.ev, nil
}

func newRun(ctx context.Context, cfg Config) (*run, error) {
	local, err := source(ctx, cfg)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 8)
	rand.Read(id)
	r := &run{
		cfg: cfg, local: local, public: local, tape: &sipprobe.Tape{Skip: evidence.Untaped},
		flows:   make(map[sipprobe.Transport]*flow),
		own:     make(map[sipprobe.Transport]*sipprobe.Endpoint),
		pending: make(map[string]*pendingCall),
		ev: &evidence.Evidence{Schema: evidence.Schema, Scenario: cfg.Scenario, Run: evidence.Run{
			ID: hex.EncodeToString(id), Started: time.Now(), Target: cfg.Target, Address: cfg.Address, Resolution: cfg.Resolution, Embedded: cfg.Embedded,
			Router: cfg.Router,
		}},
	}
	r.ev.Run.Client = evidence.Program{Version: cfg.Version, Protocol: pairing.Protocol, OS: runtime.GOOS, Arch: runtime.GOARCH}
	r.guard = sipprobe.NewGuard(sipprobe.GuardConfig{Key: cfg.Key, Software: r.software(), Accept: pairing.ContentType})
	r.pacer = rtpprobe.StartPacer(rtpprobe.PacerConfig{})
	return r, nil
}

func (r *run) software() string { return "bothways/" + r.cfg.Version }

func (r *run) progress(name, check, format string, args ...any) {
	r.telling.Lock()
	defer r.telling.Unlock()
	if r.cfg.Progress != nil {
		r.cfg.Progress(Event{Name: name, Check: check, Text: fmt.Sprintf(format, args...)})
	}
}

// close ends everything that the run opened.
func (r *run) close() {
	for _, f := range r.flows {
		f.endpoint.Close()
	}
	for _, e := range r.own {
		e.Close()
	}
	if r.door != nil {
		r.door.close()
	}
	r.pacer.Close()
}

// conclude files this end's ledger.
func (r *run) conclude() {
	if r.link != nil {
		r.ev.Pairing.Lost = r.link.Lost()
	}
	if in := r.ev.Pairing.FromInside; in != nil {
		in.Redialled = r.door.redialled()
	}
	addresses, _ := r.cfg.Network.Addresses() // without them the run is as good
	c := &r.ev.Client
	c.Program, c.Addresses, c.RTP, c.RouterWAN = r.ev.Run.Client, addresses, r.cfg.RTP, r.cfg.RouterWAN
	if r.public != r.local {
		c.PublicAddress = r.public
	}
	c.Tape, c.TapeDropped = r.tape.Records(r.ev.Run.ID), r.tape.Dropped()
	r.ev.Run.DurationMs = time.Since(r.ev.Run.Started).Milliseconds()
	r.ev.Clocks = r.ev.ClockSamples()
}

func (r *run) skipAll(reason string) {
	for _, c := range r.cfg.Scenario.Checks {
		r.ev.Checks = append(r.ev.Checks, evidence.Check{Check: c, Skipped: reason})
	}
}
