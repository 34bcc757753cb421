package lab

import (
	"crypto/tls"

	"bothways/internal/natlab"
)

// siteName is the name by which a site is dialled whose certificates bear one.
const siteName = "pbx.example.com"

// tlsFaults are those of certificates and of TLS on the way.
func tlsFaults() []Fault {
	box := forwarding(sipUDP, sipTCP, rtp,
		natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(5061), Family: natlab.IPv4, To: natlab.SiteHost})
	pbx := func(name, title string, https, xmpp TLSServer, verdict string, expect ...string) Fault {
		https.Port, xmpp.Port = 443, 5223
		for _, s := range []*TLSServer{&https, &xmpp} {
			if s.Name == "" {
				s.Name = siteName
			}
		}
		return Fault{Name: name, Title: title, Scenario: "starface-tls", Dialled: siteName, Servers: []TLSServer{https, xmpp},
			Topology: forwarding(sipUDP, sipTCP, sipTLS, rtp, natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(443)},
				natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(5223)}),
			Expect: expect, Verdict: verdict}
	}
	good, flawed := TLSServer{}, func(flaw string) TLSServer { return TLSServer{Flaw: flaw} }
	untrusted := pbx("certificate-untrusted", "the PBX's certificate on 443 is of an authority that nobody knows, and the scenario asks for a known one",
		good, good, "fail", "certificate-untrusted")
	untrusted.Scenario = "lab-trust"
	return []Fault{
		untrusted,
		{Name: "tls-intercepted", Title: "the router opens TLS on 5061 with a certificate of its own",
			Topology: box, Interceptor: &Interceptor{}, Scenario: "trunk", Expect: []string{"tls-intercepted"}, Verdict: "fail"},
		{Name: "tls-intercepted-unasked", Title: "the same, seen by a scenario that does not ask for certificates",
			Topology: box, Interceptor: &Interceptor{}, Scenario: "quick", Expect: []string{"tls-intercepted"}, Verdict: "degraded"},
		{Name: "tls-intercepted-old", Title: "the router opens TLS on 5061, and accepts TLS 1.0",
			Topology: box, Interceptor: &Interceptor{MinVersion: tls.VersionTLS10}, Scenario: "trunk",
			Expect: []string{"tls-intercepted", "tls-version-too-old"}, Folded: []string{"tls-version-too-old"}, Verdict: "fail"},
		pbx("tls-clean", "nothing is wrong with the PBX's TLS ports", good, good, "pass"),
		pbx("tls-version-too-old", "the PBX accepts TLS 1.0 on 5223", good, TLSServer{MinVersion: tls.VersionTLS10}, "fail", "tls-version-too-old"),
		pbx("certificate-expired", "the PBX's certificate on 443 has expired", flawed("expired"), good, "fail", "certificate-expired"),
		pbx("certificate-not-yet-valid", "the PBX's certificate on 443 begins in two days", flawed("not-yet-valid"), good, "fail", "certificate-not-yet-valid"),
		pbx("certificate-name-mismatch", "the PBX's certificate on 443 is for another name", TLSServer{Name: "sub.pbx.example.com"}, good, "fail",
			"certificate-name-mismatch"),
		pbx("certificate-chain-incomplete", "the PBX does not send its intermediate certificate on 443", flawed("incomplete"), good, "fail",
			"certificate-chain-incomplete"),
		pbx("certificate-chain-order", "the PBX sends its chain on 443 with the root before the intermediate", flawed("order"), good, "degraded",
			"certificate-chain-incomplete"),
	}
}
