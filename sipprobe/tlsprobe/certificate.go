package tlsprobe

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"net/netip"
	"strings"
	"time"
	"unicode"
)

// Bounds of what is kept of a chain, however much a server sends.
const (
	MaxCertificates = 16
	maxNames        = 200
	maxText         = 500
)

// A Certificate is one that a server presented. Texts in it hold no control characters
// and are cut where they are longer than a name can be; DER is as it was sent.
type Certificate struct {
	// DER is the certificate itself, in JSON as base64. The other fields come from it,
	// and are empty where Error says that it cannot be read.
	DER []byte `json:"der"`
	// SHA256 is the fingerprint: the hash of DER in hexadecimal.
	SHA256 string `json:"sha256"`
	// Subject and Issuer are distinguished names as RFC 2253 writes them.
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	// DNSNames and IPAddresses are the subject alternative names.
	DNSNames    []string     `json:"dns_names"`
	IPAddresses []netip.Addr `json:"ip_addresses"`
	// Serial is in hexadecimal.
	Serial    string    `json:"serial"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// Key is "RSA", "ECDSA", "Ed25519" or "unknown", and KeyBits its size, 0 for unknown.
	Key     string `json:"key"`
	KeyBits int    `json:"key_bits"`
	// Signature is the algorithm of the issuer's signature, such as "SHA256-RSA".
	Signature string `json:"signature"`
	// SelfSigned is true when the certificate is signed by its own key.
	SelfSigned bool `json:"self_signed"`
	// CA is true when it may sign others.
	CA bool `json:"ca"`
	// Public is true when the certificate itself says that an authority issued it which
	// browsers know: by a policy of the CA/Browser Forum, or by proofs that it was
	// published (RFC 6962). Such authorities never sign with their root.
	Public bool   `json:"public"`
	Error  string `json:"error,omitempty"`
}

func parseChain(raw [][]byte) []Certificate {
	var out []Certificate
	for _, der := range raw[:min(len(raw), MaxCertificates)] {
		out = append(out, ParseCertificate(der))
	}
	return out
}

// ParseCertificate reads a certificate; what cannot be read is said in its Error.
func ParseCertificate(der []byte) Certificate {
	c := Certificate{DER: der, SHA256: fingerprint(der), DNSNames: []string{}, IPAddresses: []netip.Addr{}}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		c.Error = printable(err.Error())
		return c
	}
	c.Subject, c.Issuer = nameOf(x.Subject.String()), nameOf(x.Issuer.String())
	c.Serial = cut(x.SerialNumber.Text(16), maxText)
	c.NotBefore, c.NotAfter = x.NotBefore.UTC(), x.NotAfter.UTC()
	c.Key, c.KeyBits = keyOf(x)
	c.Signature = x.SignatureAlgorithm.String()
	c.SelfSigned, c.CA, c.Public = signedBy(x, x), x.IsCA, publicly(x)
	for _, name := range x.DNSNames[:min(len(x.DNSNames), maxNames)] {
		c.DNSNames = append(c.DNSNames, printable(name))
	}
	for _, ip := range x.IPAddresses[:min(len(x.IPAddresses), maxNames)] {
		if a, ok := netip.AddrFromSlice(ip); ok {
			c.IPAddresses = append(c.IPAddresses, a.Unmap())
		}
	}
	return c
}

// Name is the common name of the subject, or else its first alternative name, or the
// whole subject, for people.
func (c Certificate) Name() string {
	switch cn := commonName(c.Subject); {
	case cn != "":
		return cn
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	case c.Subject != "":
		return c.Subject
	}
	return "a certificate without a name"
}

// IssuerName is the same for the issuer.
func (c Certificate) IssuerName() string {
	if cn := commonName(c.Issuer); cn != "" {
		return cn
	}
	if c.Issuer == "" {
		return "somebody without a name"
	}
	return c.Issuer
}

// parsed is the certificate again, nil when it cannot be read.
func (c Certificate) parsed() *x509.Certificate {
	x, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return nil
	}
	return x
}

func keyOf(x *x509.Certificate) (kind string, bits int) {
	switch k := x.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA", k.N.BitLen()
	case *ecdsa.PublicKey:
		return "ECDSA", k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return "Ed25519", 8 * len(k)
	}
	return "unknown", 0
}

// publicly reports whether the certificate bears the marks of a public authority: the
// policies 2.23.140.1 (CA/Browser Forum) or embedded timestamps of logs (RFC 6962
// section 3.3).
func publicly(x *x509.Certificate) bool {
	for _, p := range x.Policies {
		if strings.HasPrefix(p.String(), "2.23.140.1.") {
			return true
		}
	}
	for _, e := range x.Extensions {
		if e.Id.String() == "1.3.6.1.4.1.11129.2.4.2" {
			return true
		}
	}
	return false
}

// signedBy reports whether the parent's key made the child's signature. Whether it was
// allowed to is another question.
func signedBy(child, parent *x509.Certificate) bool {
	if string(child.RawIssuer) != string(parent.RawSubject) {
		return false
	}
	err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	if _, insecure := err.(x509.InsecureAlgorithmError); insecure {
		return true // MD5, which cannot be checked any more: the names must do
	}
	return err == nil
}

func nameOf(rdn string) string { return cut(printable(rdn), maxText) }

// commonName reads CN= out of a distinguished name.
func commonName(rdn string) string {
	for part := range strings.SplitSeq(strings.ReplaceAll(rdn, `\,`, "\x00"), ",") {
		if name, ok := strings.CutPrefix(strings.TrimSpace(part), "CN="); ok {
			return strings.ReplaceAll(name, "\x00", ",")
		}
	}
	return ""
}

// printable keeps what a server wrote from doing anything to a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, cut(s, maxText))
}

// cut shortens text to a number of bytes, at a whole character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}
