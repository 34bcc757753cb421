package client_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// intercept opens TLS before the responder, and returns the port on which it does.
// Change sees what the responder sends.
func intercept(t *testing.T, r *responder.Responder, change func([]byte)) uint16 {
	t.Helper()
	l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	to := net.JoinHostPort(loopback.String(), fmt.Sprint(portsOf(r)[sipprobe.TLS]))
	go func() {
		for {
			outer, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer outer.Close()
				inner, err := tls.Dial("tcp", to, &tls.Config{InsecureSkipVerify: true})
				if err != nil {
					return
				}
				defer inner.Close()
				go func() {
					io.Copy(inner, outer)
					inner.Close()
				}()
				buf := make([]byte, 64<<10)
				for {
					n, err := inner.Read(buf)
					if change != nil {
						change(buf[:n])
					}
					if _, werr := outer.Write(buf[:n]); err != nil || werr != nil {
						return
					}
				}
			}()
		}
	}()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

func codes(ev *evidence.Evidence) []string {
	var out []string
	for _, f := range diagnosis.Diagnose(ev).Findings {
		out = append(out, f.Code)
	}
	return out
}

// TestIntercepted: the certificate is compared in every run, whether it asks or not.
func TestIntercepted(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	tlsPort := intercept(t, r, nil)
	ask := scenarios.Check{ID: "certificate", Kind: scenarios.TLSKind, Direction: scenarios.Inbound, Transport: "tls",
		TLS: &scenarios.TLS{MinVersion: "1.2", Trust: scenarios.TrustAny}}
	for _, s := range []scenarios.Scenario{
		{Name: "asked", Checks: []scenarios.Check{ask}},
		aCall(scenarios.Inbound, sipprobe.TLS, time.Second),
	} {
		cfg := against(r, s)
		cfg.Ports[sipprobe.TLS] = tlsPort
		ev := mustRun(t.Context(), t, cfg)
		whole(t, ev)
		if got := codes(ev); !slices.Equal(got, []string{"tls-intercepted"}) {
			t.Errorf("%s: %v", s.Name, got)
		}
	}
}

// TestNotIntercepted: the certificate that the responder made for itself is no fault.
func TestNotIntercepted(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	ev := mustRun(t.Context(), t, against(r, scenarios.Scenario{Name: "asked", Checks: []scenarios.Check{{ID: "certificate", Kind: scenarios.TLSKind,
		Direction: scenarios.Inbound, Transport: "tls", TLS: &scenarios.TLS{MinVersion: "1.2", Trust: scenarios.TrustAny}}}}))
	whole(t, ev)
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Pass || len(d.Findings) > 0 {
		t.Errorf("%s: %+v", d.Verdict, d.Findings)
	}
	own, seen := ev.Responder.Presents(), ev.Pairing.Attempts[2].Connect.PeerSHA256
	if own == nil || !own.SelfMade || own.SHA256[0] != seen || ev.Checks[0].TLSFacts.Result.Chain[0].SHA256 != seen {
		t.Errorf("presented %+v, seen %s", own, seen)
	}
}

// TestInterceptorCannotLie: whoever opens TLS can read the responder's ledger and not
// change it. With its answers changed, the responder counts as unproven there, and the
// run goes over what is left.
func TestInterceptorCannotLie(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	cfg := against(r, scenario(t, "quick", time.Second))
	cfg.Ports[sipprobe.TLS] = intercept(t, r, func(data []byte) {
		if head, body, ok := bytes.Cut(data, []byte("\r\n\r\n")); ok && bytes.HasPrefix(head, []byte("SIP/2.0 200")) && len(body) > 20 {
			body[len(body)-12] ^= 1 // in the compressed order
		}
	})
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	if x := ev.Pairing.Attempts[2].Exchange; x == nil || x.Outcome != sipprobe.Unproven || ev.Pairing.Transport != sipprobe.TCP {
		t.Errorf("paired over %s; over TLS %+v", ev.Pairing.Transport, x)
	}
}
