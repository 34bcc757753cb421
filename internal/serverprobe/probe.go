// Package serverprobe asks servers of others as a PBX would: where their names lead in DNS,
// whether their ports take a connection, and whether what answers speaks what it should.
//
// It sends little: two questions to DNS, one connection or two, one request without a
// body, no redirect followed, no key used. What comes back is a fact of this end alone,
// since such a server keeps no ledger for anybody: silence is recorded as silence.
package serverprobe

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/scenarios"
	"bothways/sipprobe/tlsprobe"
)

// DefaultTimeout bounds each step: DNS, a connection, a handshake, an answer.
const DefaultTimeout = 5 * time.Second

// Longest is how long Ask takes at most with DefaultTimeout: DNS, then a connection and a
// handshake for TLS and again for HTTP with its answer.
const Longest = 5 * DefaultTimeout

// Config says how to ask.
type Config struct {
	Network network.Network
	// Roots are the certificates to trust; nil means those of the system.
	Roots *x509.CertPool
	// Allow says why an address, or the given DNS server, must not be asked; nil lets all be.
	Allow func(netip.Addr) error
	// Software is what User-Agent says.
	Software string
	// Timeout bounds each step; 0 is DefaultTimeout.
	Timeout time.Duration
}

// An asker is one question under way.
type asker struct {
	Config
	server    scenarios.Server
	transport scenarios.Transport
}

// Ask asks the server of a check. Everything that can go wrong is a fact.
func Ask(ctx context.Context, c scenarios.Check, cfg Config) *evidence.ServerFacts {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	a := asker{Config: cfg, server: *c.Server, transport: c.Transport}
	f := &evidence.ServerFacts{Trials: []evidence.ServerTrial{}}
	for _, addr := range a.addresses(ctx, f) {
		f.Trials = append(f.Trials, evidence.ServerTrial{Remote: netip.AddrPortFrom(addr, a.server.Port)})
	}
	var wg sync.WaitGroup
	for i := range f.Trials {
		wg.Go(func() { a.try(ctx, &f.Trials[i]) })
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		f.Missing = "it took too long, or the run was stopped"
	}
	return f
}

// addresses are those of the host that are tried.
func (a asker) addresses(ctx context.Context, f *evidence.ServerFacts) []netip.Addr {
	if addr, err := netip.ParseAddr(a.server.Host); err == nil {
		return []netip.Addr{addr.Unmap()}
	}
	f.Lookup = a.lookup(ctx)
	var out []netip.Addr
	for _, v4 := range []bool{true, false} {
		n := 0
		for _, addr := range f.Lookup.Addresses {
			if addr.Is4() == v4 && n < evidence.MaxTrials/2 {
				out, n = append(out, addr), n+1
			}
		}
	}
	return out
}

func (a asker) allowed(addr netip.Addr) error {
	if a.Allow == nil {
		return nil
	}
	return a.Allow(addr)
}

// try asks at one address.
func (a asker) try(ctx context.Context, t *evidence.ServerTrial) {
	if err := a.allowed(t.Remote.Addr()); err != nil {
		t.Forbidden = err.Error()
		return
	}
	if _, err := a.Network.Source(ctx, t.Remote.Addr()); err != nil {
		t.NoRoute = clean(err.Error())
		return
	}
	switch a.server.Protocol {
	case scenarios.NTPProtocol:
		a.ntp(ctx, t)
	case scenarios.SIPProtocol:
		a.sip(ctx, t)
	case scenarios.HTTPProtocol:
		a.http(ctx, t)
	case scenarios.TLSProtocol:
		a.tls(ctx, t)
	case scenarios.HTTPSProtocol:
		if a.tls(ctx, t); t.TLS.Ordinary.Complete {
			a.http(ctx, t)
		}
	default:
		if conn, err := a.dial(ctx, t); err == nil {
			conn.Close()
		}
	}
}

// dial opens a TCP connection; how the first one went is noted.
func (a asker) dial(ctx context.Context, t *evidence.ServerTrial) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	start := time.Now()
	conn, err := a.Network.Dial(ctx, t.Remote)
	if t.Connect != nil {
		return conn, err
	}
	t.Connect = &evidence.Connect{Result: "open", Remote: t.Remote, DurationMs: evidence.Millis(time.Since(start))}
	if err != nil {
		t.Connect.Result, t.Connect.Error = network.ConnectResult(err), clean(err.Error())
	} else {
		t.Connect.Local = network.AddrPort(conn.LocalAddr())
	}
	return conn, err
}

// tls makes one handshake.
func (a asker) tls(ctx context.Context, t *evidence.ServerTrial) {
	r := tlsprobe.Probe(ctx, func(ctx context.Context) (net.Conn, error) { return a.dial(ctx, t) },
		tlsprobe.Config{ServerName: a.name(), Roots: a.Roots, Timeout: a.Timeout, OrdinaryOnly: true})
	t.TLS = &r
}

// name is the one to ask for in TLS, empty where the host is an address.
func (a asker) name() string {
	if _, err := netip.ParseAddr(a.server.Host); err == nil {
		return ""
	}
	return strings.TrimSuffix(a.server.Host, ".")
}

// maxText bounds what is kept of what a server says, in bytes.
const maxText = 200

// clean is a text of somebody else's in one line, and no longer than maxText.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, s)
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}
