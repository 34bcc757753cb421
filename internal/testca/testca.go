// Package testca makes certificates for tests and for the lab: a private authority,
// and certificates with what goes wrong in practice. Nothing of it is for anybody else.
package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"time"
)

// An Authority signs certificates.
type Authority struct {
	Certificate *x509.Certificate
	// Above are the certificates between this authority and its root, its own first;
	// empty for a root.
	Above [][]byte
	key   crypto.Signer
	fixed bool
}

// New makes a root that is valid from a year ago for two years.
func New(name string) (*Authority, error) {
	return root(name, false, time.Now().AddDate(-1, 0, 0), time.Now().AddDate(1, 0, 0))
}

// Fixed makes a root that is the same each time, with all that it signs: for golden
// files. Its keys are no secret.
func Fixed(name string, from, to time.Time) (*Authority, error) { return root(name, true, from, to) }

func root(name string, fixed bool, from, to time.Time) (*Authority, error) {
	a := &Authority{fixed: fixed}
	var err error
	if a.key, err = a.newKey(name, 0); err != nil {
		return nil, err
	}
	template := authority(name, from, to)
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	a.Certificate, err = x509.ParseCertificate(der)
	return a, err
}

func authority(name string, from, to time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: serial(name), Subject: pkix.Name{CommonName: name, Organization: []string{"Example"}},
		NotBefore: from, NotAfter: to, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

// Intermediate makes an authority that this one has signed, valid for as long.
func (a *Authority) Intermediate(name string) (*Authority, error) {
	out := &Authority{fixed: a.fixed}
	var err error
	if out.key, err = a.newKey(name, 0); err != nil {
		return nil, err
	}
	template := authority(name, a.Certificate.NotBefore, a.Certificate.NotAfter)
	der, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, out.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	out.Above = append([][]byte{der}, a.Above...)
	out.Certificate, err = x509.ParseCertificate(der)
	return out, err
}

// A Request says what certificate to make.
type Request struct {
	// Name is the common name, and a name of the certificate unless Names are given.
	Name      string
	Names     []string
	Addresses []netip.Addr
	// NotBefore and NotAfter are the authority's where they are zero.
	NotBefore, NotAfter time.Time
	// RSABits asks for an RSA key of that size; 0 is an elliptic one.
	RSABits int
	// Public marks the certificate as that of a public authority (CA/Browser Forum).
	Public bool
	// SelfSigned has the certificate signed by its own key.
	SelfSigned bool
}

// Issue makes a certificate, with the chain that a server should send.
func (a *Authority) Issue(r Request) (tls.Certificate, error) {
	key, err := a.newKey("server "+r.Name, r.RSABits)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial("server " + r.Name), Subject: pkix.Name{CommonName: r.Name}, DNSNames: r.Names,
		NotBefore: r.NotBefore, NotAfter: r.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if r.Names == nil && r.Name != "" {
		template.DNSNames = []string{r.Name}
	}
	for _, addr := range r.Addresses {
		template.IPAddresses = append(template.IPAddresses, net.IP(addr.AsSlice()))
	}
	if template.NotBefore.IsZero() {
		template.NotBefore = a.Certificate.NotBefore
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = a.Certificate.NotAfter
	}
	if r.Public {
		oid, err := x509.OIDFromInts([]uint64{2, 23, 140, 1, 2, 1})
		if err != nil {
			return tls.Certificate{}, err
		}
		template.Policies = []x509.OID{oid}
	}
	parent, signer, above := a.Certificate, a.key, a.Above
	if r.SelfSigned {
		parent, signer, above = template, key, nil
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: append([][]byte{der}, above...), PrivateKey: key}, nil
}

// Roots is a pool with the authority's own certificate alone.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Certificate)
	return pool
}

// newKey makes a key; a fixed authority has one for each name.
func (a *Authority) newKey(name string, rsaBits int) (crypto.Signer, error) {
	switch {
	case rsaBits != 0:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case a.fixed:
		seed := sha256.Sum256([]byte(name))
		return ed25519.NewKeyFromSeed(seed[:]), nil
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func serial(name string) *big.Int {
	sum := sha256.Sum256([]byte(name))
	return new(big.Int).SetBytes(append([]byte{1}, sum[:15]...))
}
