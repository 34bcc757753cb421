package diagnosis

import (
	"fmt"
	"strings"
	"time"

	"bothways/sipprobe/tlsprobe"
)

// TLSCode is the code of the catalogue for an issue, empty when there is none.
func TLSCode(c tlsprobe.Code) string {
	switch c {
	case tlsprobe.VersionTooOld:
		return "tls-version-too-old"
	case tlsprobe.Expired:
		return "certificate-expired"
	case tlsprobe.NotYetValid:
		return "certificate-not-yet-valid"
	case tlsprobe.NameMismatch:
		return "certificate-name-mismatch"
	case tlsprobe.SelfSigned, tlsprobe.UnknownRoot, tlsprobe.UnknownIssuer:
		return "certificate-untrusted"
	case tlsprobe.MissingIntermediate, tlsprobe.WrongOrder:
		return "certificate-chain-incomplete"
	}
	return ""
}

// TLSIssue says in one clause what was wrong with a TLS server when it was asked.
func TLSIssue(r tlsprobe.Result, i tlsprobe.Issue) string {
	var c tlsprobe.Certificate
	if i.Certificate != nil && *i.Certificate < len(r.Chain) {
		c = r.Chain[*i.Certificate]
	}
	switch i.Code {
	case tlsprobe.VersionTooOld:
		old := oldVersions(i)
		return fmt.Sprintf("TLS %s %s accepted", list(old), are(len(old)))
	case tlsprobe.NoVersion:
		return fmt.Sprintf("TLS %s and newer are not accepted", i.Subject)
	case tlsprobe.Expired:
		return fmt.Sprintf("the certificate %s expired on %s, %s ago", c.Name(), c.NotAfter.Format("2006-01-02 15:04 MST"), lasting(r.Time.Sub(c.NotAfter)))
	case tlsprobe.NotYetValid:
		return fmt.Sprintf("the certificate %s is valid from %s on, in %s", c.Name(), c.NotBefore.Format("2006-01-02 15:04 MST"), lasting(c.NotBefore.Sub(r.Time)))
	case tlsprobe.ExpiresSoon:
		return fmt.Sprintf("the certificate %s expires on %s, in %s", c.Name(), c.NotAfter.Format("2006-01-02"), lasting(c.NotAfter.Sub(r.Time)))
	case tlsprobe.NameMismatch:
		return fmt.Sprintf("the certificate is not for %s, but for %s", i.Subject, namesOf(c))
	}
	return chainIssue(c, i)
}

func chainIssue(c tlsprobe.Certificate, i tlsprobe.Issue) string {
	switch i.Code {
	case tlsprobe.SelfSigned:
		return fmt.Sprintf("the certificate %s is self-signed: it vouches for itself", c.Name())
	case tlsprobe.UnknownRoot:
		return fmt.Sprintf("the chain ends at %s, a root that the client's machine does not know: a private authority", c.Name())
	case tlsprobe.UnknownIssuer:
		return fmt.Sprintf("the certificate %s was signed by %s, which the server did not send and the client's machine does not know", c.Name(), c.IssuerName())
	case tlsprobe.MissingIntermediate:
		return fmt.Sprintf("the intermediate certificate %s, which signed %s, was not sent", i.Subject, c.Name())
	case tlsprobe.WrongOrder:
		return fmt.Sprintf("the certificates are out of order: %s is not where it belongs", c.Name())
	case tlsprobe.LooseCertificate:
		return fmt.Sprintf("%s was sent and has nothing to do with the others", c.Name())
	case tlsprobe.RootSent:
		return fmt.Sprintf("the root %s was sent along, which nobody needs", c.Name())
	case tlsprobe.WeakKey:
		return fmt.Sprintf("the %s key of %s has %d bits, too few for many peers", c.Key, c.Name(), c.KeyBits)
	case tlsprobe.WeakSignature:
		return fmt.Sprintf("%s is signed with %s, which peers no longer take", c.Name(), i.Subject)
	case tlsprobe.Unreadable:
		return "the certificate cannot be read" + because(i.Subject)
	}
	return string(i.Code)
}

// oldVersions are the versions that an issue is about.
func oldVersions(i tlsprobe.Issue) []string { return strings.Split(i.Subject, ", ") }

// maxNamesInRow is how many names of a certificate a sentence holds.
const maxNamesInRow = 4

func namesOf(c tlsprobe.Certificate) string {
	names := c.DNSNames
	for _, a := range c.IPAddresses {
		names = append(names[:len(names):len(names)], a.String())
	}
	switch more := len(names) - maxNamesInRow; {
	case len(names) == 0:
		return "no name at all (only subject alternative names count)"
	case more > 0:
		return list(append(names[:maxNamesInRow:maxNamesInRow], fmt.Sprintf("%d more", more)))
	}
	return list(names)
}

// lasting is a time in full days.
func lasting(d time.Duration) string {
	if days := int(d.Hours() / 24); days > 0 {
		return count(days, "day")
	}
	return "less than a day"
}
