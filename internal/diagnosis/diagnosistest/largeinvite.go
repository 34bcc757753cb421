package diagnosistest

import (
	"net/netip"
	"strings"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// inviteRuns are those with calls whose INVITE is larger than SIP takes over UDP.
func inviteRuns() []Run {
	return []Run{
		{"large-invite-lost", LargeInvite{Bytes: 2_400, Fragments: true}.Run()},
		{"large-invite-swallowed", LargeInvite{Bytes: 2_400, Plain: 3_000}.Run()},
	}
}

// A LargeInvite is a run with a call to the site that never rings, since its INVITE of so
// many bytes is lost over UDP; a small one arrived, and the large one does over TCP.
type LargeInvite struct {
	Bytes int
	// Fragments has all fragments towards the site dropped, and checks of sizes show that.
	Fragments bool
	// Plain is the size of an OPTIONS that arrives on the same flow, 0 = none.
	Plain int
}

// Run is the evidence of it.
func (l LargeInvite) Run() *evidence.Evidence {
	ev := PacketPath{NoFragments: l.Fragments, OneWay: true, Over: []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP}}.Run()
	lost := Site{Path: func(_ scenarios.Direction, t sipprobe.Transport, m string) string {
		if t == sipprobe.UDP && strings.HasPrefix(m, "INVITE") && len(m) > 1_300 {
			return ""
		}
		return m
	}}
	send := func(check, method string, t sipprobe.Transport, bytes, copies int) {
		f := lost.opened(t)
		media := netip.AddrPort{}
		if method == "INVITE" {
			media = netip.AddrPortFrom(Outside, 20_000)
		}
		d := dialog{token: ev.Run.Token(check), to: "sip:bothways@" + Public.String(), from: f.client.local}
		m := d.request(method, t, 1, media)
		m += strings.Repeat("x", max(bytes-len(m), 0))
		lost.send(ev, f, scenarios.Inbound, m, copies)
	}
	send("small-in-udp", "INVITE", sipprobe.UDP, 600, 1)
	send("large-in-udp", "INVITE", sipprobe.UDP, l.Bytes, 5)
	send("large-in-tcp", "INVITE", sipprobe.TCP, l.Bytes, 1)
	send("small-in-udp", "BYE", sipprobe.UDP, 400, 1)
	if l.Plain > 0 {
		send("size-in-udp-plain", "OPTIONS", sipprobe.UDP, l.Plain, 1)
	}
	x := &sipprobe.Exchange{Method: "INVITE", Transport: sipprobe.UDP, Remote: lost.opened(sipprobe.UDP).client.remote}
	unanswered(x)
	c := evidence.Check{Check: scenarios.Check{ID: "large-in-udp", Kind: scenarios.CallKind, Direction: scenarios.Inbound, Transport: "udp",
		Call: &scenarios.Call{TalkMs: 3_000, Codec: "pcmu", Setup: scenarios.Setup{OfferBytes: l.Bytes - 500}}}}
	c.CallFacts = &evidence.CallFacts{Client: &evidence.CallEnd{Invite: x}}
	ev.Checks = append(ev.Checks, c)
	ev.Scenario.Checks = append(ev.Scenario.Checks, c.Check)
	return ev
}
