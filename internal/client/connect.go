package client

import (
	"context"
	"fmt"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/sipprobe"
)

// connectTimeout lets the kernel send three SYNs.
const connectTimeout = 4 * time.Second

// connect opens the flow's connection if there is none; nil for UDP and when it is
// open already.
func (r *run) connect(ctx context.Context, f *flow) *evidence.Connect {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.endpoint.Connected(f.peer) {
		return nil
	}
	return r.dial(ctx, f)
}

// dial opens a connection of the flow, whatever others there are; nil for UDP.
func (r *run) dial(ctx context.Context, f *flow) *evidence.Connect {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	start := time.Now()
	c := &evidence.Connect{Remote: f.peer}
	conn, err := r.cfg.Network.Dial(ctx, f.peer)
	if err == nil && f.endpoint.Transport() == sipprobe.TLS {
		c.Local = network.AddrPort(conn.LocalAddr())
		// The responder proves itself by the key, and what the path did to its certificate
		// is a finding of its own.
		if conn, c.PeerSHA256, err = network.Secure(ctx, conn, r.cfg.Target); err != nil {
			c.Result = "tls-failed"
		}
	}
	c.DurationMs = evidence.Millis(time.Since(start))
	if err != nil {
		c.Error = err.Error()
		if c.Result == "" {
			c.Result = network.ConnectResult(err)
		}
		return c
	}
	c.Local, c.Result = network.AddrPort(conn.LocalAddr()), "open"
	if err := f.endpoint.Adopt(conn); err != nil {
		c.Result, c.Error = "local", err.Error()
	}
	return c
}

// failure is why a connection could not be opened, nil when it could or was not needed.
func failure(c *evidence.Connect) error {
	if c == nil || c.Result == "open" {
		return nil
	}
	return fmt.Errorf("%s: %s", c.Result, c.Error)
}
