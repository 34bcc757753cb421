package tlsprobe

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"
)

// An Outcome says how a handshake ended, as far as it concerns the version.
type Outcome string

// The outcomes.
const (
	// Accepted: the server chose a version that was offered.
	Accepted Outcome = "accepted"
	// Refused: the server sent an alert, or chose a version that was not offered.
	Refused Outcome = "refused"
	// Closed: the connection ended before the server said anything.
	Closed Outcome = "closed"
	// TimedOut: the server took the connection and said nothing in time.
	TimedOut Outcome = "timeout"
	// NotTLS: what answered does not speak TLS.
	NotTLS Outcome = "not-tls"
	// NotConnected: no TCP connection could be opened.
	NotConnected Outcome = "not-connected"
	// NotTested: this program could not offer the version, or was stopped.
	NotTested Outcome = "not-tested"
)

// A Handshake is what came of one.
type Handshake struct {
	// Offered are the versions: "1.2", or "1.0-1.3".
	Offered string  `json:"offered"`
	Outcome Outcome `json:"outcome"`
	// Chosen is the server's version, Cipher its cipher suite; empty without its hello.
	Chosen string `json:"chosen,omitempty"`
	Cipher string `json:"cipher,omitempty"`
	// ALPN is the protocol that was agreed on; empty when there is none.
	ALPN string `json:"alpn,omitempty"`
	// Alert is what the server refused with, as RFC 8446 section 6 names it.
	Alert string `json:"alert,omitempty"`
	// Complete is true when the whole handshake went through; Error says why it did not.
	Complete bool   `json:"complete"`
	Error    string `json:"error,omitempty"`
	// AsksCertificate is true when the server asked for a certificate of the client's.
	AsksCertificate bool `json:"asks_certificate,omitempty"`
	// Leaf is the SHA-256 fingerprint of the server's own certificate; empty when it
	// was not seen.
	Leaf       string  `json:"leaf_sha256,omitempty"`
	DurationMs float64 `json:"duration_ms"`
}

// Undecided reports whether the server refused in a way that leaves open whether it was
// the version: it may take only cipher suites that this program does not have.
func (h Handshake) Undecided() bool {
	return h.Outcome == Refused && (h.Alert == "handshake_failure" || h.Alert == "insufficient_security")
}

// A sighting is what a handshake showed beside.
type sighting struct {
	remote netip.AddrPort
	chain  [][]byte
}

type asker struct {
	dial Dial
	cfg  Config
}

// ask makes one handshake that offers the versions from min to max.
func (a asker) ask(ctx context.Context, minimum, maximum uint16) (Handshake, sighting) {
	h := Handshake{Offered: offered(minimum, maximum)}
	if ctx.Err() != nil {
		h.Outcome, h.Error = NotTested, "stopped"
		return h, sighting{}
	}
	limited, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	start := time.Now()
	s := a.shake(limited, &h, minimum, maximum)
	h.DurationMs = float64(time.Since(start).Microseconds()) / 1000
	if ctx.Err() != nil && h.Outcome != Accepted && h.Outcome != Refused {
		h.Outcome, h.Error = NotTested, "stopped"
	}
	return h, s
}

func (a asker) shake(ctx context.Context, h *Handshake, minimum, maximum uint16) (s sighting) {
	conn, err := a.dial(ctx)
	if err != nil {
		h.Outcome, h.Error = NotConnected, printable(err.Error())
		return s
	}
	defer conn.Close()
	if ap, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		s.remote = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ear := &ear{Conn: conn}
	secure := tls.Client(ear, &tls.Config{
		// What the certificates are worth is judged later, and is no reason to stop.
		InsecureSkipVerify: true,
		ServerName:         a.cfg.ServerName, NextProtos: a.cfg.ALPN,
		MinVersion: minimum, MaxVersion: maximum, CipherSuites: everySuite(),
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			s.chain = raw
			return nil
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			h.AsksCertificate = true
			return new(tls.Certificate), nil
		},
	})
	err = secure.HandshakeContext(ctx)
	h.Complete = err == nil
	if err != nil {
		h.Error = printable(err.Error())
	} else {
		h.ALPN = printable(secure.ConnectionState().NegotiatedProtocol)
	}
	h.read(ear, err, minimum, maximum)
	if len(s.chain) > 0 {
		h.Leaf = fingerprint(s.chain[0])
	}
	return s
}

// read takes the outcome from what was on the wire.
func (h *Handshake) read(e *ear, err error, minimum, maximum uint16) {
	first := listen(e.heard)
	switch {
	case e.sent == 0:
		h.Outcome = NotTested
	case first.hello != nil:
		v := first.hello.version
		h.Chosen, h.Cipher = versionName(v), tls.CipherSuiteName(first.hello.cipher)
		h.Outcome = Refused
		if minimum <= v && v <= maximum {
			h.Outcome = Accepted
		}
	case first.alert != nil:
		h.Outcome, h.Alert = Refused, alertName(*first.alert)
	case first.strange:
		h.Outcome, h.Error = NotTLS, fmt.Sprintf("answered %q", cut(string(e.heard), 40))
	case timedOut(err):
		h.Outcome = TimedOut
	default:
		h.Outcome = Closed
		if errors.Is(err, io.EOF) {
			h.Error = "closed without a word"
		}
	}
}

func timedOut(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, syscall.ETIMEDOUT) || errors.As(err, &n) && n.Timeout()
}

// everySuite lists what Go knows for TLS 1.2 and below, the broken ones as well.
func everySuite() []uint16 {
	var out []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		out = append(out, s.ID)
	}
	return out
}

func offered(minimum, maximum uint16) string {
	if minimum == maximum {
		return versionName(minimum)
	}
	return versionName(minimum) + "-" + versionName(maximum)
}

// versionName is "1.2" for TLS 1.2, and what the library says of others.
func versionName(v uint16) string { return strings.TrimPrefix(tls.VersionName(v), "TLS ") }

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}
