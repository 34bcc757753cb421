package tlsprobe

import (
	"math"
	"net/netip"
	"strings"
	"time"
)

// Terms are what is expected of a server. Their zero value expects nothing but valid
// dates and an orderly chain.
type Terms struct {
	// Name must be among the subject alternative names (RFC 9525); empty does not ask.
	Name string
	// Now is when the dates are judged; the zero value means when the server was asked.
	Now time.Time
	// MinDaysLeft warns of a certificate that is valid for fewer days.
	MinDaysLeft int
	// MinVersion is the oldest version that may be accepted, such as "1.2"; empty allows all.
	MinVersion string
	// Trusted asks for a chain to a root that the asking machine knows.
	Trusted bool
}

// A Code names what is wrong. Codes are stable.
type Code string

// The codes.
const (
	Expired     Code = "expired"
	NotYetValid Code = "not-yet-valid"
	ExpiresSoon Code = "expires-soon"
	// NameMismatch: the name is not among the subject alternative names.
	NameMismatch Code = "name-mismatch"
	// SelfSigned, UnknownRoot and UnknownIssuer: no chain to a root that is known. The
	// certificate is its own issuer; a root was sent that is not known; the issuer of
	// the last certificate was neither sent nor is it known.
	SelfSigned    Code = "self-signed"
	UnknownRoot   Code = "unknown-root"
	UnknownIssuer Code = "unknown-issuer"
	// MissingIntermediate: the chain ends below an intermediate that exists.
	MissingIntermediate Code = "missing-intermediate"
	// WrongOrder: an issuer was sent before what it has signed.
	WrongOrder Code = "wrong-order"
	// LooseCertificate: one that was sent has nothing to do with the others.
	LooseCertificate Code = "loose-certificate"
	// RootSent: the root was sent along, which nobody needs.
	RootSent      Code = "root-sent"
	WeakKey       Code = "weak-key"
	WeakSignature Code = "weak-signature"
	// Unreadable: a certificate that cannot be read.
	Unreadable Code = "unreadable"
	// VersionTooOld: a version below the minimum is accepted; NoVersion: none from the
	// minimum on is, by a server that does speak TLS.
	VersionTooOld Code = "version-too-old"
	NoVersion     Code = "no-version"
)

// A Severity says what an issue does to peers.
type Severity string

// The severities.
const (
	// Error: peers that look refuse the connection, or should.
	Error Severity = "error"
	// Warning: some peers refuse it, or soon will.
	Warning Severity = "warning"
	// Note: nobody is harmed.
	Note Severity = "note"
)

// An Issue is one thing that is wrong.
type Issue struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Certificate is the index of the certificate concerned, null when it is none.
	Certificate *int `json:"certificate"`
	// DaysLeft is set for issues with dates: full days until the end of the validity,
	// negative after it; for one that is not valid yet, days until it begins.
	DaysLeft *int `json:"days_left"`
	// Subject is the name, issuer, version or algorithm concerned, or several versions
	// joined by ", ".
	Subject string `json:"subject,omitempty"`
}

// Judge says what is wrong with a result. It asks nobody and reads no clock.
func Judge(r Result, t Terms) []Issue {
	if t.Now.IsZero() {
		t.Now = r.Time
	}
	out := judgeVersions(r, t)
	if len(r.Chain) == 0 {
		return out
	}
	if r.Chain[0].Error != "" {
		return append(out, at(Unreadable, Error, 0, r.Chain[0].Error))
	}
	p := PathOf(r.Chain)
	for _, i := range p.Steps {
		if i == 0 || !r.Chain[i].SelfSigned { // a root is trusted by name, not by its dates
			out = append(out, judgeDates(r.Chain[i], i, t)...)
		}
	}
	if t.Name != "" && !Covers(r.Chain[0], t.Name) {
		out = append(out, at(NameMismatch, Error, 0, t.Name))
	}
	out = append(out, judgeChain(r, p, t)...)
	return append(out, judgeStrength(r.Chain, p)...)
}

// judgeVersions holds the versions against the minimum. The ordinary handshake counts:
// there a server takes the newest that it has. A connection that was not opened, or on
// which nothing was said, tells nothing of a version: servers and firewalls let one
// address in only so often.
func judgeVersions(r Result, t Terms) (out []Issue) {
	if t.MinVersion == "" || len(r.Versions) == 0 {
		return nil
	}
	var old []string
	enough, asked, speaks := false, false, false
	if h := r.Ordinary; h.Outcome == Accepted && h.Chosen != "" {
		asked, enough, speaks = true, h.Chosen >= t.MinVersion, true
	}
	for _, h := range r.Versions {
		speaks = speaks || h.Outcome == Accepted || h.Outcome == Refused
		switch {
		case h.Offered < t.MinVersion && h.Outcome == Accepted:
			old = append(old, h.Offered)
		case h.Offered < t.MinVersion || h.Outcome == NotTested || h.Outcome == NotConnected || h.Outcome == TimedOut:
		case h.Undecided():
			enough = true // for all that is known
		default:
			asked, enough = true, enough || h.Outcome == Accepted
		}
	}
	if len(old) > 0 {
		out = append(out, Issue{Code: VersionTooOld, Severity: Error, Subject: strings.Join(old, ", ")})
	}
	if asked && !enough && speaks {
		out = append(out, Issue{Code: NoVersion, Severity: Error, Subject: t.MinVersion})
	}
	return out
}

func judgeDates(c Certificate, i int, t Terms) []Issue {
	left := days(c.NotAfter.Sub(t.Now))
	dated := func(code Code, s Severity, days int) []Issue {
		issue := at(code, s, i, c.Name())
		issue.DaysLeft = &days
		return []Issue{issue}
	}
	switch {
	case t.Now.After(c.NotAfter):
		return dated(Expired, Error, left)
	case t.Now.Before(c.NotBefore):
		return dated(NotYetValid, Error, days(c.NotBefore.Sub(t.Now)))
	case left < t.MinDaysLeft:
		return dated(ExpiresSoon, Warning, left)
	}
	return nil
}

// days counts full days: half a day is 0, half a day ago is -1.
func days(d time.Duration) int { return int(math.Floor(d.Hours() / 24)) }

// DaysLeft counts the full days until a certificate's validity ends, negative after it.
func DaysLeft(c Certificate, now time.Time) int { return days(c.NotAfter.Sub(now)) }

// Covers reports whether a certificate is for a name or an address: only subject
// alternative names count, and "*" stands for one whole label, the first (RFC 9525
// section 6.3; RFC 6125 allowed parts of labels, which no peer takes any more).
func Covers(c Certificate, name string) bool {
	x := c.parsed()
	name = strings.TrimSuffix(name, ".")
	if a, err := netip.ParseAddr(name); err == nil {
		name = a.Unmap().WithZone("").String()
	}
	return x != nil && name != "" && x.VerifyHostname(name) == nil
}

func judgeChain(r Result, p Path, t Terms) (out []Issue) {
	top := p.Steps[len(p.Steps)-1]
	last := r.Chain[top]
	trusted := r.Trust != nil && r.Trust.Trusted
	switch {
	case trusted && len(r.Trust.Missing) > 0:
		out = append(out, at(MissingIntermediate, Error, top, r.Trust.Missing[0]))
	case trusted:
	case !p.Rooted && top == 0 && last.Public:
		// A public authority signs no server's certificate with its root.
		out = append(out, at(MissingIntermediate, Error, top, last.IssuerName()))
	case r.Trust == nil || !t.Trusted:
	case last.SelfSigned && top == 0:
		out = append(out, at(SelfSigned, Error, 0, last.Name()))
	case p.Rooted:
		out = append(out, at(UnknownRoot, Error, top, last.Name()))
	default:
		out = append(out, at(UnknownIssuer, Error, top, last.IssuerName()))
	}
	if !p.Ordered {
		out = append(out, at(WrongOrder, Warning, p.Steps[1], r.Chain[p.Steps[1]].Name()))
	}
	for _, i := range p.Loose {
		out = append(out, at(LooseCertificate, Note, i, r.Chain[i].Name()))
	}
	if p.Rooted && top != 0 {
		out = append(out, at(RootSent, Note, top, last.Name()))
	}
	return out
}

// The least bits of a key that peers of today take (NIST SP 800-57, 112 bits of strength).
const (
	minRSABits   = 2048
	minECDSABits = 224
)

func judgeStrength(chain []Certificate, p Path) (out []Issue) {
	for _, i := range p.Steps {
		c := chain[i]
		if c.Key == "RSA" && c.KeyBits < minRSABits || c.Key == "ECDSA" && c.KeyBits < minECDSABits {
			out = append(out, at(WeakKey, Warning, i, c.Name()))
		}
		if !c.SelfSigned && (strings.Contains(c.Signature, "SHA1") || strings.Contains(c.Signature, "MD5") || strings.Contains(c.Signature, "MD2")) {
			out = append(out, at(WeakSignature, Warning, i, c.Signature))
		}
	}
	return out
}

func at(code Code, s Severity, i int, subject string) Issue {
	return Issue{Code: code, Severity: s, Certificate: &i, Subject: subject}
}
