package network

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net"
	"net/netip"
	"time"
)

// Fingerprint is the SHA-256 of a certificate in hexadecimal.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// Secure makes the handshake of a TLS client, and returns with the connection the
// fingerprint of the certificate that the peer presented, which is not verified: who the
// peer is shows otherwise, or is judged elsewhere. An empty name asks for none. The
// connection is closed when Secure returns an error.
func Secure(ctx context.Context, conn net.Conn, name string) (secured net.Conn, peer string, err error) {
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: name})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, "", err
	}
	if sent := secure.ConnectionState().PeerCertificates; len(sent) > 0 {
		peer = Fingerprint(sent[0].Raw)
	}
	return secure, peer, nil
}

// SelfSigned makes a certificate for a name and the valid addresses, for a year. The
// two programs know each other by the key and not by it.
func SelfSigned(name string, addresses []netip.Addr) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{name},
	}
	for _, a := range addresses {
		if !a.IsValid() {
			continue // not known yet
		}
		template.IPAddresses = append(template.IPAddresses, net.IP(a.AsSlice()))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
