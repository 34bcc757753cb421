package report

import (
	"net/netip"
	"time"

	"bothways/internal/diagnosis"
	"bothways/sipprobe/tlsprobe"
)

// A TLS is what a TLS port of the site showed.
type TLS struct {
	Port uint16 `json:"port"`
	// Name is what the certificate must bear; null when nothing is asked of it.
	Name *string `json:"name"`
	// Version and Cipher are what an ordinary client gets; null when it gets nothing.
	Version *string `json:"version"`
	Cipher  *string `json:"cipher"`
	// Versions says for each version how offering it alone ended, see [tlsprobe.Outcome].
	Versions map[string]tlsprobe.Outcome `json:"versions"`
	// Certificates are in the order in which they were sent.
	Certificates []TLSCertificate `json:"certificates"`
	// Trusted says whether they lead to a root that the client's machine knows; null
	// when that is not known.
	Trusted *bool `json:"trusted"`
	// FromResponder says whether the first is the one that the responder presents; null
	// when that is not known.
	FromResponder *bool            `json:"from_responder"`
	Issues        []tlsprobe.Issue `json:"issues"`
}

// A TLSCertificate is a certificate in words; the evidence has it whole.
type TLSCertificate struct {
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	Names      []string  `json:"names"`
	NotBefore  time.Time `json:"not_before"`
	NotAfter   time.Time `json:"not_after"`
	DaysLeft   int       `json:"days_left"`
	Key        string    `json:"key"`
	KeyBits    int       `json:"key_bits"`
	Signature  string    `json:"signature"`
	SelfSigned bool      `json:"self_signed"`
	SHA256     string    `json:"sha256"`
}

func buildTLS(t *diagnosis.TLS) *TLS {
	if t == nil {
		return nil
	}
	r := t.Facts.Result
	out := &TLS{
		Port: t.Facts.Port, Name: orNull(t.Facts.Name), Version: orNull(r.Ordinary.Chosen), Cipher: orNull(r.Ordinary.Cipher),
		Versions: make(map[string]tlsprobe.Outcome), Certificates: []TLSCertificate{}, FromResponder: t.FromResponder,
		Issues: append([]tlsprobe.Issue{}, t.Issues...),
	}
	for _, h := range r.Versions {
		out.Versions[h.Offered] = h.Outcome
	}
	for _, c := range r.Chain {
		out.Certificates = append(out.Certificates, TLSCertificate{
			Subject: c.Subject, Issuer: c.Issuer, Names: names(c.DNSNames, c.IPAddresses), NotBefore: c.NotBefore, NotAfter: c.NotAfter,
			DaysLeft: tlsprobe.DaysLeft(c, r.Time), Key: c.Key, KeyBits: c.KeyBits, Signature: c.Signature, SelfSigned: c.SelfSigned, SHA256: c.SHA256,
		})
	}
	if r.Trust != nil {
		out.Trusted = &r.Trust.Trusted
	}
	return out
}

func names(dns []string, addresses []netip.Addr) []string {
	return append(append([]string{}, dns...), texts(addresses)...)
}
