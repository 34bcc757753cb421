package serverprobe_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/serverprobe"
	"bothways/internal/testca"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

const quick = 600 * time.Millisecond

// ask asks a server on the loopback address.
func ask(t *testing.T, s scenarios.Server, change func(*serverprobe.Config)) *evidence.ServerFacts {
	t.Helper()
	c := scenarios.Check{Server: &s, Transport: "udp"}
	if s.Protocol == scenarios.SIPProtocol && s.Resolver != "" { // which it does not need
		c.Transport, s.Resolver = scenarios.Transport(s.Resolver), ""
	}
	cfg := serverprobe.Config{Network: network.Host{}, Software: "test", Timeout: quick}
	if change != nil {
		change(&cfg)
	}
	return serverprobe.Ask(t.Context(), c, cfg)
}

// only is the one trial that there must be.
func only(t *testing.T, f *evidence.ServerFacts) evidence.ServerTrial {
	t.Helper()
	if len(f.Trials) != 1 || f.Missing != "" {
		t.Fatalf("%+v", f)
	}
	return f.Trials[0]
}

func portOf(a net.Addr) uint16 { return netip.MustParseAddrPort(a.String()).Port() }

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// datagrams serves UDP, and counts what came; an answer of nil is none.
func datagrams(t *testing.T, answer func(n int64, question []byte) []byte) (netip.AddrPort, *atomic.Int64) {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var count atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if out := answer(count.Add(1), buf[:n]); out != nil {
				c.WriteTo(out, from)
			}
		}
	}()
	t.Cleanup(func() { c.Close(); <-ended })
	return netip.MustParseAddrPort(c.LocalAddr().String()), &count
}

func server(p scenarios.Protocol, port uint16) scenarios.Server {
	return scenarios.Server{Host: "127.0.0.1", Port: port, Protocol: p}
}

func TestTCP(t *testing.T) {
	l := listen(t)
	port := portOf(l.Addr())
	if x := only(t, ask(t, server(scenarios.TCPProtocol, port), nil)); x.Connect == nil || x.Connect.Result != "open" || !x.Connect.Local.IsValid() {
		t.Errorf("%+v", x)
	}
	l.Close()
	f := ask(t, server(scenarios.TCPProtocol, port), nil)
	if x := only(t, f); x.Connect == nil || x.Connect.Result != "refused" || f.Content() {
		t.Errorf("%+v", x)
	}
}

// TestHTTP: one HEAD, whatever it says; a redirect is told and not followed.
func TestHTTP(t *testing.T) {
	var asked atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		if q.Method != http.MethodHead || q.URL.Path != "/" || q.UserAgent() != "test" {
			t.Errorf("%s %s", q.Method, q.URL)
		}
		w.Header().Set("Server", "lab")
		http.Redirect(w, q, "/login", http.StatusFound)
	}))
	defer web.Close()
	x := only(t, ask(t, server(scenarios.HTTPProtocol, portOf(web.Listener.Addr())), nil))
	if x.HTTP == nil || x.HTTP.Status != 302 || x.HTTP.Location != "/login" || x.HTTP.Server != "lab" || asked.Load() != 1 {
		t.Errorf("%+v, asked %d times", x.HTTP, asked.Load())
	}
	l := listen(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "220 "+strings.Repeat("no web server ", 100)+"\r\n")
			c.Close()
		}
	}()
	x = only(t, ask(t, server(scenarios.HTTPProtocol, portOf(l.Addr())), nil))
	if x.Connect.Result != "open" || x.HTTP.Status != 0 || x.HTTP.Error == "" || len(x.HTTP.Error) > 210 {
		t.Errorf("%+v", x.HTTP)
	}
}

// TestHTTPS: nothing is asked of a server that cannot be verified, and dates are apart:
// the clock of this machine may be what is wrong.
func TestHTTPS(t *testing.T) {
	ca, err := testca.New("Test Root")
	if err != nil {
		t.Fatal(err)
	}
	here := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	for name, c := range map[string]struct {
		request  testca.Request
		stranger bool
		status   int
	}{
		"good":       {testca.Request{Addresses: here}, false, 200},
		"expired":    {testca.Request{Addresses: here, NotBefore: time.Now().AddDate(0, -3, 0), NotAfter: time.Now().AddDate(0, -1, 0)}, false, 200},
		"untrusted":  {testca.Request{Addresses: here}, true, 0},
		"other name": {testca.Request{Name: "www.example.com"}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := ca
			if c.stranger {
				if issuer, err = testca.New("Stranger"); err != nil {
					t.Fatal(err)
				}
			}
			cert, err := issuer.Issue(c.request)
			if err != nil {
				t.Fatal(err)
			}
			var asked atomic.Int64
			web := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
			web.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
			web.Config.ErrorLog = log.New(io.Discard, "", 0)
			web.StartTLS()
			defer web.Close()
			x := only(t, ask(t, server(scenarios.HTTPSProtocol, portOf(web.Listener.Addr())), func(cfg *serverprobe.Config) { cfg.Roots = ca.Roots() }))
			if x.HTTP == nil || x.HTTP.Status != c.status || asked.Load() != int64(c.status/200) {
				t.Errorf("%+v, asked %d times", x.HTTP, asked.Load())
			}
			if x.TLS == nil || !x.TLS.Ordinary.Complete || x.TLS.Trust.Trusted == c.stranger || len(x.TLS.Versions) != 0 {
				t.Errorf("%+v", x.TLS)
			}
		})
	}
}

func TestNotTLS(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	x := only(t, ask(t, server(scenarios.HTTPSProtocol, portOf(web.Listener.Addr())), nil))
	if x.TLS.Ordinary.Outcome != tlsprobe.NotTLS || x.HTTP != nil {
		t.Errorf("%+v", x)
	}
}

// ntpAnswer is a valid answer, of a server that is a minute ahead.
func ntpAnswer(stratum byte, question []byte) []byte {
	now := uint64(time.Now().Add(time.Minute).Unix()+2_208_988_800) << 32
	out := make([]byte, 48)
	out[0], out[1] = 4<<3|4, stratum
	copy(out[12:], "RATE")
	copy(out[24:], question[40:48])
	binary.BigEndian.PutUint64(out[32:], now)
	binary.BigEndian.PutUint64(out[40:], now)
	return out
}

func TestNTP(t *testing.T) {
	for name, c := range map[string]struct {
		answer   func(n int64, q []byte) []byte
		answered bool
		sent     int
		kiss     string
	}{
		"answers":          {func(_ int64, q []byte) []byte { return ntpAnswer(2, q) }, true, 1, ""},
		"one lost":         {func(n int64, q []byte) []byte { return map[bool][]byte{true: ntpAnswer(2, q)}[n > 1] }, true, 2, ""},
		"silent":           {func(int64, []byte) []byte { return nil }, false, 3, ""},
		"kiss":             {func(_ int64, q []byte) []byte { return ntpAnswer(0, q) }, true, 1, "RATE"},
		"nonsense":         {func(int64, []byte) []byte { return []byte("what?") }, false, 3, ""},
		"another's answer": {func(_ int64, q []byte) []byte { return ntpAnswer(2, make([]byte, 48)) }, false, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			at, count := datagrams(t, c.answer)
			x := only(t, ask(t, server(scenarios.NTPProtocol, at.Port()), nil)).NTP
			if x == nil || x.Answered != c.answered || x.Sent != c.sent || x.Kiss != c.kiss || count.Load() != int64(c.sent) {
				t.Fatalf("%+v, %d arrived", x, count.Load())
			}
			if known := x.OffsetMs != nil; known != (c.answered && c.kiss == "") {
				t.Error("the offset is", x.OffsetMs)
			}
			if x.OffsetMs != nil && (*x.OffsetMs < 55_000 || *x.OffsetMs > 61_000) {
				t.Error("the offset is", *x.OffsetMs)
			}
		})
	}
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if x := only(t, ask(t, server(scenarios.NTPProtocol, portOf(c.LocalAddr())), nil)); x.ICMP != "refused" || x.NTP.Answered {
		t.Errorf("%+v", x)
	}
}

// dns answers with a code, or with the loopback address.
func dns(code dnsmessage.RCode) func(int64, []byte) []byte {
	return func(_ int64, q []byte) []byte {
		var m dnsmessage.Message
		if m.Unpack(q) != nil {
			return nil
		}
		m.Response, m.RCode, m.Additionals = true, code, nil
		if code == dnsmessage.RCodeSuccess && m.Questions[0].Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: m.Questions[0].Class},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		out, err := m.Pack()
		if err != nil {
			return nil
		}
		return out
	}
}

func TestLookup(t *testing.T) {
	web := listen(t)
	for name, c := range map[string]struct {
		answer func(int64, []byte) []byte
		want   string
		tries  int
	}{
		"known":   {dns(dnsmessage.RCodeSuccess), "", 1},
		"unknown": {dns(dnsmessage.RCodeNameError), "not-found", 1},
		"failed":  {dns(dnsmessage.RCodeServerFailure), "failed", 1},
		"silent":  {func(int64, []byte) []byte { return nil }, "timeout", 2},
		"both lost": {func(n int64, q []byte) []byte {
			return map[bool][]byte{true: dns(dnsmessage.RCodeSuccess)(n, q)}[n > 2]
		}, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			at, _ := datagrams(t, c.answer)
			s := server(scenarios.TCPProtocol, portOf(web.Addr()))
			s.Host, s.Resolver = "server.example.com", at.String()
			f := ask(t, s, nil)
			if l := f.Lookup; l.Error != c.want || l.Tries != c.tries || !l.Given || len(l.Resolvers) != 1 || l.Resolvers[0] != at {
				t.Fatalf("%+v", l)
			}
			if f.Content() != (c.want == "") {
				t.Errorf("%+v", f)
			}
		})
	}
	at, _ := datagrams(t, dns(dnsmessage.RCodeSuccess))
	s := server(scenarios.TCPProtocol, 1)
	s.Host, s.Resolver = "server.example.com", netip.AddrPortFrom(at.Addr(), 1).String()
	if l := ask(t, s, nil).Lookup; l.Error != "refused" {
		t.Errorf("%+v", l)
	}
}

// TestForbidden: what is not allowed is not asked, by whatever name.
func TestForbidden(t *testing.T) {
	no := errors.New("not that one")
	at, count := datagrams(t, dns(dnsmessage.RCodeSuccess))
	s := server(scenarios.NTPProtocol, at.Port())
	if x := only(t, ask(t, s, func(c *serverprobe.Config) { c.Allow = func(netip.Addr) error { return no } })); x.Forbidden == "" || x.NTP != nil {
		t.Errorf("%+v", x)
	}
	s.Host, s.Resolver = "server.example.com", at.String()
	f := ask(t, s, func(c *serverprobe.Config) { c.Allow = func(netip.Addr) error { return no } })
	if f.Lookup.Error != "not-allowed" || len(f.Trials) != 0 || count.Load() != 0 {
		t.Errorf("%+v, %d arrived", f.Lookup, count.Load())
	}
}

// TestOptions: any answer is one, and a challenge is not answered.
func TestOptions(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := portOf(c.LocalAddr())
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: c,
		Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: "secret"}), Serve: func(*sipprobe.Incoming) { t.Error("let in") }})
	if err != nil {
		t.Fatal(err)
	}
	s := server(scenarios.SIPProtocol, port)
	x := only(t, ask(t, s, nil))
	if x.SIP.Status != 401 || len(x.SIP.Events) != 2 {
		t.Errorf("%+v", x.SIP)
	}
	e.Close()
	if x = only(t, ask(t, s, nil)); x.SIP.Status != 0 || x.ICMP != "refused" {
		t.Errorf("%+v, ICMP %q", x.SIP, x.ICMP)
	}
	silent, count := datagrams(t, func(int64, []byte) []byte { return nil })
	if x = only(t, ask(t, server(scenarios.SIPProtocol, silent.Port()), nil)); x.SIP.Outcome != sipprobe.Silent || x.ICMP != "" || count.Load() == 0 {
		t.Errorf("%+v, ICMP %q, %d arrived", x.SIP, x.ICMP, count.Load())
	}
}

// TestOptionsOverConnections asks over TCP and TLS.
func TestOptionsOverConnections(t *testing.T) {
	ca, err := testca.New("Test Root")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue(testca.Request{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, over := range []sipprobe.Transport{sipprobe.TCP, sipprobe.TLS} {
		l := listen(t)
		port := portOf(l.Addr())
		if over == sipprobe.TLS {
			l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
		}
		e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: over, Listener: l,
			Serve: func(in *sipprobe.Incoming) { in.Reply(404, "Not Found", sipprobe.Body{}) }})
		if err != nil {
			t.Fatal(err)
		}
		s := server(scenarios.SIPProtocol, port)
		s.Resolver = string(over)
		x := only(t, ask(t, s, func(c *serverprobe.Config) { c.Roots, c.Timeout = ca.Roots(), 5*time.Second }))
		if x.SIP.Status != 404 || x.Connect.Result != "open" || (x.TLS != nil) != (over == sipprobe.TLS) {
			t.Errorf("%s: %+v, %+v", over, x.SIP, x.Connect)
		}
		e.Close()
		if x = only(t, ask(t, s, nil)); x.SIP.Outcome != sipprobe.NotReached || x.Connect.Result != "refused" {
			t.Errorf("%s: %+v, %+v", over, x.SIP, x.Connect)
		}
	}
}

// TestStopped: a run that is stopped has no facts of what it did not wait for.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := server(scenarios.TCPProtocol, 1)
	f := serverprobe.Ask(ctx, scenarios.Check{Server: &s}, serverprobe.Config{Network: network.Host{}})
	if f.Missing == "" {
		t.Errorf("%+v", f)
	}
}
