package rtpprobe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A ReflectorConfig describes the receiving end of a sweep: a window of ports, cold until a valid request
// arrives on one of them.
type ReflectorConfig struct {
	Terms SweepTerms
	// Address is where the ports are opened, and for reports only unless Within opens them.
	Address netip.Addr
	// Ports are opened, at most OpenFileBudget of them at a time (see PlanWindows).
	Ports PortSet
	// Open opens one port; what it opens, the Reflector closes. On Linux a *net.UDPConn is taken apart: its
	// socket lives on in a cheaper way.
	Open func(port uint16) (net.PacketConn, error)
	// Within, if not nil, opens the ports in the place of Open, some five times as fast where the system
	// allows it (Linux): the Reflector hands it a function that opens sockets on Address, and Within calls that once on a
	// thread that is where the sockets shall be. For this machine's own network, func(f func() error) error { return f() }.
	Within func(open func() error) error
	// Allow is asked before anything is sent to a source, for each packet (nil = nothing is ever sent). It must
	// be quick, and safe for several goroutines.
	Allow func(netip.AddrPort) bool
	// ProbeBytes is the size of the largest probe (0 = DefaultProbeBytes); larger packets are foreign.
	ProbeBytes int
	// Portable does without the fast paths of this system.
	Portable bool
}

func (cfg ReflectorConfig) resolve() (ReflectorConfig, error) {
	setDefault(&cfg.ProbeBytes, DefaultProbeBytes)
	cfg.Address = cfg.Address.Unmap()
	if err := cfg.Terms.check(); err != nil {
		return cfg, err
	}
	switch {
	case cfg.Open == nil && cfg.Within == nil:
		return cfg, errors.New("a reflector needs Open or Within to open its ports")
	case cfg.Open == nil && (cfg.Portable || !canReflectRaw):
		return cfg, errors.New("a reflector needs Open here: this system has no faster way")
	case cfg.Within != nil && !cfg.Address.IsValid():
		return cfg, errors.New("a reflector needs an Address to open its ports on")
	case cfg.ProbeBytes < MinProbeBytes || cfg.ProbeBytes > MaxProbeBytes:
		return cfg, fmt.Errorf("probes of %d bytes: want %d to %d", cfg.ProbeBytes, MinProbeBytes, MaxProbeBytes)
	}
	if cfg.Allow == nil {
		cfg.Allow = func(netip.AddrPort) bool { return false }
	}
	return cfg, nil
}

// A Reflector listens on a window of ports, notes what arrives of a sweep, and echoes it to sources that
// are allowed. From a port on which nothing valid arrived nothing is ever sent, and anything without the
// sweep's tag is dropped without a sign. An echo goes to the source of its request, from the socket that it arrived on, and is
// as large as the request.
type Reflector struct {
	cfg     ReflectorConfig
	ports   reflectPorts
	opened  openFaults
	mu      sync.Mutex
	book    arrivalBook
	closing sync.Once
	final   SweepArrived
}

// reflectPorts are the open sockets.
type reflectPorts interface {
	// start begins to receive, and gives each packet to reflect.
	start(r *Reflector)
	// each calls f for every port that is open, with a function that sends from it.
	each(f func(port uint16, send func(b []byte, to netip.AddrPort) error))
	// close ends that and closes the sockets. It returns what was lost for want of room, and on which ports;
	// nil where the system does not tell.
	close() (dropped *int64, on PortSet)
}

// OpenReflector opens the ports and listens. That a port cannot be opened is a fact for the ledger; an
// error means that none could for a reason that is not the port's, and then none is open.
func OpenReflector(cfg ReflectorConfig) (*Reflector, error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	r := &Reflector{cfg: cfg}
	r.book.start = time.Now()
	if canReflectRaw && !cfg.Portable {
		r.ports, err = openRawPorts(&r.cfg, &r.opened)
	}
	if r.ports == nil && (err == nil || errors.Is(err, errNoSocket)) {
		r.ports, err = openPlainPorts(&r.cfg, &r.opened)
	}
	if err != nil {
		return nil, fmt.Errorf("open the ports of the sweep: %w", err)
	}
	r.ports.start(r)
	return r, nil
}

// Listening is the set of the ports that are open.
func (r *Reflector) Listening() PortSet { return r.opened.listened.set() }

// Heard counts the ports whose requests have arrived, for progress.
func (r *Reflector) Heard() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.book.records)
}

// Arrivals lists what arrived so far, a port that a request was meant for each, in order of arrival.
func (r *Reflector) Arrivals() []Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.book.arrivals()
}

// Close closes the ports and returns the ledger; every further call returns the same.
func (r *Reflector) Close() SweepArrived {
	r.closing.Do(func() {
		dropped, on := r.ports.close()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.final = r.book.ledger(&r.cfg, &r.opened)
		r.final.LocalDrops, r.final.DroppedOn = dropped, on
	})
	return r.final
}

// accept notes a packet that arrived on a port, and turns it into its echo; false says that there shall be none.
// The MAC is that of the calling goroutine.
func (r *Reflector) accept(packet []byte, on uint16, from netip.AddrPort, at time.Time, mac *probeMAC) (p probe, reply bool) {
	p, ok := r.cfg.Terms.parseProbe(packet, mac)
	if !ok || p.kind&(probeEcho|probePrime) != 0 || len(packet) > r.cfg.ProbeBytes {
		r.mu.Lock()
		r.book.foreign++
		r.mu.Unlock()
		return p, false
	}
	reply = r.cfg.Allow(from)
	r.mu.Lock()
	r.book.add(&p, on, from, at)
	if !reply {
		r.book.refused++
		r.book.unanswered.add(p.port)
	}
	r.mu.Unlock()
	if reply {
		p.echo(packet, on, from, mac)
	}
	return p, reply
}

// answered notes what became of an echo.
func (r *Reflector) answered(p *probe, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.book.echoes++
		return
	}
	r.book.errors = countError(r.book.errors, err)
	r.book.unanswered.add(p.port)
}
