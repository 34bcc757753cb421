package sipprobe

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/icholy/digest"
)

// Digest authentication (RFC 7616) as SIP uses it with SHA-256 (RFC 8760). Both
// ends prove that they hold the key: the request by its Authorization, the
// response by the rspauth of its Authentication-Info.
//
// MESSAGE carries orders and is protected with its body (qop=auth-int). Every
// other method uses qop=auth, because rewritten SDP is a finding and must not
// look like a wrong key. For the same reason the digest-uri and the realm
// contain no address that a middlebox could rewrite.
const (
	digestRealm = "bothways"
	digestURI   = "sip:bothways"
	algorithm   = "SHA-256"
	qopAuth     = "auth"
	qopAuthInt  = "auth-int"
)

func qopFor(method string) string {
	if method == "MESSAGE" {
		return qopAuthInt
	}
	return qopAuth
}

// challengeValue is the value of WWW-Authenticate. It is kept short, because a
// challenge must not be larger than the request that drew it.
func challengeValue(nonce, method string, stale bool) string {
	v := fmt.Sprintf(`Digest realm="%s",nonce="%s",algorithm=%s,qop="%s"`, digestRealm, nonce, algorithm, qopFor(method))
	if stale {
		v += ",stale=true"
	}
	return v
}

// proofs computes the two digests of one exchange.
type proofs struct {
	key, user, nonce, cnonce string
	nc                       int
	qop                      string
}

func (p proofs) credentials(method string, body []byte) (*digest.Credentials, error) {
	chal := &digest.Challenge{Realm: digestRealm, Nonce: p.nonce, Algorithm: algorithm, QOP: []string{p.qop}}
	return digest.Digest(chal, digest.Options{
		Method: method, URI: digestURI, Count: p.nc, Username: p.user, Password: p.key, Cnonce: p.cnonce,
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	})
}

// rspauth is the responder's proof: the same digest without a method (RFC 7616 section 3.5).
func (p proofs) rspauth(body []byte) (string, error) {
	c, err := p.credentials("", body)
	if err != nil {
		return "", err
	}
	return c.Response, nil
}

func proofsOf(key string, c *digest.Credentials) proofs {
	return proofs{key: key, user: c.Username, nonce: c.Nonce, cnonce: c.Cnonce, nc: c.Nc, qop: c.QOP}
}

// authenticationInfo is the value of the header that proves the answering side (RFC 7615).
func authenticationInfo(key, authorization string, body []byte) (string, error) {
	c, err := digest.ParseCredentials(authorization)
	if err != nil {
		return "", err
	}
	rsp, err := proofsOf(key, c).rspauth(body)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`qop=%s,rspauth="%s",cnonce="%s",nc=%08x`, c.QOP, rsp, c.Cnonce, c.Nc), nil
}

// Errors of an exchange whose far end did not prove itself.
var (
	// ErrWrongKey says that the far end refused our key.
	ErrWrongKey = errors.New("wrong key")
	// ErrUnproven says that something answered without proof that it holds the key.
	ErrUnproven = errors.New("answered without proof of the key")
)

// verifyInfo checks the far end's proof against what this end sent.
func (p proofs) verifyInfo(info string, body []byte) error {
	want, err := p.rspauth(body)
	if err != nil {
		return err
	}
	got := param(info, "rspauth")
	if subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 {
		return ErrUnproven
	}
	return nil
}

// param reads one name="value" of a comma-separated list.
func param(list, name string) string {
	for part := range strings.SplitSeq(list, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(k, name) {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

// parseChallenge reads a WWW-Authenticate that this package can answer.
func parseChallenge(value string) (nonce string, stale bool, err error) {
	c, err := digest.ParseChallenge(value)
	if err != nil {
		return "", false, err
	}
	if c.Realm != digestRealm || !strings.EqualFold(c.Algorithm, algorithm) {
		return "", false, fmt.Errorf("%w: challenged for realm %q with %q", ErrUnproven, c.Realm, c.Algorithm)
	}
	return c.Nonce, c.Stale, nil
}
