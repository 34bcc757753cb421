package diagnosistest

import (
	"bothways/internal/knock"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func udpAlone() []sipprobe.Transport { return []sipprobe.Transport{sipprobe.UDP} }

// portRuns are one run for each thing that knocks can show, and those where they show
// nothing.
func portRuns() []Run {
	xmpp := Port{Number: 5222}
	in := func(name string, p Port) Run { return Run{name, Knocked(p, xmpp)} }
	out := func(name string, all ...Port) Run {
		for i := range all {
			all[i].Direction = scenarios.Outbound
		}
		return Run{name, Knocked(all...)}
	}
	ntp := Port{Transport: knock.UDP, Number: 123}
	with := func(p Port, f Fate) Port { p.Fate = f; return p }
	tcp := func(f Fate) Port { return Port{Fate: f} }
	closed := func(f Fate) Port { return Port{Fate: f, Closed: true} }
	prohibited := with(ntp, Lost)
	prohibited.ICMP = []knock.ICMP{{From: Router, Meaning: "administratively-prohibited", Count: 2}}
	mirrored := with(ntp, Lost)
	mirrored.ICMP = []knock.ICMP{{From: Public, Meaning: "port-unreachable", Count: 3}, {Meaning: "host-unreachable", Count: 1}}
	return []Run{
		{"port-clean", Knocked(Port{}, xmpp, ntp, Port{Direction: scenarios.Outbound}, Port{Direction: scenarios.Outbound, Transport: knock.UDP, Number: 123})},
		in("port-tcp-lost", tcp(Lost)),
		in("port-tcp-refused", tcp(Refused)),
		in("port-udp-lost", prohibited),
		{"port-many-lost", Knocked(tcp(Lost), with(xmpp, Lost), Port{Number: 50080, Fate: Lost}, mirrored)},
		in("port-tcp-answered", tcp(Answered)),
		in("port-udp-answered", with(ntp, Answered)),
		in("port-tcp-taken", tcp(Taken)),
		in("port-answer-lost", with(ntp, AnswerLost)),
		in("port-tcp-answer-lost", tcp(AnswerLost)),
		in("port-aside", tcp(Aside)),
		in("port-held", tcp(Held)),
		in("port-forbidden", tcp(Forbidden)),
		in("port-changed", tcp(Changed)),
		in("port-unsent", with(ntp, Unsent)),
		in("port-unrecorded", tcp(Unrecorded)),
		in("port-unproven", with(ntp, Unproven)),
		out("port-egress-tcp", tcp(Lost), xmpp),
		out("port-egress-udp", with(ntp, Lost), Port{Transport: knock.UDP, Number: 3090}),
		out("port-egress-udp-alone", with(ntp, Lost)),
		out("port-intercepted", tcp(Answered)),
		out("port-out-answer-lost", with(ntp, AnswerLost)),
		out("port-out-held", tcp(Held), xmpp),
		in("closed-clean", closed(Lost)),
		in("closed-refused", closed(Refused)),
		in("closed-exposed", closed("")),
		in("closed-answer-lost", closed(AnswerLost)),
		in("closed-aside", closed(Aside)),
		in("closed-answered", closed(Answered)),
		in("closed-taken", closed(Taken)),
		in("closed-held", closed(Held)),
		{"closed-unproven", Site{Closed: []sipprobe.Transport{sipprobe.TCP, sipprobe.TLS}, Transports: udpAlone(), Ports: []Port{closed(Lost)}}.Run()},
		out("closed-out-clean", closed(Lost), xmpp),
		out("closed-out-exposed", closed(""), xmpp),
		out("closed-out-answered", closed(Answered), xmpp),
		out("closed-out-unproven", closed(Lost)),
	}
}
