package lab

import (
	"time"

	"bothways/internal/natlab"
)

// idleFaults are those that show in what was left idle for a while.
func idleFaults() []Fault {
	forgetful := func(t natlab.Timeouts) natlab.Topology {
		return with(everything(), func(s *natlab.Topology) { s.Timeouts, s.StrictTCP = []natlab.Timeouts{t}, true })
	}
	return []Fault{
		{Name: "idle-clean", Title: "nothing is forgotten within the limit",
			Topology: forgetful(natlab.Timeouts{}), Scenario: "lab-idle", Verdict: "pass"},
		{Name: "binding-short", Title: "the NAT forgets a UDP binding after 2 s",
			Topology: forgetful(natlab.Timeouts{UDP: 2 * time.Second, UDPStream: 2 * time.Second}),
			Scenario: "lab-idle", Expect: []string{"udp-binding-short"}, Verdict: "fail"},
		{Name: "tcp-idle-short", Title: "the firewall forgets an idle TCP connection after 2 s",
			Topology: forgetful(natlab.Timeouts{TCPEstablished: 2 * time.Second}),
			Scenario: "lab-idle", Expect: []string{"tcp-idle-short"}, Verdict: "fail"},
	}
}
