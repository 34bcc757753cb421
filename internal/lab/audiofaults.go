package lab

import "bothways/internal/natlab"

// audioFaults are those of audio's ports as calls alone show them: a sweep tells more.
func audioFaults() []Fault {
	noIn := natlab.Rule{Name: "no-rtp-in", Direction: natlab.Inbound, Proto: natlab.UDP, DestinationPorts: rtpPorts}
	noOut := natlab.Rule{Name: "no-rtp-out", Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: rtpPorts}
	faults := []Fault{
		{Name: "calls-rtp-not-forwarded", Title: "the RTP range is not forwarded, but passes once the site has sent, and no port is swept",
			Topology: forwarding(sipUDP, sipTCP, sipTLS), Expect: []string{"rtp-range-not-forwarded"}, Verdict: "degraded"},
		{Name: "calls-rtp-not-forwarded-random-ports", Title: "the RTP range is not forwarded, the NAT changes source ports, and no port is swept",
			Topology: with(forwarding(sipUDP, sipTCP, sipTLS), func(t *natlab.Topology) { t.RandomPorts = true }),
			Expect:   []string{"one-way-audio", "rtp-range-not-forwarded", "latching-needed"}, Verdict: "fail"},
		{Name: "calls-inbound-rtp-dropped", Title: "a filter drops RTP towards the site, and no port is swept",
			Topology: breaking(noIn), Expect: []string{"one-way-audio", "rtp-range-not-forwarded"}, Verdict: "fail"},
		{Name: "calls-outbound-rtp-dropped", Title: "a filter drops RTP from the site, and no port is swept",
			Topology: breaking(noOut), Expect: []string{"one-way-audio"}, Verdict: "fail"},
		{Name: "calls-rtp-dropped", Title: "a filter drops RTP both ways, and no port is swept",
			Topology: breaking(noIn, noOut), Expect: []string{"no-audio", "rtp-range-not-forwarded"}, Verdict: "fail"},
	}
	for i := range faults {
		faults[i].Scenario = "lab-calls"
	}
	return faults
}
