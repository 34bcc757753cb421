package responder_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// A notebook keeps what a responder logs.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

func (n *notebook) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (n *notebook) WithAttrs([]slog.Attr) slog.Handler           { return slog.DiscardHandler }
func (n *notebook) WithGroup(string) slog.Handler                { return slog.DiscardHandler }

func (n *notebook) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
	return nil
}

// count is how many lines there are with a text.
func (n *notebook) count(text string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.lines {
		if strings.Contains(l, text) {
			count++
		}
	}
	return count
}

// wait waits for so many lines with a text.
func (n *notebook) wait(t *testing.T, text string, count int) {
	t.Helper()
	if !networktest.Eventually(time.Minute, func() bool { return n.count(text) >= count }) {
		n.mu.Lock()
		defer n.mu.Unlock()
		t.Fatalf("no %q in %q", text, n.lines)
	}
}

// clientAt waits on a listener, and answers what dials in.
func clientAt(t *testing.T, l net.Listener, guard sipprobe.GuardConfig, serve func(*sipprobe.Incoming)) *sipprobe.Endpoint {
	t.Helper()
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.TLS, Key: guard.Key, Guard: sipprobe.NewGuard(guard), Serve: serve,
		User: "abc", Listener: tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	pair, err := network.SelfSigned("somebody", nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func listen(t *testing.T, at string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// nobody is an address on which nobody listens, held by a connection that goes elsewhere.
func nobody(t *testing.T) netip.AddrPort {
	t.Helper()
	conn, err := net.Dial("tcp4", listen(t, "127.0.0.1:0").Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return netip.MustParseAddrPort(conn.LocalAddr().String())
}

func at(l net.Listener) netip.AddrPort { return netip.MustParseAddrPort(l.Addr().String()) }

// dial dials in the background until stop is called or the test ends.
func dial(t *testing.T, r *responder.Responder, clients ...netip.AddrPort) (ended <-chan error, stop func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Dial(ctx, clients...) }()
	t.Cleanup(stop)
	return done, stop
}

func accept(in *sipprobe.Incoming) { answer(in, pairing.Reply{}) }

func answer(in *sipprobe.Incoming, reply pairing.Reply) {
	data, _ := pairing.Encode(reply)
	in.Reply(200, "OK", sipprobe.Body{Type: pairing.ContentType, Encoding: pairing.Encoding, Data: data})
}

func withKey(key string) sipprobe.GuardConfig {
	return sipprobe.GuardConfig{Key: key, Accept: pairing.ContentType}
}
