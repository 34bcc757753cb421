package client

import (
	"context"
	"net"
	"net/netip"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// tls asks a TLS port of the site for its versions and its certificates.
func (r *run) tls(ctx context.Context, c *evidence.Check) {
	port := c.TLS.Port
	if port == 0 {
		var on bool
		if port, on = r.cfg.Ports[sipprobe.TLS]; !on {
			c.Skipped = r.missing(sipprobe.TLS)
			return
		}
	}
	f := &evidence.TLSFacts{Port: port, Name: expectedName(*c.TLS, r.cfg.Target)}
	remote := netip.AddrPortFrom(r.cfg.Address, port)
	dial := func(ctx context.Context) (net.Conn, error) {
		start := time.Now()
		conn, err := r.cfg.Network.Dial(ctx, remote)
		if err != nil && f.Connect == nil {
			f.Connect = &evidence.Connect{Result: network.ConnectResult(err), Remote: remote, Error: err.Error(),
				DurationMs: evidence.Millis(time.Since(start))}
		}
		return conn, err
	}
	f.Result = tlsprobe.Probe(ctx, dial, tlsprobe.Config{ServerName: f.Name})
	if !f.Result.Remote.IsValid() {
		f.Result.Remote = remote
	}
	c.TLSFacts = f
}

// expectedName is the name that the scenario gives, or by which the target was dialled:
// a certificate is not expected to bear an address.
func expectedName(t scenarios.TLS, target string) string {
	if t.ServerName != "" {
		return t.ServerName
	}
	if _, err := netip.ParseAddr(target); err == nil {
		return ""
	}
	return target
}
