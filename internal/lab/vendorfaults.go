package lab

import (
	"net/netip"

	"bothways/internal/natlab"
)

// vendorSite is a site whose Internet has the vendor's servers.
func vendorSite(rules ...natlab.Rule) natlab.Topology {
	return with(breaking(rules...), func(t *natlab.Topology) { t.Servers = vendorAddresses() })
}

// toVendor is a rule about one of the vendor's servers.
func toVendor(name string, proto natlab.Proto, last int, port uint16, action natlab.Action) natlab.Rule {
	a := vendorAddress(last)
	return natlab.Rule{Name: name, Direction: natlab.Outbound, Proto: proto, Destination: netip.PrefixFrom(a, a.BitLen()),
		DestinationPorts: natlab.Port(port), Action: action}
}

// vendorFaults are those of servers of others. No cause is named from them: there is one
// ledger only.
func vendorFaults() []Fault {
	flaw := func(name, flaw string) *Vendor { return &Vendor{Flaws: map[string]string{name: flaw}} }
	faults := []Fault{
		{Name: "servers-clean", Title: "every server of the vendor is reached", Topology: vendorSite(), Vendor: &Vendor{}, Verdict: "pass"},
		{Name: "servers-not-allowed", Title: "the responder's operator has not allowed to ask servers of others",
			Topology: vendorSite(), Vendor: &Vendor{Forbidden: true}, Verdict: "inconclusive"},
		{Name: "servers-name-missing", Title: "the DNS does not know the update server",
			Topology: vendorSite(), Vendor: &Vendor{Absent: []string{"update.starface.de"}}, Verdict: "fail"},
		{Name: "servers-dns-dropped", Title: "a filter drops DNS from the site",
			Topology: vendorSite(toVendor("no-dns", natlab.UDP, 53, 53, natlab.Drop)), Vendor: &Vendor{}, Verdict: "fail"},
		{Name: "servers-port-dropped", Title: "a filter drops TCP 8383 from the site",
			Topology: vendorSite(toVendor("no-8383", natlab.TCP, firstVendor, 8383, natlab.Drop)), Vendor: &Vendor{}, Verdict: "fail"},
		{Name: "servers-port-rejected", Title: "a filter refuses TCP 8383 from the site",
			Topology: vendorSite(toVendor("no-8383", natlab.TCP, firstVendor, 8383, natlab.Reject)), Vendor: &Vendor{}, Verdict: "fail"},
		{Name: "servers-intercepted", Title: "something on the site's way out opens TLS to the portal",
			Topology: vendorSite(), Vendor: flaw("siptrunk.de", "intercepted"), Verdict: "fail"},
		{Name: "servers-expired", Title: "the certificate of the push server has expired",
			Topology: vendorSite(), Vendor: flaw("push.starface.de", "expired"), Verdict: "fail"},
		{Name: "servers-other-name", Title: "the push server presents the certificate of another name",
			Topology: vendorSite(), Vendor: flaw("push.starface.de", "other-name"), Verdict: "fail"},
		{Name: "servers-unavailable", Title: "the portal answers that it cannot serve",
			Topology: vendorSite(), Vendor: flaw("siptrunk.de", "unavailable"), Verdict: "degraded"},
		{Name: "servers-not-http", Title: "what answers in the place of the portal does not speak HTTP",
			Topology: vendorSite(), Vendor: flaw("siptrunk.de", "not-http"), Verdict: "fail"},
		{Name: "servers-ntp-dropped", Title: "a filter drops NTP from the site",
			Topology: vendorSite(toVendor("no-ntp", natlab.UDP, firstVendor+len(vendorNames)-1, 123, natlab.Drop)), Vendor: &Vendor{}, Verdict: "fail"},
		{Name: "servers-time-refused", Title: "nobody serves the time where the site asks for it",
			Topology: vendorSite(), Vendor: &Vendor{Untimed: true}, Verdict: "fail"},
		{Name: "servers-ipv6-dropped", Title: "a filter drops IPv6 from the site to servers of which one has such an address",
			Topology: vendorSite(natlab.Rule{Name: "no-ipv6", Direction: natlab.Outbound, Family: natlab.IPv6}), Vendor: &Vendor{}, Verdict: "degraded"},
	}
	for i := range faults {
		faults[i].Scenario = "starface-servers"
	}
	connect := []Fault{
		{Name: "connect-clean", Title: "every address of the provider answers SIP, each in its own way",
			Topology: vendorSite(), Vendor: &Vendor{}, Verdict: "pass"},
		{Name: "connect-not-allowed", Title: "the responder's operator has not allowed to ask the provider",
			Topology: vendorSite(), Vendor: &Vendor{Forbidden: true}, Verdict: "inconclusive"},
		{Name: "connect-ignored", Title: "one address of the provider ignores OPTIONS",
			Topology: vendorSite(), Vendor: &Vendor{Silent: []int{2}}, Verdict: "inconclusive"},
		{Name: "connect-dropped", Title: "a filter drops SIP from the site to one address of the provider, which cannot be told from a provider that ignores it",
			Topology: vendorSite(toVendor("no-sip", natlab.UDP, firstTrunk+1, 5060, natlab.Drop)), Vendor: &Vendor{}, Verdict: "inconclusive"},
		{Name: "connect-closed", Title: "nobody listens at one address of the provider",
			Topology: vendorSite(), Vendor: &Vendor{Closed: []int{4}}, Verdict: "fail"},
		{Name: "connect-rejected", Title: "a filter refuses SIP from the site to one address of the provider",
			Topology: vendorSite(toVendor("no-sip", natlab.UDP, firstTrunk+1, 5060, natlab.Reject)), Vendor: &Vendor{}, Verdict: "fail"},
	}
	for i := range connect {
		connect[i].Scenario = "starface-connect"
	}
	return append(faults, connect...)
}
