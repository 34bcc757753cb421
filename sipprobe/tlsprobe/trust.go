package tlsprobe

import (
	"crypto/x509"
	"time"
)

// Trust says whether a chain leads to a root that this machine knows, whatever its dates
// and names are. It is a fact of the machine that asked.
type Trust struct {
	Trusted bool `json:"trusted"`
	// Root is the subject of the root, empty when there is none.
	Root string `json:"root,omitempty"`
	// Given is true when the roots were named for this probe, and are not the system's.
	Given bool `json:"given,omitempty"`
	// Missing are the subjects of intermediates that the server did not send and that
	// this machine had to find elsewhere, as some systems do.
	Missing []string `json:"missing,omitempty"`
	// Error says why the chain leads nowhere.
	Error string `json:"error,omitempty"`
}

// trust looks for a way from the first certificate to a root; null when it cannot.
func trust(chain []Certificate, roots *x509.CertPool, now time.Time) *Trust {
	leaf := chain[0].parsed()
	if leaf == nil || roots == nil && rootless() {
		return nil
	}
	t := &Trust{Given: roots != nil}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		if x := c.parsed(); x != nil {
			between.AddCert(x)
		}
	}
	var found [][]*x509.Certificate
	var err error
	for _, moment := range moments(chain, now) {
		found, err = leaf.Verify(x509.VerifyOptions{
			Roots: roots, Intermediates: between, CurrentTime: moment, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		if err == nil {
			break
		}
	}
	if err != nil {
		t.Error = printable(err.Error())
		return t
	}
	best := found[0]
	for _, f := range found {
		if len(missing(f, chain)) < len(missing(best, chain)) {
			best = f
		}
	}
	t.Trusted, t.Missing = true, missing(best, chain)
	t.Root = nameOf(best[len(best)-1].Subject.String())
	return t
}

// rootless reports whether the system has no root certificates at all.
func rootless() bool {
	pool, err := x509.SystemCertPool()
	return err != nil || pool.Equal(x509.NewCertPool())
}

// moments are now, or, where certificates of the chain are not valid now, the last and
// the first moment at which all were: dates are judged apart from trust.
func moments(chain []Certificate, now time.Time) []time.Time {
	var from, to time.Time
	for _, c := range chain {
		if c.Error != "" {
			continue
		}
		if c.NotBefore.After(from) {
			from = c.NotBefore
		}
		if to.IsZero() || c.NotAfter.Before(to) {
			to = c.NotAfter
		}
	}
	if to.After(from) && (now.After(to) || now.Before(from)) {
		return []time.Time{to, from}
	}
	return []time.Time{now}
}

// missing are those between leaf and root that the server did not send.
func missing(found []*x509.Certificate, chain []Certificate) []string {
	var out []string
	for _, x := range found[1:max(1, len(found)-1)] {
		if !sentAmong(x, chain) {
			out = append(out, nameOf(x.Subject.String()))
		}
	}
	return out
}

func sentAmong(x *x509.Certificate, chain []Certificate) bool {
	for _, c := range chain {
		if string(c.DER) == string(x.Raw) {
			return true
		}
	}
	return false
}
