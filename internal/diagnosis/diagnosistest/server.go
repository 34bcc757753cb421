package diagnosistest

import (
	"net/netip"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// serverName is the name of somebody else's server, whose certificate bears it.
const serverName = "pbx.example.com"

var (
	serverAddr  = netip.MustParseAddr("192.0.2.11")
	serverSixth = netip.MustParseAddr("2001:db8:d::11")
	serverDNS   = netip.MustParseAddrPort("192.0.2.53:53")
)

// Asked is a run with checks of somebody else's servers, as they are given.
func Asked(checks ...evidence.Check) *evidence.Evidence {
	ev := Site{Transports: udpAlone()}.Run()
	ev.Checks, ev.Scenario.Checks = nil, nil
	for _, c := range checks {
		ev.Checks, ev.Scenario.Checks = append(ev.Checks, c), append(ev.Scenario.Checks, c.Check)
	}
	return ev
}

// ServerAsked is a check from the site whose server did as the trial says.
func ServerAsked(id string, p scenarios.Protocol, port uint16, trials ...evidence.ServerTrial) evidence.Check {
	c := evidence.Check{Check: scenarios.Check{
		ID: id, Kind: scenarios.ServerKind, Direction: scenarios.Outbound, Transport: "tcp", Purpose: "updates",
		Server: &scenarios.Server{Host: serverName, Port: port, Protocol: p},
	}}
	l := &evidence.Lookup{Name: serverName, Resolvers: []netip.AddrPort{serverDNS}, Tries: 1, DurationMs: 4.2}
	for i := range trials {
		trials[i].Remote = netip.AddrPortFrom(serverAddr, port)
		if i > 0 {
			trials[i].Remote = netip.AddrPortFrom(serverSixth, port)
		}
		if trials[i].Connect != nil {
			trials[i].Connect.Remote = trials[i].Remote
		}
		l.Addresses = append(l.Addresses, trials[i].Remote.Addr())
	}
	c.ServerFacts = &evidence.ServerFacts{Lookup: l, Trials: trials}
	return c
}

// ProviderAsked is a check of a provider's address by OPTIONS over UDP.
func ProviderAsked(id string, last byte, status int) evidence.Check {
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, last}), sipprobe.UDP.DefaultPort())
	x := &sipprobe.Exchange{Method: "OPTIONS", Transport: sipprobe.UDP, Remote: at, Outcome: sipprobe.Silent, Error: "no answer"}
	if status != 0 {
		x.Outcome, x.Status, x.Reason, x.RTTMs, x.Error = sipprobe.Refused, status, "Forbidden", new(12.5), ""
	}
	return evidence.Check{
		Check: scenarios.Check{
			ID: id, Kind: scenarios.ProviderKind, Direction: scenarios.Outbound, Transport: "udp",
			Server: &scenarios.Server{Host: at.Addr().String(), Port: at.Port(), Protocol: scenarios.SIPProtocol},
		},
		ServerFacts: &evidence.ServerFacts{Trials: []evidence.ServerTrial{{Remote: at, SIP: x}}},
	}
}

func opened() *evidence.Connect { return &evidence.Connect{Result: "open", DurationMs: 11.4} }

// silentTCP is a TCP connection that nobody answered.
func silentTCP() *evidence.Connect {
	return &evidence.Connect{Result: "timeout", DurationMs: 5000, Error: "i/o timeout"}
}

func webTrial(status int) evidence.ServerTrial {
	return evidence.ServerTrial{Connect: opened(), HTTP: &evidence.HTTPAnswer{Status: status, Proto: "HTTP/1.1", Server: "lab", DurationMs: 25.1}}
}

func tlsTrial(flaw string) evidence.ServerTrial {
	f := TLSServer{Port: 443, Flaw: flaw}.Facts(Site{})
	f.Result.Versions = []tlsprobe.Handshake{}
	return evidence.ServerTrial{Connect: opened(), TLS: &f.Result}
}

func timeTrial(offsetMs float64) evidence.ServerTrial {
	return evidence.ServerTrial{NTP: &evidence.NTPAnswer{Answered: true, OffsetMs: &offsetMs, RTTMs: new(18.2), Stratum: 2, Sent: 1}}
}

// serverRuns are one run for each thing that servers of others can show, and those where
// they show nothing.
func serverRuns() []Run {
	web := func(status int) evidence.Check {
		return ServerAsked("web", scenarios.HTTPProtocol, 80, webTrial(status))
	}
	secure := func(t ...evidence.ServerTrial) evidence.Check {
		return ServerAsked("secure", scenarios.TLSProtocol, 443, t...)
	}
	clock := func(d time.Duration) evidence.Check {
		return ServerAsked("time", scenarios.NTPProtocol, 123, timeTrial(float64(d.Milliseconds())))
	}
	dead := func() evidence.ServerTrial { return evidence.ServerTrial{Connect: silentTCP()} }
	blocked := secure(dead())
	blocked.ServerFacts.Control = secure(tlsTrial("")).ServerFacts
	down := secure(dead())
	down.ServerFacts.Control = secure(dead()).ServerFacts
	unknown := secure()
	unknown.ServerFacts.Lookup.Error, unknown.ServerFacts.Lookup.Detail = "not-found", "no such host"
	refused := secure()
	refused.ServerFacts, refused.Skipped = nil, "not allowed by the responder's operator"
	noTime := ServerAsked("time", scenarios.NTPProtocol, 123, evidence.ServerTrial{NTP: &evidence.NTPAnswer{Sent: 3, Error: "i/o timeout"}})
	kiss := ServerAsked("time", scenarios.NTPProtocol, 123, evidence.ServerTrial{NTP: &evidence.NTPAnswer{Answered: true, Kiss: "RATE", Sent: 1}})
	unrooted := secure(tlsTrial(""))
	unrooted.ServerFacts.Trials[0].TLS.Trust = nil
	return []Run{
		{"asked-clean", Asked(web(200), secure(tlsTrial("")), clock(3*time.Millisecond), ProviderAsked("trunk-udp", 21, 403))},
		{"asked-blocked", Asked(web(200), blocked)},
		{"asked-down", Asked(web(200), down)},
		{"asked-unknown-name", Asked(unknown)},
		{"asked-not-allowed", Asked(refused)},
		{"asked-untrusted", Asked(secure(tlsTrial("private")))},
		{"asked-expired", Asked(secure(tlsTrial("expired")), clock(0))},
		{"asked-own-clock", Asked(secure(tlsTrial("expired")), clock(-20*24*time.Hour))},
		{"asked-no-roots", Asked(secure(unrooted.ServerFacts.Trials...))},
		{"asked-login", Asked(web(511))},
		{"asked-unavailable", Asked(web(503))},
		{"asked-no-ipv6", Asked(secure(tlsTrial(""), evidence.ServerTrial{NoRoute: "network is unreachable"}))},
		{"asked-ipv6-dead", Asked(secure(tlsTrial(""), dead()))},
		{"asked-no-time", Asked(noTime)},
		{"asked-kiss", Asked(kiss)},
		{"asked-provider-silent", Asked(ProviderAsked("trunk-1-udp", 21, 403), ProviderAsked("trunk-2-udp", 22, 0))},
	}
}
