package serverprobe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
)

// lookupTries is how often a DNS server is asked that says nothing: one question or its
// answer may be lost.
const lookupTries = 2

// A lookup is one name looked up, with what its sockets heard.
type lookup struct {
	asker
	mu     sync.Mutex
	asked  []netip.AddrPort
	failed error // the newest failure of a socket
}

// lookup asks for the addresses of the host.
func (a asker) lookup(ctx context.Context) *evidence.Lookup {
	out := &evidence.Lookup{Name: a.server.Host, Given: a.server.GivenResolver().IsValid()}
	start := time.Now()
	defer func() { out.DurationMs = evidence.Millis(time.Since(start)) }()
	if out.Given {
		if err := a.allowed(a.server.GivenResolver().Addr()); err != nil {
			out.Error, out.Detail = "not-allowed", err.Error()
			return out
		}
	}
	l := &lookup{asker: a}
	var err error
	for out.Tries < lookupTries && ctx.Err() == nil {
		out.Tries++
		if out.Addresses, err = l.ask(ctx); err == nil || kindOf(err, nil) != "timeout" {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out.Resolvers = l.asked
	if err != nil {
		out.Error, out.Detail = kindOf(err, l.failed), clean(err.Error())
	}
	return out
}

// ask asks once, for both families side by side.
func (l *lookup) ask(ctx context.Context) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, l.Timeout/lookupTries)
	defer cancel()
	r := net.Resolver{PreferGo: true, Dial: l.dial}
	// With the dot at its end the name is whole: no domain of this machine is added.
	found, err := r.LookupNetIP(ctx, "ip", strings.TrimSuffix(l.server.Host, ".")+".")
	var out []netip.Addr
	for _, addr := range found {
		if addr = addr.Unmap(); !slices.Contains(out, addr) {
			out = append(out, addr)
		}
	}
	slices.SortStableFunc(out, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() }) // IPv4 first
	return out, err
}

// dial opens a socket to the DNS server that is given, or to one of the system's.
func (l *lookup) dial(ctx context.Context, proto, server string) (net.Conn, error) {
	to := l.server.GivenResolver()
	if !to.IsValid() {
		var err error
		if to, err = netip.ParseAddrPort(server); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	if !slices.Contains(l.asked, to) {
		l.asked = append(l.asked, to)
	}
	l.mu.Unlock()
	if strings.HasPrefix(proto, "tcp") {
		conn, err := l.Network.Dial(ctx, to)
		l.note(err)
		return conn, err
	}
	conn, err := l.Network.DialPacket(ctx, netip.AddrPort{}, to)
	l.note(err)
	if udp, ok := conn.(*net.UDPConn); ok && err == nil {
		return noting{udp, l.note}, nil
	}
	return conn, err
}

func (l *lookup) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed = err
	}
}

// A noting socket tells its errors, which the resolver keeps to itself.
type noting struct {
	*net.UDPConn
	note func(error)
}

// Read reads one datagram.
func (c noting) Read(b []byte) (int, error) {
	n, err := c.UDPConn.Read(b)
	c.note(err)
	return n, err
}

// kindOf names why a name could not be looked up; failed is what the sockets heard.
func kindOf(err, failed error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return "not-found"
	}
	if r := network.ConnectResult(failed); failed != nil && (r == "refused" || r == "unreachable") {
		return r
	}
	switch {
	case network.ConnectResult(err) == "timeout":
		return "timeout"
	case dns != nil && dns.IsTemporary:
		return "failed"
	}
	return "local"
}
