package tlsprobe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"time"
)

// DefaultTimeout bounds one handshake with its connection where Config has no Timeout.
const DefaultTimeout = 5 * time.Second

// Config says how to ask.
type Config struct {
	// ServerName is sent as SNI (RFC 6066 section 3) unless it is an address; empty
	// sends none.
	ServerName string
	// ALPN are the protocols to offer (RFC 7301); none by default.
	ALPN []string
	// Roots are the certificates to trust; nil means those of the system.
	Roots *x509.CertPool
	// Timeout bounds each handshake with its connection; 0 is DefaultTimeout.
	Timeout time.Duration
	// OrdinaryOnly makes no more than the one handshake of an ordinary client, with
	// servers of others, whose versions are their own business.
	OrdinaryOnly bool
}

// A Dial opens one TCP connection to the server.
type Dial func(context.Context) (net.Conn, error)

// A Result is what a server showed.
type Result struct {
	// ServerName is the one that was asked for; empty when none was.
	ServerName string `json:"server_name"`
	// Remote is the server's address; invalid when no connection was opened.
	Remote netip.AddrPort `json:"remote"`
	// Time is when the asking began.
	Time time.Time `json:"time"`
	// Ordinary is the handshake of a client that offers every version.
	Ordinary Handshake `json:"ordinary"`
	// Versions are the handshakes that offer one version alone, the oldest first; empty
	// when no connection could be opened.
	Versions []Handshake `json:"versions"`
	// Chain are the certificates as the server sent them in the ordinary handshake, or
	// where that has none, in that of the newest version which has. No more than
	// MaxCertificates of them are kept.
	Chain []Certificate `json:"chain"`
	// Trust is null when there is no chain, or this machine has no root certificates.
	Trust *Trust `json:"trust"`
}

// Probe asks the server to which dial connects. Everything that can go wrong on the way
// is a result; when ctx ends, what was not asked is not tested.
func Probe(ctx context.Context, dial Dial, cfg Config) Result {
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	r := Result{ServerName: cfg.ServerName, Time: time.Now().UTC(), Versions: []Handshake{}, Chain: []Certificate{}}
	a := asker{dial: dial, cfg: cfg}
	versions := versions()
	var sent []sighting
	var s sighting
	r.Ordinary, s = a.ask(ctx, versions[0], versions[len(versions)-1])
	r.Remote = s.remote
	sent = append(sent, s)
	if r.Ordinary.Outcome != NotConnected && r.Ordinary.Outcome != NotTested && !cfg.OrdinaryOnly {
		for _, v := range versions {
			h, s := a.ask(ctx, v, v)
			r.Versions = append(r.Versions, h)
			sent = append(sent, s)
		}
	}
	if raw := presented(sent); len(raw) > 0 {
		r.Chain = parseChain(raw)
		r.Trust = trust(r.Chain, cfg.Roots, r.Time)
	}
	return r
}

// versions are those that are asked for, the oldest first.
func versions() []uint16 {
	return []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13}
}

// presented is the chain of the ordinary handshake, the first, or else that of the newest
// version, the last.
func presented(sent []sighting) [][]byte {
	if len(sent[0].chain) > 0 {
		return sent[0].chain
	}
	for i := len(sent) - 1; i > 0; i-- {
		if len(sent[i].chain) > 0 {
			return sent[i].chain
		}
	}
	return nil
}

// Version returns the handshake that offered one version alone, by the version's name
// ("1.2"); false when it was not asked for.
func (r Result) Version(name string) (Handshake, bool) {
	for _, h := range r.Versions {
		if h.Offered == name {
			return h, true
		}
	}
	return Handshake{}, false
}
