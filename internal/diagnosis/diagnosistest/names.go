package diagnosistest

import (
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/resolve"
)

// Target is the name by which the sites are dialled.
const Target = "pbx.example.com"

// Named is a resolution of the target's name without SRV.
func Named(addresses ...netip.Addr) *resolve.Resolution {
	r := &resolve.Resolution{Name: Target, NAPTR: []resolve.NAPTR{}, SRV: []resolve.SRV{}, UsedHost: Target, DurationMs: 3.5}
	r.Hosts = []resolve.Host{{Name: Target, Addresses: addresses}}
	if len(addresses) > 0 {
		r.Used = addresses[0]
	} else {
		r.Hosts[0].Addresses, r.Hosts[0].Error, r.UsedHost = []netip.Addr{}, "no such name", ""
	}
	return r
}

// ByName is a run whose target is a name, with what each end found of it; inside may be nil.
func ByName(ev *evidence.Evidence, outside, inside *resolve.Resolution) *evidence.Evidence {
	ev.Run.Target, ev.Run.Resolution = Target, outside
	ev.Responder.Resolution = inside
	return ev
}

// nameRuns are those of targets that are names.
func nameRuns() []Run {
	served := Named(netip.MustParseAddr("198.51.100.80"))
	served.SRV = []resolve.SRV{
		{Transport: "udp", Owner: "_sip._udp." + Target, Target: "sip.example.com", Port: 5062, Priority: 10},
		{Transport: "tcp", Owner: "_sip._tcp." + Target, Target: "."},
		{Transport: "tls", Owner: "_sips._tcp." + Target, Target: "sip.example.com", Port: 5061, Priority: 10},
	}
	served.NAPTR = []resolve.NAPTR{{Order: 10, Preference: 50, Flags: "s", Service: "SIP+D2U", Replacement: "_sip._udp." + Target, TTLSeconds: 3600}}
	served.Hosts = append(served.Hosts, resolve.Host{Name: "sip.example.com", Addresses: []netip.Addr{Public}})
	served.UsedHost, served.Used = "sip.example.com", Public
	unsure := Named(Public)
	unsure.NAPTR, unsure.NAPTRMissing, unsure.Faults = nil, "no answer in time", []string{"SRV _sip._udp." + Target + ": no answer in time"}
	return []Run{
		{"name-split", ByName(Site{}.Run(), Named(Public), Named(Inside))},
		{"name-same", ByName(Site{}.Run(), Named(Public), Named(Public))},
		{"name-srv", ByName(Site{}.Run(), served, nil)},
		{"name-unsure", ByName(Site{}.Run(), unsure, Named())},
	}
}
