package service_test

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"bothways/internal/service"
)

type host struct{}

func (host) Dial(ctx context.Context, remote netip.AddrPort) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", remote.String())
}

func (host) DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(local)}
	return d.DialContext(ctx, "udp", remote.String())
}

func result(err error) string {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "refused"
	}
	return "local"
}

func asker() service.Asker {
	return service.Asker{Dialer: host{}, Result: result, Local: netip.MustParseAddrPort("127.0.0.1:0"), Name: "pbx.example.com"}
}

func addrOf(a net.Addr) netip.AddrPort { return netip.MustParseAddrPort(a.String()) }

// ask asks a server that is given each connection.
func ask(t *testing.T, p service.Protocol, serve func(net.Conn)) service.Said {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			defer c.Close()
			serve(c)
		}
	}()
	return asker().At(t.Context(), p, "tcp", addrOf(l.Addr()))
}

// said is a peer that reads a little, says something and goes.
func said(what string) func(net.Conn) {
	return func(c net.Conn) {
		c.Read(make([]byte, 4096))
		io.WriteString(c, what)
	}
}

func web() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "web of "+r.Host+" by "+r.Method)
		w.WriteHeader(http.StatusTeapot)
	})
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(web())
	defer s.Close()
	got := asker().At(t.Context(), service.HTTP, "tcp", addrOf(s.Listener.Addr()))
	if got.Outcome != service.Fits || got.Line != "HTTP/1.1 418 I'm a teapot" || got.Software != "web of pbx.example.com by HEAD" || got.RTTMs == nil || got.Error != "" {
		t.Errorf("%+v", got)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(web())
	defer s.Close()
	for p, line := range map[service.Protocol]string{service.HTTPS: "HTTP/1.1 418 I'm a teapot", service.TLS: "TLS 1.3"} {
		got := asker().At(t.Context(), p, "tcp", addrOf(s.Listener.Addr()))
		if got.Outcome != service.Fits || got.Line != line || len(got.CertificateSHA256) != 2*32 || got.CertificateSubject == "" {
			t.Errorf("%s: %+v", p, got)
		}
		if _, err := hex.DecodeString(got.CertificateSHA256); err != nil {
			t.Error(err)
		}
	}
	// A server that wants a certificate of its client has said who it is all the same.
	wary := httptest.NewUnstartedServer(web())
	wary.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}
	wary.StartTLS()
	defer wary.Close()
	if got := asker().At(t.Context(), service.HTTPS, "tcp", addrOf(wary.Listener.Addr())); got.Outcome != service.Fits || !strings.Contains(got.Line, "refused") {
		t.Errorf("%+v", got)
	}
}

// TestUnfit asks what does not speak the protocol, or nothing.
func TestUnfit(t *testing.T) {
	t.Parallel()
	for _, p := range []service.Protocol{service.HTTP, service.HTTPS, service.XMPP, service.TLS, service.SIP, service.SIPS} {
		if got := ask(t, p, said("SSH-2.0-OpenSSH_9.2\r\n")); got.Outcome != service.Unfit || !strings.HasPrefix(got.Line, "SSH-2.0-OpenSSH") {
			t.Errorf("%s of SSH: %+v", p, got)
		}
		if got := ask(t, p, said("")); got.Outcome != service.Closed || got.RTTMs != nil {
			t.Errorf("%s, closed: %+v", p, got)
		}
		if got := ask(t, p, said(strings.Repeat("\x00\x1b[31m", 1<<14))); got.Outcome != service.Unfit || strings.ContainsRune(got.Line, '\x1b') || len(got.Line) > 200 {
			t.Errorf("%s of noise: %+v", p, got)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if got := asker().At(t.Context(), service.HTTP, "tcp", addrOf(l.Addr())); got.Outcome != service.NotConnected || got.Connect != "refused" {
		t.Errorf("%+v", got)
	}
}

const stream = "<?xml version='1.0'?><stream:stream from='x' id=\"s1\" xmlns:stream='http://etherx.jabber.org/streams'>"

func TestXMPP(t *testing.T) {
	t.Parallel()
	if got := ask(t, service.XMPP, said(stream+"<stream:features/>")); got.Outcome != service.Fits || got.Stream != "s1" || got.CertificateSHA256 != "" {
		t.Errorf("%+v", got)
	}
	if got := ask(t, service.XMPP, said(stream+"<stream:error><host-unknown/></stream:error></stream:stream>")); got.Outcome != service.Fits {
		t.Errorf("an error is an answer: %+v", got)
	}
	s := httptest.NewUnstartedServer(web())
	s.StartTLS()
	defer s.Close()
	got := ask(t, service.XMPP, func(c net.Conn) {
		said(stream + "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>")(c)
		said("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")(c)
		tls.Server(c, s.TLS).Handshake()
	})
	if got.Outcome != service.Fits || got.CertificateSHA256 == "" || got.Stream != "s1" {
		t.Errorf("%+v", got)
	}
}

// answerer answers datagrams; nil is silence.
func answerer(t *testing.T, answer func([]byte) []byte) netip.AddrPort {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if b := answer(buf[:n]); b != nil {
				c.WriteTo(b, from)
			}
		}
	}()
	return addrOf(c.LocalAddr())
}

// echoed answers OPTIONS as a server that copies what it must (RFC 3261 section 8.2.6.2).
func echoed(b []byte) []byte {
	out := "SIP/2.0 403 Forbidden\r\nServer: a PBX\r\n"
	for l := range strings.Lines(string(b)) {
		if name, _, _ := strings.Cut(l, ":"); strings.Contains("Via From To Call-ID CSeq", name) {
			out += l
		}
	}
	return []byte(out + "Content-Length: 0\r\n\r\n")
}

func TestSIP(t *testing.T) {
	t.Parallel()
	at := answerer(t, echoed)
	if got := asker().At(t.Context(), service.SIP, "udp", at); got.Outcome != service.Fits || got.Line != "SIP/2.0 403 Forbidden" || got.Software != "a PBX" {
		t.Errorf("%+v", got)
	}
	got := ask(t, service.SIP, func(c net.Conn) {
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		c.Write(echoed(buf[:n]))
	})
	if got.Outcome != service.Fits || got.Software != "a PBX" {
		t.Errorf("%+v", got)
	}
	foreign := answerer(t, func([]byte) []byte { return []byte("SIP/2.0 200 OK\r\nCall-ID: other\r\n\r\n") })
	if got := asker().At(t.Context(), service.SIP, "udp", foreign); got.Outcome != service.Unfit {
		t.Errorf("an answer to somebody else: %+v", got)
	}
	silent := answerer(t, func([]byte) []byte { return nil })
	if got := asker().At(t.Context(), service.SIP, "udp", silent); got.Outcome != service.Silent || got.RTTMs != nil {
		t.Errorf("%+v", got)
	}
}

func TestNTP(t *testing.T) {
	t.Parallel()
	at := answerer(t, func(b []byte) []byte {
		out := make([]byte, 48)
		out[0], out[1] = 4<<3|4, 2
		copy(out[24:32], b[40:48])
		return out
	})
	if got := asker().At(t.Context(), service.NTP, "udp", at); got.Outcome != service.Fits || got.Line != "NTP version 4, stratum 2" {
		t.Errorf("%+v", got)
	}
	echo := answerer(t, func(b []byte) []byte { return b })
	if got := asker().At(t.Context(), service.NTP, "udp", echo); got.Outcome != service.Unfit {
		t.Errorf("an echo: %+v", got)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	silent := answerer(t, func([]byte) []byte { return nil })
	if got := asker().At(ctx, service.SIP, "udp", silent); got.Spoke() {
		t.Errorf("%+v", got)
	}
}

// A wire is a socket in memory, that ends at far. After is called when a question has left.
type wire struct {
	net.Conn
	after func()
}

func (w wire) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	w.after()
	return n, err
}

// A wired machine has a wire.
type wired struct {
	host
	wire
}

func (w wired) DialPacket(context.Context, netip.AddrPort, netip.AddrPort) (net.Conn, error) {
	return w.wire, nil
}

// overWire asks for the time over a wire, whose far end answers or does not.
func overWire(ctx context.Context, answers bool, after func()) service.Said {
	near, far := net.Pipe()
	defer far.Close()
	go func() {
		for q := make([]byte, 48); ; {
			if _, err := io.ReadFull(far, q); err != nil {
				return
			}
			a := make([]byte, 48)
			a[0], a[1] = 4<<3|4, 1
			copy(a[24:], q[40:])
			if answers {
				go far.Write(a)
			}
		}
	}()
	a := asker()
	a.Dialer = wired{wire: wire{near, after}}
	return a.At(ctx, service.NTP, "udp", netip.MustParseAddrPort("192.0.2.1:123"))
}

// TestAStandstillIsNoSilence: a machine stands still between a question and its answer for longer than it would wait.
func TestAStandstillIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := sync.OnceFunc(func() { time.Sleep(10 * time.Second) })
		if got := overWire(t.Context(), true, first); got.Outcome != service.Fits {
			t.Errorf("%+v", got)
		}
	})
}

// TestStopIsNotLost: the context ends while a question leaves.
func TestStopIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		overWire(ctx, false, func() { cancel(); synctest.Wait() })
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestCheckName(t *testing.T) {
	for name, ok := range map[string]bool{"pbx.example.com": true, "2001:db8::1": true, "": false, "a\r\nX: y": false, "a b": false, "'><x": false} {
		if err := service.CheckName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
