package lab_test

import "bothways/internal/lab"

// shippedSites are the sites of the scenarios that ship, by name.
func shippedSites() map[string]shippedSite {
	const pbxName = "pbx.example.com"
	pbx := lab.Fault{Dialled: pbxName, Servers: []lab.TLSServer{{Port: 443, Name: pbxName}, {Port: 5223, Name: pbxName}}}
	plain, moving := shippedSite{}, shippedSite{site: lab.Fault{WholeTalk: true}}
	return map[string]shippedSite{
		"trunk": plain, "quick": plain, "ports": plain, "rtp-range": plain, "services": plain,
		"starface-trunk": plain, "starface-clients": plain, "starface-mobile": plain, "starface-ports": plain,
		"first-seconds-silent": moving, "one-way-audio": moving,
		"starface-servers": {elsewhere: "TestEachServerOfTheTable"}, "starface-connect": {elsewhere: "TestEachServerOfTheTable"},
		"audio-stops-on-hold": moving, "no-audio-on-transfer": moving, "drops-after-30s": moving,
		"starface-tls":  {site: pbx},
		"media-address": {site: lab.Fault{SecondAddress: true}},
		"private-address": {planted: []string{"call-in-udp"}, site: lab.Fault{
			Verdict: "fail", Expect: []string{"one-way-audio", "private-address-advertised", "latching-needed"}, Folded: []string{"latching-needed"}}},
		"private-address-latching": {planted: []string{"call-in-udp"}, site: lab.Fault{
			Verdict: "degraded", Expect: []string{"private-address-advertised", "latching-needed"}, Folded: []string{"latching-needed"}}},
		// Forms from the site go over the client's own flow, so that they fall with it.
		"rewriting": {
			breakers: []breaker{{fault: "rewriting-helper", fails: []string{"rewriting-in-udp", "rewriting-in-tcp", "rewriting-out-udp", "rewriting-out-tcp"}}},
		},
		"nat": {site: lab.Fault{SecondAddress: true}, spared: map[string]string{
			"nat-out": "it measures, and passes; what is wrong with a NAT is a finding, and the faults of the lab plant those",
			"nat-in":  "it is about the client's own NAT, for information only",
		}},
		"path": {breakers: []breaker{
			{fault: "dscp-bleached-in", fails: []string{"dscp-in"}},
			{fault: "dscp-bleached-out", fails: []string{"dscp-out"}},
			{fault: "fragments-dropped-ipv6", fails: []string{"size-in-udp", "size-out-udp"}},
			{fault: "mtu-black-hole", fails: []string{"size-out-tcp", "size-out-tls", "size-in-tcp", "size-in-tls"},
				may: []string{"size-in-udp", "size-out-udp"}},
		}},
		"large-invite-lost": {breakers: []breaker{
			{fault: "large-invite-lost", fails: []string{"large-in-udp", "size-in-udp"}},
			{fault: "large-invite-lost-outbound", fails: []string{"large-out-udp", "size-out-udp"}},
			{fault: "mtu-black-hole", fails: []string{"size-in-tcp", "size-out-tcp"},
				may: []string{"size-in-udp", "size-out-udp", "large-in-udp", "large-out-udp", "large-in-tcp", "large-out-tcp"}},
		}},
		"long": {instead: "lab-idle", breakers: []breaker{
			{fault: "binding-short", fails: []string{"binding"}},
			{fault: "tcp-idle-short", fails: []string{"idle-in-tcp", "idle-in-tls", "idle-out-tcp", "idle-out-tls"}},
		}},
	}
}
