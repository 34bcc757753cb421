package diagnosistest

import (
	"net/netip"
	"strings"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/service"
)

// Web is what a web server with TLS says, with a certificate of which there are as many
// as letters.
func Web(software, certificate string) *service.Said {
	rtt, connect := 14.2, 11.8
	return &service.Said{
		Protocol: service.HTTPS, Transport: "tcp", Time: Started, Remote: netip.AddrPortFrom(Public, 443), Connect: "open", ConnectMs: &connect,
		Outcome: service.Fits, RTTMs: &rtt, Line: "HTTP/1.1 200 OK", Software: software,
		CertificateSHA256: strings.Repeat(certificate, 64), CertificateSubject: "CN=pbx.example.com",
	}
}

// UnansweredWeb is a question that met nobody, Wordless one whose connection says nothing.
func UnansweredWeb() *service.Said {
	s, slow := Web("", ""), 4000.0
	return &service.Said{Protocol: s.Protocol, Transport: s.Transport, Time: s.Time, Remote: s.Remote, Connect: "timeout", ConnectMs: &slow,
		Outcome: service.NotConnected, Error: "i/o timeout"}
}

// Wordless is a question whose connection is open and says nothing.
func Wordless() *service.Said {
	s := UnansweredWeb()
	s.Connect, s.Outcome = "open", service.Silent
	return s
}

// Options is how a SIP port that is held is asked: here in vain, outside.
func Options() *service.Said {
	return &service.Said{Protocol: service.SIP, Transport: "udp", Time: Started, Remote: netip.AddrPortFrom(Public, 5060), Outcome: service.Silent}
}

// At counts what reached a held port of the responder's machine.
func At(t knock.Transport, port uint16, client, others int64) *evidence.CapturedHeld {
	return &evidence.CapturedHeld{Transport: string(t), Port: port, FromClient: client, FromOthers: others, Answers: client}
}

// heldRuns are those of a PBX that is running beside the responder.
func heldRuns() []Run {
	xmpp := Port{Number: 5222}
	run := func(name string, p Port) Run {
		p.Fate = Held
		return Run{name, Knocked(p, xmpp)}
	}
	here, nobody := At(knock.TCP, 443, 1, 0), At(knock.TCP, 443, 0, 0)
	web := Web("nginx", "a")
	return []Run{
		run("busy-counted", Port{Outside: web, Inside: Web("nginx", "a"), AtMachine: here}),
		run("busy-certificate", Port{Outside: web, Inside: Web("nginx", "a")}),
		run("busy-protocol", Port{Outside: Web("nginx", ""), Inside: Web("nginx", "")}),
		run("busy-wordless", Port{Outside: Wordless(), Inside: Wordless(), AtMachine: here}),
		run("busy-not-forwarded", Port{Outside: UnansweredWeb(), Inside: web, AtMachine: nobody}),
		run("busy-udp-not-forwarded", Port{Transport: knock.UDP, Number: 5060, Outside: Options(), AtMachine: At(knock.UDP, 5060, 0, 0)}),
		run("busy-unanswered", Port{Outside: UnansweredWeb(), Inside: web}),
		run("busy-elsewhere", Port{Outside: web, Inside: web, AtMachine: nobody}),
		run("busy-other-certificate", Port{Outside: Web("nginx", "b"), Inside: web}),
		run("busy-other-software", Port{Outside: Web("lighttpd", ""), Inside: Web("nginx", "")}),
	}
}
