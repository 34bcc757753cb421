package sipprobe_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"bothways/sipprobe"
)

const testKey = "correct horse"

// A setting is one transport over one address family.
type setting struct {
	transport sipprobe.Transport
	loopback  string
}

func (s setting) String() string { return string(s.transport) + " " + s.loopback }

func settings() (out []setting) {
	for _, t := range sipprobe.Transports() {
		out = append(out, setting{t, "127.0.0.1"}, setting{t, "::1"})
	}
	return out
}

// everywhere runs a test over every transport and both address families.
func everywhere(t *testing.T, f func(*testing.T, setting)) {
	for _, s := range settings() {
		t.Run(s.String(), func(t *testing.T) { f(t, s) })
	}
}

// listen starts an endpoint on loopback.
func (s setting) listen(t testing.TB, cfg sipprobe.EndpointConfig) *sipprobe.Endpoint {
	t.Helper()
	cfg.Transport = s.transport
	at := net.JoinHostPort(s.loopback, "0")
	var err error
	if s.transport == sipprobe.UDP {
		cfg.PacketConn, err = net.ListenPacket("udp", at)
	} else {
		cfg.Listener, err = net.Listen("tcp", at)
	}
	if err != nil {
		t.Skipf("no %s here: %v", s, err)
	}
	if s.transport == sipprobe.TLS {
		cfg.Listener = tls.NewListener(cfg.Listener, serverTLS(t))
	}
	e, err := sipprobe.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// dial gives the endpoint a connection to the peer; UDP needs none.
func dial(t testing.TB, e *sipprobe.Endpoint, peer netip.AddrPort) {
	t.Helper()
	if e.Transport() == sipprobe.UDP {
		return
	}
	if err := e.Adopt(open(t, e.Transport(), peer)); err != nil {
		t.Fatal(err)
	}
}

// open dials a peer.
func open(t testing.TB, transport sipprobe.Transport, peer netip.AddrPort) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", peer.String())
	if err != nil {
		t.Fatal(err)
	}
	if transport == sipprobe.TLS {
		secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		if err := secure.Handshake(); err != nil {
			t.Fatal(err)
		}
		return secure
	}
	return conn
}

func bounded(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// within polls until ok, for conditions that the kernel brings about.
func within(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(d); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

// noGoroutines fails when this package or sipgo still run something.
func noGoroutines(t testing.TB) {
	t.Helper()
	var left string
	ours := func() bool {
		left = ""
		buf := make([]byte, 1<<20)
		for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			inside := strings.Contains(g, "bothways/sipprobe.") || strings.Contains(g, "emiago/sipgo")
			if inside && !strings.Contains(g, "testing.tRunner") {
				left += g + "\n\n"
			}
		}
		return left == ""
	}
	defer func() {
		if t.Failed() {
			t.Log(left)
		}
	}()
	within(t, 3*time.Second, "no goroutine left", ours)
}

func what(events []sipprobe.Event) string {
	var out []string
	for _, e := range events {
		arrow := "<"
		if e.Sent {
			arrow = ">"
		}
		out = append(out, arrow+e.What)
	}
	return strings.Join(out, " ")
}

func answer200(in *sipprobe.Incoming) { in.Reply(200, "OK", sipprobe.Body{}) }

func guard() *sipprobe.Guard { return sipprobe.NewGuard(sipprobe.GuardConfig{Key: testKey}) }

// guarded is the configuration of an end that demands the key and holds it.
func guarded(serve func(*sipprobe.Incoming)) sipprobe.EndpointConfig {
	return sipprobe.EndpointConfig{Key: testKey, Guard: guard(), Serve: serve, Tape: &sipprobe.Tape{}}
}
