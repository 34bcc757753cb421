package sipprobe

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// An Endpoint is one SIP transport address of one program: a UDP socket, or a TCP
// or TLS listener together with the connections that were dialled for it. It sends
// requests, answers them, and keeps dialogs. It is safe for concurrent use.
//
// sipgo parses and runs the transactions. The Endpoint owns the sockets under it:
// what arrives is taped, framed and guarded before sipgo sees it, and sipgo can
// neither dial, nor bind, nor resolve a name.
type Endpoint struct {
	cfg    EndpointConfig
	ua     *sipgo.UserAgent
	server *sipgo.Server
	client *sipgo.Client
	pool   *sip.ConnectionPool // where sipgo looks for the links of this package
	local  netip.AddrPort
	book   *book

	queue   *connQueue         // nil for UDP
	packets *guardedPacketConn // nil for TCP and TLS

	served   chan struct{}   // closed when sipgo stopped serving
	ctx      context.Context // ends with Close
	stop     context.CancelFunc
	starting sync.Mutex     // between background and Close
	work     sync.WaitGroup // what background started
	closing  sync.Once
	closed   error
}

// EndpointConfig says what an Endpoint stands on. Exactly one of PacketConn and
// Listener fits the transport; a TCP or TLS endpoint without a Listener only uses
// the connections given to Adopt.
type EndpointConfig struct {
	Transport  Transport
	PacketConn net.PacketConn // UDP; closed by Close
	Listener   net.Listener   // TCP and TLS (handing out *tls.Conn); closed by Close

	// Tape records every message, nil records nothing.
	Tape *Tape
	// Guard challenges requests; nil admits them all, and proves nobody.
	Guard *Guard
	// Key answers the challenges of the far end; empty answers none.
	Key string
	// User is the Digest user name and the user part of From and Contact; empty means "bothways".
	User string
	// Software is the value of User-Agent and Server; empty means "bothways".
	Software string
	// Advertise is the address that Via and Contact name; zero means the local one.
	Advertise netip.AddrPort
	// MaySend limits in-dialog requests, which follow the Record-Route of proxies and the
	// Contact of the far end, to addresses that the caller trusts; nil allows every address.
	MaySend func(netip.AddrPort) bool
	// Serve answers requests; nil answers 501 to everything but in-dialog requests.
	// It runs on a goroutine of its own for each request, and must have answered by
	// the time it returns. Close does not wait for it.
	Serve func(*Incoming)
	// Logger gets what sipgo has to say, nil is silent.
	Logger *slog.Logger

	sources int // changes of source until sipgo begins anew; 0 = maxSourcesSeen
}

var (
	errNoSocket = errors.New("sipprobe: UDP needs a PacketConn; TCP and TLS take a Listener or nothing")
	errNoDial   = errors.New("sipprobe: connections are dialled by the caller")
)

// Start serves the endpoint until Close. The socket is the endpoint's from then on; it is
// closed when Start returns an error.
func Start(cfg EndpointConfig) (*Endpoint, error) {
	e, err := start(cfg)
	if err == nil {
		return e, nil
	}
	if cfg.PacketConn != nil {
		cfg.PacketConn.Close()
	}
	if cfg.Listener != nil {
		cfg.Listener.Close()
	}
	return nil, err
}

func start(cfg EndpointConfig) (*Endpoint, error) {
	if (cfg.Transport == UDP) != (cfg.PacketConn != nil) || cfg.Transport == UDP && cfg.Listener != nil {
		return nil, errNoSocket
	}
	if _, err := ParseTransport(string(cfg.Transport)); err != nil {
		return nil, err
	}
	e := &Endpoint{cfg: cfg, book: newBook(), served: make(chan struct{})}
	e.ctx, e.stop = context.WithCancel(context.Background())
	if err := e.build(); err != nil {
		return nil, err
	}
	if cfg.Transport != UDP {
		e.serveConns()
		return e, nil
	}
	if err := e.servePackets(); err != nil {
		return nil, err
	}
	return e, nil
}

// StartOver serves an endpoint that has one TCP or TLS connection and no listener. The
// connection is the endpoint's from then on; when StartOver returns an error it is closed.
func StartOver(conn net.Conn, cfg EndpointConfig) (*Endpoint, error) {
	e, err := Start(cfg)
	if err != nil {
		conn.Close()
		return nil, err
	}
	if err := e.Adopt(conn); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// Close ends every dialog and transaction without a word to the far end, closes
// the sockets, and returns when the endpoint serves no more.
func (e *Endpoint) Close() error {
	e.closing.Do(func() {
		e.starting.Lock()
		e.stop()
		e.starting.Unlock()
		if e.queue != nil {
			e.closed = e.queue.shutdown()
		} else {
			e.closed = e.cfg.PacketConn.Close()
		}
		for _, c := range e.book.allCalls() {
			c.finish("endpoint closed")
		}
		// sipgo's transport layer has nothing left to close: every connection that it
		// knew is a link of this package, or under one.
		e.ua.TransactionLayer().Close()
		<-e.served
		e.work.Wait()
	})
	return e.closed
}

// background runs f on a goroutine that Close waits for; f must watch e.ctx.
func (e *Endpoint) background(f func()) {
	e.starting.Lock()
	defer e.starting.Unlock()
	if e.ctx.Err() == nil {
		e.work.Go(f)
	}
}

// Local is the address that the endpoint listens on; the zero value for a stream
// endpoint without a listener.
func (e *Endpoint) Local() netip.AddrPort { return e.local }

// Transport returns the endpoint's transport.
func (e *Endpoint) Transport() Transport { return e.cfg.Transport }

// SeenAs returns how a peer sees this endpoint, learned from the received and
// rport of its responses (RFC 3581); invalid before the first response.
func (e *Endpoint) SeenAs(peer netip.AddrPort) netip.AddrPort {
	_, seen := e.book.addresses(peer)
	return seen
}

// AdvertiseTo sets the address that Via and Contact carry towards one host, for
// ends that learn only later how that host reaches them.
func (e *Endpoint) AdvertiseTo(host netip.Addr, as netip.AddrPort) { e.book.show(host.Unmap(), as) }

// advertised is the address that Via and Contact carry towards a peer: the
// configured one, else what AdvertiseTo said, else the one that the peer reported,
// else the socket's own.
func (e *Endpoint) advertised(peer netip.AddrPort) netip.AddrPort {
	shown, seen := e.book.addresses(peer)
	switch {
	case e.cfg.Advertise.IsValid():
		return e.cfg.Advertise
	case shown.IsValid():
		return shown
	case seen.IsValid():
		return seen
	}
	return e.localFor(peer)
}

func (e *Endpoint) localFor(peer netip.AddrPort) netip.AddrPort {
	if e.queue != nil {
		if c := e.queue.to(peer); c != nil {
			return addrPort(c.LocalAddr())
		}
	}
	return e.local
}

func (e *Endpoint) tape(r Record) {
	r.Transport = e.cfg.Transport
	r.Time = time.Now()
	e.cfg.Tape.Add(r)
}

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return unmap(a.AddrPort())
	case *net.TCPAddr:
		return unmap(a.AddrPort())
	case nil:
		return netip.AddrPort{}
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return unmap(ap)
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
