package lab

import "bothways/internal/natlab"

// behaviourFaults are mistakes of a PBX on a path without fault, and paths that cut off the beginning of calls.
func behaviourFaults() []Fault {
	slow := func(d natlab.Direction) natlab.Topology {
		r := natlab.Rule{Name: "slow", Direction: d, Proto: natlab.UDP, DestinationPorts: rtpPorts, UntilBytes: slowBytes}
		if d == natlab.Outbound {
			r.DestinationPorts, r.SourcePorts = natlab.Ports{}, rtpPorts
		}
		return breaking(r)
	}
	whole := func(f Fault) Fault { f.WholeTalk = true; return f }
	return []Fault{
		whole(Fault{Name: "behaviours", Title: "nothing is wrong, and the two sides behave in every way that is no fault",
			Topology: everything(), Scenario: "lab-behaviours", Verdict: "pass"}),
		whole(Fault{Name: "one-way-audio-grid", Title: "nothing is wrong with the path, and half of the settings cannot work",
			Topology: everything(), Scenario: "one-way-audio", Verdict: "pass"}),
		whole(Fault{Name: "one-way-audio-grid-dropped", Title: "a filter drops RTP from the site, whatever the settings are",
			Topology: breaking(natlab.Rule{Name: "no-rtp-out", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: rtpPorts}),
			Scenario: "one-way-audio", Expect: []string{"one-way-audio", "no-audio", "private-address-advertised"}, Verdict: "fail"}),
		whole(Fault{Name: "first-seconds", Title: "nothing is wrong, and calls are heard from the beginning",
			Topology: everything(), Scenario: "first-seconds-silent", Verdict: "pass"}),
		whole(Fault{Name: "opens-late", Title: "a filter lets media in only after the site has sent for a while",
			Topology: slow(natlab.Inbound), Scenario: "first-seconds-silent",
			Expect: []string{"audio-starts-late", "rtp-range-not-forwarded"}, Verdict: "degraded"}),
		whole(Fault{Name: "opens-late-outbound", Title: "a NAT takes a while until it lets the site's media out",
			Topology: slow(natlab.Outbound), Scenario: "first-seconds-silent",
			Expect: []string{"audio-starts-late"}, Verdict: "degraded"}),
		whole(Fault{Name: "wrong-address", Title: "the PBX advertises a public address that it no longer has",
			Topology: everything(), Scenario: "lab-wrong-address",
			Expect: []string{"one-way-audio", "wrong-address-advertised", "latching-needed"}, Folded: []string{"latching-needed"}, Verdict: "fail"}),
		whole(Fault{Name: "zero-address", Title: "the PBX advertises 0.0.0.0",
			Topology: everything(), Scenario: "lab-zero-address",
			Expect: []string{"one-way-audio", "wrong-address-advertised", "latching-needed"}, Folded: []string{"latching-needed"}, Verdict: "fail"}),
		whole(Fault{Name: "zero-address-latching", Title: "the PBX advertises 0.0.0.0, and the far side latches",
			Topology: everything(), Scenario: "lab-zero-address-latching",
			Expect: []string{"wrong-address-advertised", "latching-needed"}, Folded: []string{"latching-needed"}, Verdict: "degraded"}),
		whole(Fault{Name: "asymmetric-rtp", Title: "the PBX sends from another port than it listens on, and the far side follows",
			Topology: everything(), Scenario: "lab-asymmetric",
			Expect: []string{"one-way-audio", "audio-stops", "asymmetric-rtp"}, Verdict: "fail"}),
		whole(Fault{Name: "digits-dropped", Title: "a middlebox swallows telephone events towards the site, and passes audio",
			Topology: with(everything(), func(t *natlab.Topology) {
				t.Box = &natlab.Box{Alterations: []natlab.Alteration{{Name: "events", Change: natlab.DropPacket,
					Direction: natlab.Inbound, Proto: natlab.UDP, Ports: rtpPorts, Below: smallBytes}}}
			}), Scenario: "lab-digits", Verdict: "fail"}),
		whole(Fault{Name: "srtp-wrong-key", Title: "the PBX names another SRTP key than the one that it uses",
			Topology: everything(), Scenario: "lab-srtp-wrong-key",
			Expect: []string{"silent-audio"}, Verdict: "fail"}),
	}
}

// smallBytes are more than a telephone event has, with IP and UDP, and less than audio and reports have.
const smallBytes = 100

// slowBytes are about two and a half seconds of G.711, which must be less than a call.
const slowBytes = 125 * 216
