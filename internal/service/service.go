package service

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Protocol is what a port speaks.
type Protocol string

// The protocols.
const (
	// HTTP is asked by HEAD (RFC 9110 section 9.3.2), HTTPS the same after a TLS handshake.
	HTTP, HTTPS Protocol = "http", "https"
	// XMPP is asked by a stream header, and for its certificate by STARTTLS (RFC 6120 sections 4 and 5).
	XMPP Protocol = "xmpp"
	// TLS is asked by a handshake alone.
	TLS Protocol = "tls"
	// SIP is asked by OPTIONS (RFC 3261 section 11), over UDP or TCP; SIPS over TLS.
	SIP, SIPS Protocol = "sip", "sips"
	// NTP is asked for the time (RFC 5905).
	NTP Protocol = "ntp"
)

// Known reports whether a protocol is spoken over "tcp" or "udp".
func (p Protocol) Known(transport string) bool {
	if transport == "udp" {
		return p == SIP || p == NTP
	}
	return transport == "tcp" && slices.Contains([]Protocol{HTTP, HTTPS, XMPP, TLS, SIP, SIPS}, p)
}

// Bounds of one exchange: how long a connection may take to open, in which the kernel
// sends three SYNs, how long the rest may take, and how much is read.
const (
	connectTime = 4 * time.Second
	talkTime    = 4 * time.Second
	maxRead     = 16 << 10
)

// Patience is how long one question takes at most.
const Patience = connectTime + talkTime

// Said is what came of one question.
type Said struct {
	Protocol Protocol `json:"protocol"`
	// Transport is "tcp" or "udp".
	Transport string         `json:"transport"`
	Time      time.Time      `json:"time"`
	Local     netip.AddrPort `json:"local"`
	Remote    netip.AddrPort `json:"remote"`
	// Connect is how the opening of the connection ended: "open", "timeout", "refused",
	// "unreachable" or "local" (this machine could not); empty over UDP.
	Connect   string   `json:"connect,omitempty"`
	ConnectMs *float64 `json:"connect_ms,omitempty"`
	Outcome   Outcome  `json:"outcome"`
	// RTTMs is from the first byte sent to the end of the exchange, null without an answer.
	RTTMs *float64 `json:"rtt_ms"`
	// Line is the answer's first line, or as much as tells what it is, of printable
	// characters; Software what the peer calls itself, empty when it does not say.
	Line     string `json:"line,omitempty"`
	Software string `json:"software,omitempty"`
	// Stream is the id of an XMPP stream, another one for each stream.
	Stream string `json:"stream,omitempty"`
	// CertificateSHA256 is the fingerprint of the certificate that was presented,
	// CertificateSubject its name for people; empty without TLS.
	CertificateSHA256  string `json:"certificate_sha256,omitempty"`
	CertificateSubject string `json:"certificate_subject,omitempty"`
	// Error is what the system said, empty when all went well.
	Error string `json:"error,omitempty"`
}

// An Outcome is how a question ended.
type Outcome string

// The outcomes.
const (
	// Fits: the answer is one of the protocol.
	Fits Outcome = "fits"
	// Unfit: something else was said.
	Unfit Outcome = "unfit"
	// Silent: nothing was said in time.
	Silent Outcome = "silent"
	// Closed: the connection was closed without a word.
	Closed Outcome = "closed"
	// NotConnected: no connection could be opened.
	NotConnected Outcome = "not-connected"
	// NotSent: this machine did not let the question out.
	NotSent Outcome = "not-sent"
)

// Spoke reports whether anything was said, fitting or not.
func (s *Said) Spoke() bool { return s != nil && (s.Outcome == Fits || s.Outcome == Unfit) }

// A Dialer opens what is asked through.
type Dialer interface {
	// Dial opens a TCP connection.
	Dial(ctx context.Context, remote netip.AddrPort) (net.Conn, error)
	// DialPacket opens a UDP socket for one peer.
	DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error)
}

// An Asker asks services.
type Asker struct {
	Dialer Dialer
	// Result says how the opening of a TCP connection failed, see [Said].
	Result func(error) string
	// Local is where questions over UDP come from; its port may be 0.
	Local netip.AddrPort
	// Name is the host that is asked for, as a client would: see [CheckName].
	Name string
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,253}$`)

// CheckName says what is wrong with a host name or an address to ask for, nil when nothing is.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return errors.New("a name to ask for is a host name or an address")
	}
	return nil
}

// At asks what is at a port, once. The protocol must be known over the transport.
func (a Asker) At(ctx context.Context, p Protocol, transport string, remote netip.AddrPort) Said {
	s := Said{Protocol: p, Transport: transport, Time: time.Now(), Remote: remote}
	if transport == "udp" {
		a.packet(ctx, &s)
	} else {
		a.stream(ctx, &s)
	}
	return s
}

func (a Asker) stream(ctx context.Context, s *Said) {
	opening, cancel := context.WithTimeout(ctx, connectTime)
	conn, err := a.Dialer.Dial(opening, s.Remote)
	cancel()
	s.ConnectMs = ms(time.Since(s.Time))
	if err != nil {
		s.Connect, s.Error, s.Outcome = a.Result(err), err.Error(), NotConnected
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	s.Connect, s.Local = "open", addrPort(conn.LocalAddr())
	start := time.Now()
	conn.SetDeadline(start.Add(talkTime))
	t := &talk{Said: s, name: a.Name, conn: conn}
	t.converse()
	if s.Spoke() {
		s.RTTMs = ms(time.Since(start))
	}
}

// end sorts how an exchange ended without a fitting answer; heard is what was read of it.
func (s *Said) end(heard []byte, err error) {
	switch {
	case s.Outcome == Fits:
		return
	case len(heard) > 0:
		s.Outcome, s.Line = Unfit, line(heard)
	case isTimeout(err):
		s.Outcome = Silent
	default:
		s.Outcome = Closed
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.Error = err.Error()
	}
}

// lineBytes is how much of an answer is kept.
const lineBytes = 120

// line is the first line of an answer, what cannot be printed being replaced.
func line(b []byte) string {
	text, _, _ := strings.Cut(string(b[:min(len(b), lineBytes)]), "\n")
	return printable(text)
}

func printable(text string) string {
	text = text[:min(len(text), lineBytes)]
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, strings.TrimRight(text, "\r\n")))
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func addrPort(a net.Addr) netip.AddrPort {
	ap, _ := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func ms(d time.Duration) *float64 {
	v := float64(d.Microseconds()) / 1000
	return &v
}
