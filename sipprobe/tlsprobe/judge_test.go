package tlsprobe_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/network"
	"bothways/internal/testca"
	"bothways/sipprobe/tlsprobe"
)

// seen probes a server with this chain.
func seen(t *testing.T, chain tls.Certificate, roots *x509.CertPool) tlsprobe.Result {
	t.Helper()
	return tlsprobe.Probe(t.Context(), server(t, &tls.Config{Certificates: []tls.Certificate{chain}}), tlsprobe.Config{Roots: roots})
}

func words(issues []tlsprobe.Issue) []string {
	var out []string
	for _, i := range issues {
		s := fmt.Sprintf("%s %s %s", i.Severity, i.Code, i.Subject)
		if i.DaysLeft != nil {
			s += fmt.Sprintf(" %d", *i.DaysLeft)
		}
		out = append(out, s)
	}
	return out
}

func chained(c tls.Certificate, chain ...[]byte) tls.Certificate {
	c.Certificate = chain
	return c
}

func TestJudge(t *testing.T) {
	t.Parallel()
	root, signer := authority(t)
	other, _ := authority(t)
	middle, err := signer.Intermediate("Example Lower CA")
	if err != nil {
		t.Fatal(err)
	}
	good := issue(t, signer, testca.Request{Name: "pbx.example"})
	deep := issue(t, middle, testca.Request{Name: "pbx.example"})
	public := issue(t, signer, testca.Request{Name: "pbx.example", Public: true})
	direct := issue(t, root, testca.Request{Name: "pbx.example", Public: true})
	self, err := network.SelfSigned("pbx.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	leaf, between, above := good.Certificate[0], good.Certificate[1], root.Certificate.Raw
	trusted := tlsprobe.Terms{Name: "pbx.example", Trusted: true}
	for _, row := range []struct {
		name  string
		chain tls.Certificate
		roots *x509.CertPool
		terms tlsprobe.Terms
		want  []string
	}{
		{"as it should be", good, root.Roots(), trusted, nil},
		{"two intermediates", deep, root.Roots(), trusted, nil},
		{"the lower one is missing", chained(deep, deep.Certificate[0], deep.Certificate[2]), root.Roots(), trusted,
			[]string{"error unknown-issuer Example Lower CA", "note loose-certificate Example Issuing CA"}},
		{"the upper one is missing", chained(deep, deep.Certificate[:2]...), root.Roots(), trusted, []string{"error unknown-issuer Example Issuing CA"}},
		{"a private issuer that is not sent", chained(good, leaf), root.Roots(), trusted, []string{"error unknown-issuer Example Issuing CA"}},
		{"the same where anything goes", chained(good, leaf), root.Roots(), tlsprobe.Terms{}, nil},
		{"a public one's intermediate is missing", chained(public, public.Certificate[0]), root.Roots(), tlsprobe.Terms{},
			[]string{"error missing-intermediate Example Issuing CA"}},
		{"a public mark, and a root that is known", direct, root.Roots(), trusted, nil},
		{"another root is known", good, other.Roots(), trusted, []string{"error unknown-issuer Example Root"}},
		{"another root is known, and the root is sent", chained(good, leaf, between, above), other.Roots(), trusted,
			[]string{"error unknown-root Example Root", "note root-sent Example Root"}},
		{"another root is known, where anything goes", good, other.Roots(), tlsprobe.Terms{}, nil},
		{"the root is sent", chained(good, leaf, between, above), root.Roots(), trusted, []string{"note root-sent Example Root"}},
		{"out of order", chained(good, leaf, above, between), root.Roots(), trusted,
			[]string{"warning wrong-order Example Issuing CA", "note root-sent Example Root"}},
		{"with another's", chained(good, leaf, other.Certificate.Raw, between), root.Roots(), trusted, []string{"note loose-certificate Example Root"}},
		{"self-signed", self, root.Roots(), trusted, []string{"error self-signed pbx.example"}},
		{"self-signed, where anything goes", self, root.Roots(), tlsprobe.Terms{Name: "pbx.example"}, nil},
		{"another name", good, root.Roots(), tlsprobe.Terms{Name: "other.example", Trusted: true}, []string{"error name-mismatch other.example"}},
		{"a short key", issue(t, signer, testca.Request{Name: "pbx.example", RSABits: 1024}), root.Roots(), trusted, []string{"warning weak-key pbx.example"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(row.want, words(tlsprobe.Judge(seen(t, row.chain, row.roots), row.terms))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	root, _ := authority(t)
	day := 24 * time.Hour
	now := time.Now()
	for _, row := range []struct {
		name     string
		from, to time.Duration
		min      int
		want     []string
	}{
		{"valid", -day, 10 * day, 5, nil},
		{"the last day", -day, 5*day + time.Hour, 5, nil},
		{"too few days", -day, 5*day - time.Hour, 5, []string{"warning expires-soon pbx.example 4"}},
		{"expired an hour ago", -2 * day, -time.Hour, 0, []string{"error expired pbx.example -1"}},
		{"expired long ago", -20 * day, -10*day + time.Hour, 5, []string{"error expired pbx.example -10"}},
		{"from tomorrow on", day + time.Hour, 10 * day, 5, []string{"error not-yet-valid pbx.example 1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cert := issue(t, root, testca.Request{Name: "pbx.example", NotBefore: now.Add(row.from), NotAfter: now.Add(row.to)})
			r := seen(t, cert, root.Roots())
			if diff := cmp.Diff(row.want, words(tlsprobe.Judge(r, tlsprobe.Terms{MinDaysLeft: row.min, Trusted: true}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if later := tlsprobe.Judge(r, tlsprobe.Terms{Now: now.Add(400 * day)}); len(later) != 1 || later[0].Code != tlsprobe.Expired {
				t.Errorf("a year later: %v", words(later))
			}
		})
	}
}

// TestNames are the rules of RFC 9525 section 6.
func TestNames(t *testing.T) {
	t.Parallel()
	root, _ := authority(t)
	cert := issue(t, root, testca.Request{Name: "common.example",
		Names:     []string{"pbx.example.com", "*.wild.example", "p*.part.example", "*", "*.*.two.example"},
		Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}})
	c := tlsprobe.ParseCertificate(cert.Certificate[0])
	for name, want := range map[string]bool{
		"pbx.example.com": true, "PBX.Example.COM": true, "pbx.example.com.": true, "192.0.2.1": true, "2001:db8:0::1": true,
		"::ffff:192.0.2.1": true, "a.wild.example": true,
		"common.example": false, "example.com": false, "x.pbx.example.com": false, "192.0.2.2": false, "": false,
		"wild.example": false, "a.b.wild.example": false, "pbx.part.example": false, "localhost": false, "a.b.two.example": false,
	} {
		if got := tlsprobe.Covers(c, name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestTermsOfVersions(t *testing.T) {
	t.Parallel()
	result := func(accepted ...string) tlsprobe.Result {
		var r tlsprobe.Result
		for _, v := range []string{"1.0", "1.1", "1.2", "1.3"} {
			h := tlsprobe.Handshake{Offered: v, Outcome: tlsprobe.Refused}
			for _, a := range accepted {
				if a == v {
					h.Outcome = tlsprobe.Accepted
				}
			}
			r.Versions = append(r.Versions, h)
		}
		return r
	}
	untested := result("1.0")
	for i := range untested.Versions[2:] {
		untested.Versions[2+i].Outcome = tlsprobe.NotTested
	}
	wordless := result()
	for i := range wordless.Versions {
		wordless.Versions[i].Outcome = tlsprobe.Closed
	}
	unshared := result()
	for i := range unshared.Versions {
		unshared.Versions[i].Alert = "handshake_failure"
	}
	// limited lets in so many connections that the newest versions were not asked for alone.
	limited := func(chosen string, o tlsprobe.Outcome) tlsprobe.Result {
		r := result("1.0")
		r.Ordinary = tlsprobe.Handshake{Offered: "1.0-1.3", Outcome: tlsprobe.Accepted, Chosen: chosen}
		r.Versions[2].Outcome, r.Versions[3].Outcome = o, o
		return r
	}
	mute := result()
	mute.Ordinary.Outcome = tlsprobe.TimedOut
	for i := range mute.Versions {
		mute.Versions[i].Outcome = tlsprobe.TimedOut
	}
	for _, row := range []struct {
		name    string
		result  tlsprobe.Result
		minimum string
		want    []string
	}{
		{"today", result("1.2", "1.3"), "1.2", nil},
		{"1.3 is enough", result("1.3"), "1.2", nil},
		{"nothing asked", result("1.0"), "", nil},
		{"old ones as well", result("1.0", "1.1", "1.2"), "1.2", []string{"error version-too-old 1.0, 1.1"}},
		{"1.1 is allowed", result("1.1", "1.2"), "1.1", nil},
		{"old ones alone", result("1.0"), "1.2", []string{"error version-too-old 1.0", "error no-version 1.2"}},
		{"no cipher suite in common", unshared, "1.2", nil},
		{"nobody could offer the new ones", untested, "1.2", []string{"error version-too-old 1.0"}},
		{"no word of TLS", wordless, "1.2", nil},
		{"nobody there", tlsprobe.Result{}, "1.2", nil},
		{"a limit of connections", limited("1.3", tlsprobe.NotConnected), "1.2", []string{"error version-too-old 1.0"}},
		{"a limit of connections, and an old server", limited("1.1", tlsprobe.TimedOut), "1.2", []string{"error version-too-old 1.0", "error no-version 1.2"}},
		{"the newest that it has is not the one that is wanted", limited("1.2", tlsprobe.NotConnected), "1.3",
			[]string{"error version-too-old 1.0", "error no-version 1.3"}},
		{"a server that says nothing", mute, "1.2", nil},
	} {
		if diff := cmp.Diff(row.want, words(tlsprobe.Judge(row.result, tlsprobe.Terms{MinVersion: row.minimum}))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestHostileCertificates: what a server writes does nothing to a terminal, and what
// cannot be read is said.
func TestHostileCertificates(t *testing.T) {
	t.Parallel()
	root, _ := authority(t)
	cert := issue(t, root, testca.Request{Name: "evil\x1b[2J\nname", Names: []string{"a.example"}})
	c := tlsprobe.ParseCertificate(cert.Certificate[0])
	for _, s := range []string{c.Subject, c.Name()} {
		for _, r := range s {
			if r < ' ' {
				t.Errorf("%q", s)
			}
		}
	}
	bad := tlsprobe.ParseCertificate([]byte("no certificate"))
	got := tlsprobe.Judge(tlsprobe.Result{Chain: []tlsprobe.Certificate{bad}}, tlsprobe.Terms{Name: "x", Trusted: true})
	if bad.Error == "" || len(got) != 1 || got[0].Code != tlsprobe.Unreadable || tlsprobe.Covers(bad, "x") {
		t.Errorf("%+v, %v", bad, words(got))
	}
}
