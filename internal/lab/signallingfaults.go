package lab

import "bothways/internal/natlab"

// signallingFaults are mistakes of a PBX in where its SIP goes and comes from, which a NAT
// on the client's side does not forgive.
func signallingFaults() []Fault {
	behind := func(random bool) natlab.Topology {
		return with(everything(), func(t *natlab.Topology) { t.ClientNAT, t.ClientRandomPorts = true, random })
	}
	return []Fault{
		{Name: "rport-ignored", Title: "the PBX answers to the port in Via, and the client is behind a NAT that changes ports",
			Topology: behind(true), Scenario: "lab-rport-ignored",
			Expect: []string{"rport-ignored"}, Verdict: "fail"},
		{Name: "rport-ignored-unharmed", Title: "the PBX answers to the port in Via, which is the one that asked",
			Topology: behind(false), Scenario: "lab-rport-ignored", Verdict: "pass"},
		{Name: "asymmetric-sip", Title: "the PBX's SIP leaves from another port than it listens on, and the client is behind a NAT",
			Topology: behind(false), Scenario: "lab-asymmetric-sip",
			Expect: []string{"asymmetric-sip"}, Verdict: "fail"},
		{Name: "asymmetric-sip-unharmed", Title: "the PBX's SIP leaves from another port than it listens on, and nothing filters",
			Topology: everything(), Scenario: "lab-asymmetric-sip", Verdict: "pass"},
	}
}
