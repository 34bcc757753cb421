package lab

import "bothways/internal/natlab"

// endFaults end calls or their audio before their time.
func endFaults() []Fault {
	return []Fault{
		{Name: "call-drops", Title: "a filter drops ACK to the site over UDP, so that a long call is torn down after 32 s",
			Topology: boxed(natlab.Alteration{Name: "ack", Change: natlab.DropPacket, Method: "ACK", Direction: natlab.Inbound, Messages: natlab.Requests}),
			Scenario: "lab-long-call", WholeTalk: true, Expect: []string{"call-drops", "ack-lost"}, Verdict: "fail"},
		{Name: "audio-stops", Title: "a firewall drops each stream of media towards the site after its first 40 packets",
			Topology: boxed(natlab.Alteration{Name: "media", Change: natlab.DropPacket, Proto: natlab.UDP, Direction: natlab.Inbound,
				Ports: rtpPorts, After: 40}),
			Scenario: "trunk", WholeTalk: true, Expect: []string{"audio-stops"}, Verdict: "fail"},
	}
}
