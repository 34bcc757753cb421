package tlsprobe_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bothways/internal/testca"
	"bothways/sipprobe/tlsprobe"
)

// authority is a root with an intermediate, which signs.
func authority(t *testing.T) (root, signer *testca.Authority) {
	t.Helper()
	root, err := testca.New("Example Root")
	if err != nil {
		t.Fatal(err)
	}
	signer, err = root.Intermediate("Example Issuing CA")
	if err != nil {
		t.Fatal(err)
	}
	return root, signer
}

func issue(t *testing.T, a *testca.Authority, r testca.Request) tls.Certificate {
	t.Helper()
	c, err := a.Issue(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve hands each connection to a goroutine of its own.
func serve(t *testing.T, each func(net.Conn)) tlsprobe.Dial {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				each(c)
			}()
		}
	}()
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
}

// server speaks TLS as it is told, and reads until the client goes.
func server(t *testing.T, cfg *tls.Config) tlsprobe.Dial {
	return serve(t, func(c net.Conn) {
		s := tls.Server(c, cfg)
		if s.Handshake() == nil {
			io.Copy(io.Discard, s)
		}
	})
}

func outcomes(r tlsprobe.Result) []string {
	out := []string{string(r.Ordinary.Outcome) + " " + r.Ordinary.Chosen}
	for _, h := range r.Versions {
		out = append(out, strings.TrimSpace(h.Offered+" "+string(h.Outcome)+" "+h.Alert))
	}
	return out
}

func TestVersions(t *testing.T) {
	t.Parallel()
	root, signer := authority(t)
	cert := issue(t, signer, testca.Request{Name: "pbx.example", RSABits: 2048})
	refused := " refused protocol_version"
	for _, row := range []struct {
		name string
		cfg  *tls.Config
		want []string
	}{
		{"today", &tls.Config{}, []string{"accepted 1.3", "1.0" + refused, "1.1" + refused, "1.2 accepted", "1.3 accepted"}},
		{"all", &tls.Config{MinVersion: tls.VersionTLS10}, []string{"accepted 1.3", "1.0 accepted", "1.1 accepted", "1.2 accepted", "1.3 accepted"}},
		{"only 1.0", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
			[]string{"accepted 1.0", "1.0 accepted", "1.1" + refused, "1.2" + refused, "1.3" + refused}},
		{"only 1.1, RSA key exchange and 3DES", &tls.Config{MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}},
			[]string{"accepted 1.1", "1.0" + refused, "1.1 accepted", "1.2" + refused, "1.3" + refused}},
		{"only 1.2 with RC4", &tls.Config{MaxVersion: tls.VersionTLS12, MinVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}},
			[]string{"accepted 1.2", "1.0" + refused, "1.1" + refused, "1.2 accepted", "1.3" + refused}},
		{"only 1.3", &tls.Config{MinVersion: tls.VersionTLS13}, []string{"accepted 1.3", "1.0" + refused, "1.1" + refused, "1.2" + refused, "1.3 accepted"}},
		{"asks for a certificate that nobody has", &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12},
			[]string{"accepted 1.2", "1.0" + refused, "1.1" + refused, "1.2 accepted", "1.3" + refused}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.cfg.Certificates = []tls.Certificate{cert}
			r := tlsprobe.Probe(t.Context(), server(t, row.cfg), tlsprobe.Config{ServerName: "pbx.example", Roots: root.Roots()})
			if diff := cmp.Diff(row.want, outcomes(r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(r.Chain) != 2 || r.Chain[0].Name() != "pbx.example" || r.Chain[1].Name() != "Example Issuing CA" {
				t.Errorf("chain: %+v", r.Chain)
			}
			if r.Trust == nil || !r.Trust.Trusted || !strings.Contains(r.Trust.Root, "Example Root") {
				t.Errorf("trust: %+v", r.Trust)
			}
			if h := r.Ordinary; h.Leaf != r.Chain[0].SHA256 || h.Cipher == "" || h.AsksCertificate != (row.cfg.ClientAuth != 0) {
				t.Errorf("ordinary: %+v", h)
			}
		})
	}
}

// TestAHelloCounts: a server that goes away after its hello has accepted the version.
func TestAHelloCounts(t *testing.T) {
	t.Parallel()
	hello := slices.Concat([]byte{22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3}, make([]byte, 32), []byte{0, 0xc0, 0x2f, 0})
	dial := serve(t, func(c net.Conn) { c.Read(make([]byte, 4096)); c.Write(hello); c.Write([]byte{21, 3, 3, 0, 2, 2, 80}) })
	r := tlsprobe.Probe(t.Context(), dial, tlsprobe.Config{})
	want := []string{"accepted 1.2", "1.0 refused", "1.1 refused", "1.2 accepted", "1.3 refused"}
	if diff := cmp.Diff(want, outcomes(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if h, _ := r.Version("1.2"); h.Complete || h.Error == "" || h.Cipher != "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" {
		t.Errorf("%+v", h)
	}
	if h, _ := r.Version("1.0"); h.Chosen != "1.2" {
		t.Errorf("%+v", h)
	}
}

func TestWhatIsNoTLSServer(t *testing.T) {
	t.Parallel()
	hello := func(c net.Conn) { c.Read(make([]byte, 4096)) }
	for _, row := range []struct {
		name  string
		each  func(net.Conn)
		want  tlsprobe.Outcome
		alert string
	}{
		{"closes", func(c net.Conn) { hello(c) }, tlsprobe.Closed, ""},
		{"says nothing", func(c net.Conn) { io.Copy(io.Discard, c) }, tlsprobe.TimedOut, ""},
		{"speaks SIP", func(c net.Conn) { hello(c); io.WriteString(c, "SIP/2.0 400 Bad Request\r\n\r\n") }, tlsprobe.NotTLS, ""},
		{"an alert", func(c net.Conn) { hello(c); c.Write([]byte{21, 3, 1, 0, 2, 2, 40}) }, tlsprobe.Refused, "handshake_failure"},
		{"an unknown alert", func(c net.Conn) { hello(c); c.Write([]byte{21, 3, 1, 0, 2, 2, 200}) }, tlsprobe.Refused, "alert 200"},
		{"a warning as the last word", func(c net.Conn) { hello(c); c.Write([]byte{21, 3, 1, 0, 2, 1, 70}) }, tlsprobe.Refused, "protocol_version"},
		{"a polite goodbye", func(c net.Conn) { hello(c); c.Write([]byte{21, 3, 1, 0, 2, 1, 0}) }, tlsprobe.Closed, ""},
		{"half a hello", func(c net.Conn) { hello(c); c.Write([]byte{22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3}) }, tlsprobe.Closed, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := tlsprobe.Probe(t.Context(), serve(t, row.each), tlsprobe.Config{Timeout: 300 * time.Millisecond})
			for _, h := range append(slices.Clone(r.Versions), r.Ordinary) {
				if h.Outcome != row.want || h.Alert != row.alert || h.Complete {
					t.Errorf("%+v", h)
				}
			}
			if len(r.Chain) != 0 || r.Trust != nil {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	nobody := func(context.Context) (net.Conn, error) { return nil, io.ErrClosedPipe }
	r := tlsprobe.Probe(t.Context(), nobody, tlsprobe.Config{})
	if r.Ordinary.Outcome != tlsprobe.NotConnected || len(r.Versions) != 0 {
		t.Errorf("%+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := tlsprobe.Probe(ctx, nobody, tlsprobe.Config{}); r.Ordinary.Outcome != tlsprobe.NotTested {
		t.Errorf("%+v", r)
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := tlsprobe.Probe(ctx, serve(t, func(c net.Conn) { cancel(); io.Copy(io.Discard, c) }), tlsprobe.Config{})
	if r.Ordinary.Outcome != tlsprobe.NotTested || len(r.Versions) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestResultSurvivesItsFile: opinions about saved facts are the same.
func TestResultSurvivesItsFile(t *testing.T) {
	t.Parallel()
	_, signer := authority(t)
	cert := issue(t, signer, testca.Request{Name: "pbx.example"})
	r := tlsprobe.Probe(t.Context(), server(t, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10}), tlsprobe.Config{})
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var saved tlsprobe.Result
	if err := json.Unmarshal(data, &saved); err != nil {
		t.Fatal(err)
	}
	terms := tlsprobe.Terms{Name: "other.example", MinVersion: "1.2", MinDaysLeft: 30, Trusted: true}
	want := tlsprobe.Judge(r, terms)
	if diff := cmp.Diff(want, tlsprobe.Judge(saved, terms), cmpopts.EquateEmpty()); diff != "" || len(want) < 3 {
		t.Errorf("%d issues (-run +saved):\n%s", len(want), diff)
	}
}
