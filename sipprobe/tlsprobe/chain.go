package tlsprobe

import "crypto/x509"

// A Path is the way from the server's own certificate upwards, as far as what it sent
// leads.
type Path struct {
	// Steps are indices of the chain, the leaf first.
	Steps []int
	// Loose are indices of certificates that are no part of the way.
	Loose []int
	// Ordered is true when the steps were sent in this order.
	Ordered bool
	// Rooted is true when the last step is self-signed: the server sent a root, or its
	// own certificate is one.
	Rooted bool
}

// PathOf finds the way through a chain; without a certificate that can be read it is empty.
func PathOf(chain []Certificate) Path {
	parsed := make([]*x509.Certificate, len(chain))
	for i, c := range chain {
		parsed[i] = c.parsed()
	}
	var p Path
	if len(parsed) == 0 || parsed[0] == nil {
		return p
	}
	used := map[int]bool{0: true}
	p.Steps, p.Ordered = []int{0}, true
	for at := 0; ; {
		if signedBy(parsed[at], parsed[at]) {
			p.Rooted = true
			break
		}
		next := issuer(parsed, at, used)
		if next < 0 {
			break
		}
		p.Ordered = p.Ordered && next > at
		p.Steps, used[next] = append(p.Steps, next), true
		at = next
	}
	for i := range chain {
		if !used[i] {
			p.Loose = append(p.Loose, i)
		}
	}
	return p
}

// issuer finds who signed a certificate among those that were sent, -1 for none.
func issuer(parsed []*x509.Certificate, of int, used map[int]bool) int {
	for i, x := range parsed {
		if x != nil && !used[i] && signedBy(parsed[of], x) {
			return i
		}
	}
	return -1
}
