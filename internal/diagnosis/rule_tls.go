package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// tlsIntercepted: the client was shown a certificate that the responder does not present,
// on a connection over which the responder then answered with proof of the key. Whoever
// holds that certificate has read what passed.
func tlsIntercepted(v *view) []Finding {
	own := v.Responder.Presents()
	if own == nil {
		return nil
	}
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	told := ""
	for _, x := range tlsExchanges(v.Evidence) {
		if x.connect.PeerSHA256 == own.SHA256[0] {
			continue
		}
		if x.check != "" {
			f.Checks = append(f.Checks, x.check)
		}
		if told == x.connect.PeerSHA256 {
			f.Evidence = append(f.Evidence, x.what+": the same.")
			continue
		}
		told = x.connect.PeerSHA256
		f.Evidence = append(f.Evidence, fmt.Sprintf(
			"%s: %s presented the certificate with the SHA-256 fingerprint %s. The responder's ledger, which came with proof of the key, has %s.",
			x.what, x.connect.Remote, readable(told), readable(own.SHA256[0])))
		f.values["port"] = fmt.Sprintf("TCP %d", x.connect.Remote.Port())
		f.values["port_at"] = fmt.Sprintf(" on TCP %d", x.connect.Remote.Port())
	}
	if len(f.Evidence) == 0 {
		return nil
	}
	f.Evidence = append(f.Evidence, "The responder answered over that connection with proof of the key: the bytes got through, but by way of somebody who could read them.")
	for _, p := range v.tls {
		if p.owner == interceptor {
			c := p.facts.Result.Chain[0]
			f.Checks = append(f.Checks, p.check.ID)
			f.Evidence = append(f.Evidence, fmt.Sprintf("%s: the foreign certificate is for %s and was issued by %s.", p.check.ID, c.Name(), c.IssuerName()))
			f.values["issuer"] = " Its certificates are issued by " + c.IssuerName() + "."
		}
	}
	return []Finding{f}
}

// opensTLS reports whether the client was shown another certificate than the responder's
// over a connection that the responder answered.
func opensTLS(ev *evidence.Evidence) bool {
	own := ev.Responder.Presents()
	return own != nil && slices.ContainsFunc(tlsExchanges(ev), func(x tlsExchange) bool { return x.connect.PeerSHA256 != own.SHA256[0] })
}

// readable is a fingerprint in groups of four bytes, for people who compare.
func readable(fingerprint string) string {
	var groups []string
	for group := range slices.Chunk([]byte(fingerprint), 8) {
		groups = append(groups, string(group))
	}
	return strings.Join(groups, " ")
}

// interceptedNeeds: the two certificates could not be compared.
func interceptedNeeds(v *view) string {
	var ports []string
	for _, p := range v.tls {
		if word := fmt.Sprint(p.facts.Port); p.owner == noResponder && !slices.Contains(ports, word) {
			ports = append(ports, word)
		}
	}
	switch {
	case len(tlsExchanges(v.Evidence)) == 0:
		return "SIP over TLS that the responder answers"
	case v.Responder.Presents() == nil:
		return "the responder's ledger with the certificate that it presents"
	case len(ports) > 0:
		return fmt.Sprintf("the fingerprint of the certificate as seen inside, to compare by hand, for TCP %s: the responder does not listen there", list(ports))
	}
	return ""
}

// versionTooOld: a version was accepted that the scenario forbids.
func versionTooOld(v *view) []Finding {
	var out []Finding
	for _, p := range v.tls {
		var old []string
		for _, i := range p.issues {
			if i.Code == tlsprobe.VersionTooOld {
				old = append(old, oldVersions(i)...)
			}
		}
		if len(old) == 0 {
			continue
		}
		r := p.facts.Result
		f := Finding{Direction: scenarios.Inbound, Checks: []string{p.check.ID}, values: values{
			"port": fmt.Sprintf("TCP %d", p.facts.Port), "port_at": p.where(), "versions": ": TLS " + list(old), "min": "TLS " + p.check.TLS.MinVersion}}
		for _, version := range old {
			h, _ := r.Version(version)
			f.Evidence = append(f.Evidence, fmt.Sprintf("%s: offered TLS %s alone, %s accepted it with %s.", p.check.ID, version, r.Remote, h.Cipher))
		}
		if p.owner == interceptor {
			f.Evidence = append(f.Evidence, "It is not the responder that accepts it, but whatever opens TLS before it.")
		}
		out = append(out, f)
	}
	return out
}

// versionNeeds: no TLS port was asked.
func versionNeeds(v *view) string {
	for _, p := range v.tls {
		if p.facts.Result.Ordinary.Outcome == tlsprobe.Accepted {
			return ""
		}
	}
	return "a tls check that a server answers"
}

// certificateRule finds the issues of one code of the catalogue.
func certificateRule(code string) Rule {
	needs := func(v *view) string { return datesNeeds(v, code) }
	return Rule{Code: code, Needs: needs, Find: func(v *view) []Finding {
		var out []Finding
		for _, p := range v.tls {
			f := Finding{Direction: scenarios.Inbound, values: values{"port": fmt.Sprintf("TCP %d", p.facts.Port), "port_at": p.where()}}
			for _, i := range p.issues {
				if TLSCode(i.Code) != code {
					continue
				}
				f.Evidence = append(f.Evidence, fmt.Sprintf("%s: TCP %d: %s.", p.check.ID, p.facts.Port, TLSIssue(p.result(), i)))
				p.describe(f.values, i)
			}
			if len(f.Evidence) > 0 {
				f.Checks = []string{p.check.ID}
				out = append(out, f)
			}
		}
		return out
	}}
}

// describe gives the catalogue the words of an issue.
func (p tlsPort) describe(words values, i tlsprobe.Issue) {
	c := p.facts.Result.Chain[*i.Certificate]
	words["certificate"] = c.Name()
	switch i.Code {
	case tlsprobe.NameMismatch:
		words["name"] = i.Subject
		words["names"] = namesOf(c)
	case tlsprobe.MissingIntermediate:
		words["missing"] = " What is missing is " + i.Subject + "."
	}
}

// certificateNeeds: no certificate was seen that could be judged.
func certificateNeeds(v *view) string {
	needs := "a tls check that a server answers"
	for _, p := range v.tls {
		switch {
		case p.owner == noResponder || p.owner == responderGiven:
			return ""
		case p.owner == responderMade:
			needs = "the PBX's certificate: give it to the responder with --cert and --cert-key"
		case p.owner == nobodyKnown && len(p.facts.Result.Chain) > 0:
			needs = "the responder's ledger with the certificate that it presents"
		case p.owner == interceptor || p.owner == another:
			needs = fmt.Sprintf("a connection to TCP %d in which the responder's own certificate arrives", p.facts.Port)
		}
	}
	return needs
}

// tlsWanted reports whether a check needs the responder's SIP over TLS.
func tlsWanted(c scenarios.Check, t sipprobe.Transport) bool {
	return c.Kind == scenarios.TLSKind && t == sipprobe.TLS && c.TLS != nil && c.TLS.Port == 0
}

// where is the port, for titles.
func (p tlsPort) where() string { return fmt.Sprintf(" on TCP %d", p.facts.Port) }
