package lab

import "bothways/internal/natlab"

// The ports of a PBX that is running, with their forwards.
var (
	httpTCP   = natlab.Forward{Proto: natlab.TCP, Ports: natlab.Port(80)}
	besideUDP = natlab.Forward{Proto: natlab.UDP, Ports: natlab.Port(besideSIP)}
	besideTCP = natlab.Forward{Proto: natlab.TCP, Ports: natlab.Ports{From: besideSIP, To: besideSIPTLS}}
)

// livePBX is what runs on the PBX's machine.
func livePBX() []PBXService {
	return []PBXService{
		{natlab.TCP, 80, "http"}, {natlab.TCP, 443, "https"}, {natlab.TCP, 5222, "xmpp"}, {natlab.TCP, 5060, "sip"}, {natlab.UDP, 5060, "sip"},
	}
}

// besidePBX forwards the ports of a PBX, and those of the responder beside it.
func besidePBX(f ...natlab.Forward) natlab.Topology {
	return forwarding(append([]natlab.Forward{besideUDP, besideTCP}, f...)...)
}

// busyFaults are those of a site whose PBX is running, on the responder's machine.
func busyFaults() []Fault {
	whole := func() natlab.Topology { return besidePBX(httpTCP, webTCP, chatTCP, sipTCP, sipUDP) }
	faults := []Fault{
		{Name: "busy-clean", Title: "nothing is wrong with the ports of a PBX that is running",
			Topology: whole(), Verdict: "pass"},
		{Name: "busy-clean-ipv6", Title: "nothing is wrong with the ports of a PBX that is running, over IPv6",
			Topology: whole(), IPv6: true, Verdict: "pass"},
		{Name: "busy-clean-no-capture", Title: "nothing is wrong with the ports of a PBX that is running, and the responder may not capture",
			Topology: whole(), NoCapture: true, Verdict: "pass"},
		{Name: "busy-not-forwarded", Title: "TCP 443 and UDP 5060 of a PBX that is running are not forwarded",
			Topology: besidePBX(httpTCP, chatTCP, sipTCP), Expect: []string{"port-not-forwarded"}, Verdict: "fail"},
		{Name: "busy-not-forwarded-no-capture", Title: "TCP 443 of a PBX that is running is not forwarded, and the responder may not capture",
			Topology: besidePBX(httpTCP, chatTCP, sipTCP, sipUDP), NoCapture: true, Expect: []string{"port-in-use"}, Verdict: "inconclusive"},
		{Name: "busy-to-neighbour", Title: "ports of a PBX that is running are forwarded to another machine that runs the same",
			Topology: beside(besidePBX(toNeighbour(httpTCP), toNeighbour(webTCP), toNeighbour(chatTCP), toNeighbour(sipTCP), toNeighbour(sipUDP))),
			Twins:    livePBX(), Expect: []string{"forward-to-wrong-host"}, Verdict: "fail"},
		{Name: "busy-to-neighbour-no-capture", Title: "TCP 443 and 5222 of a PBX that is running are forwarded to another machine that runs the same, and the responder may not capture",
			Topology: beside(besidePBX(httpTCP, toNeighbour(webTCP), toNeighbour(chatTCP), sipTCP, sipUDP)), NoCapture: true,
			Twins: livePBX(), Expect: []string{"forward-to-wrong-host"}, Verdict: "fail"},
	}
	for i := range faults {
		faults[i].Scenario, faults[i].PBX = "lab-busy", livePBX()
	}
	return faults
}
