package diagnosistest

import (
	"net/netip"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/testca"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// A TLSServer is what a tls check meets on one port.
type TLSServer struct {
	// Port is 0 for the responder's own, whose certificate has a Flaw only where it was
	// given one; elsewhere something else serves.
	Port uint16
	// Flaw is what is wrong with the certificate: "expired", "not-yet-valid",
	// "other-name", "self-signed", "private", "incomplete" or "order"; empty is
	// nothing.
	Flaw string
	// Old are further versions that are accepted, beside 1.2 and 1.3.
	Old []string
	// Trust is what the check asks for, MinDaysLeft too.
	Trust       scenarios.Trust
	MinDaysLeft int
}

// Check is the check of the scenario.
func (s TLSServer) Check() scenarios.Check {
	id := "certificate"
	if s.Port != 0 {
		id = "https"
	}
	t := scenarios.TLS{Port: s.Port, MinVersion: scenarios.DefaultMinVersion, MinDaysLeft: s.MinDaysLeft, Trust: s.Trust}
	if t.Trust == "" {
		t.Trust = scenarios.TrustAny
	}
	return scenarios.Check{ID: id, Kind: scenarios.TLSKind, Direction: scenarios.Inbound, Transport: "tls", TLS: &t}
}

// Facts are what the client saw.
func (s TLSServer) Facts(site Site) *evidence.TLSFacts {
	const name = "pbx.example.com"
	f := &evidence.TLSFacts{Port: s.Port, Name: name}
	var chain [][]byte
	switch {
	case s.Port != 0:
		chain = chainOf(s.Flaw)
	case site.Intercepted:
		chain = foreign()
	case site.Given:
		chain = chainOf(s.Flaw)
	default:
		chain = [][]byte{madeCertificate()}
	}
	if s.Port == 0 {
		f.Port = sipprobe.TLS.DefaultPort()
	}
	f.Result = s.result(netip.AddrPortFrom(Public, f.Port), chain)
	f.Result.ServerName = name
	f.Result.Trust = &tlsprobe.Trust{Trusted: true, Root: "CN=Example Root,O=Example"}
	if s.Port == 0 && !site.Given || s.Flaw == "self-signed" || s.Flaw == "private" || s.Flaw == "incomplete" {
		f.Result.Trust = &tlsprobe.Trust{Error: "x509: certificate signed by unknown authority"}
	}
	return f
}

func (s TLSServer) result(remote netip.AddrPort, chain [][]byte) tlsprobe.Result {
	r := tlsprobe.Result{Remote: remote, Time: Started, Chain: []tlsprobe.Certificate{}}
	for _, der := range chain {
		r.Chain = append(r.Chain, tlsprobe.ParseCertificate(der))
	}
	accepted := func(offered, chosen, cipher string) tlsprobe.Handshake {
		return tlsprobe.Handshake{Offered: offered, Outcome: tlsprobe.Accepted, Chosen: chosen, Cipher: cipher, Complete: true,
			Leaf: r.Chain[0].SHA256, DurationMs: 21.5}
	}
	r.Ordinary = accepted("1.0-1.3", "1.3", "TLS_AES_128_GCM_SHA256")
	for _, v := range []string{"1.0", "1.1"} {
		h := tlsprobe.Handshake{Offered: v, Outcome: tlsprobe.Refused, Alert: "protocol_version", DurationMs: 10.1}
		for _, old := range s.Old {
			if old == v {
				h = accepted(v, v, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA")
			}
		}
		r.Versions = append(r.Versions, h)
	}
	r.Versions = append(r.Versions, accepted("1.2", "1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"), accepted("1.3", "1.3", "TLS_AES_128_GCM_SHA256"))
	return r
}

// The authorities of every site, and when they are valid.
var (
	caFrom = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	caTo   = time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC)
)

// must is for keys and templates that are written down here.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// madeCertificate is the one that the responder made for itself.
func madeCertificate() []byte {
	nobody := must(testca.Fixed("nobody", caFrom, caTo))
	return must(nobody.Issue(testca.Request{Name: "bothways-responder", SelfSigned: true,
		NotBefore: Started.AddDate(0, 0, -1), NotAfter: Started.AddDate(1, 0, -1)})).Certificate[0]
}

// foreign is what an intercepting firewall presents.
func foreign() [][]byte {
	box := must(testca.Fixed("Example Firewall Inspection CA", caFrom, caTo))
	return must(box.Issue(testca.Request{Name: "pbx.example.com", NotBefore: Started.AddDate(0, -1, 0), NotAfter: Started.AddDate(0, 0, -3)})).Certificate
}

func chainOf(flaw string) [][]byte {
	root := must(testca.Fixed("Example Root", caFrom, caTo))
	issuing := must(root.Intermediate("Example Issuing CA"))
	r := testca.Request{Name: "pbx.example.com", Names: []string{"pbx.example.com", "*.voice.example.com"},
		NotBefore: Started.AddDate(0, -2, 0), NotAfter: Started.AddDate(0, 1, 0), Public: flaw == "incomplete"}
	switch flaw {
	case "expired":
		r.NotAfter = Started.AddDate(0, 0, -12)
	case "not-yet-valid":
		r.NotBefore = Started.AddDate(0, 0, 2)
	case "other-name":
		r.Names = []string{"*.example.net", "example.com"}
	case "self-signed":
		r.SelfSigned = true
	}
	chain := must(issuing.Issue(r)).Certificate
	switch flaw {
	case "incomplete":
		return chain[:1]
	case "order":
		return [][]byte{chain[0], root.Certificate.Raw, chain[1]}
	}
	return chain
}

// shown is what the site presents on the port for SIP over TLS: to the client, and by
// the responder's ledger.
func (s Site) shown() (seen string, own *evidence.Presented) {
	own = &evidence.Presented{SelfMade: !s.Given}
	chain := [][]byte{madeCertificate()}
	if s.Given {
		chain = chainOf(s.givenFlaw())
	}
	for _, der := range chain {
		own.SHA256 = append(own.SHA256, network.Fingerprint(der))
	}
	if s.Intercepted {
		return network.Fingerprint(foreign()[0]), own
	}
	return own.SHA256[0], own
}

// givenFlaw is what is wrong with the certificate that the responder was given.
func (s Site) givenFlaw() string {
	for _, server := range s.TLS {
		if server.Port == 0 {
			return server.Flaw
		}
	}
	return ""
}

// tlsRuns are one run for each thing that a tls check can show.
func tlsRuns() []Run {
	public := func(flaw string) *evidence.Evidence {
		return Site{TLS: []TLSServer{{Port: 443, Flaw: flaw, Trust: scenarios.TrustPublic}}}.Run()
	}
	return []Run{
		{"tls-clean", Site{TLS: []TLSServer{{}, {Port: 443, Trust: scenarios.TrustPublic, MinDaysLeft: 14}}}.Run()},
		{"tls-given", Site{Given: true, TLS: []TLSServer{{}}}.Run()},
		{"tls-given-expired", Site{Given: true, TLS: []TLSServer{{Flaw: "expired"}}}.Run()},
		{"tls-intercepted", Site{Intercepted: true, TLS: []TLSServer{{}}}.Run()},
		{"tls-intercepted-unasked", Site{Intercepted: true}.Run()},
		{"tls-version-too-old", Site{TLS: []TLSServer{{Port: 443, Old: []string{"1.0", "1.1"}}}}.Run()},
		{"certificate-expired", public("expired")},
		{"certificate-not-yet-valid", public("not-yet-valid")},
		{"certificate-name-mismatch", public("other-name")},
		{"certificate-self-signed", public("self-signed")},
		{"certificate-private", public("private")},
		{"certificate-incomplete", public("incomplete")},
		{"certificate-order", public("order")},
		{"certificate-soon", Site{TLS: []TLSServer{{Port: 443, MinDaysLeft: 60}}}.Run()},
	}
}
