package diagnosistest

import (
	"maps"
	"net/netip"
	"slices"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// edgeRuns are those in which the edge of the site is not where, or what, it seems.
func edgeRuns() []Run {
	byUser := Site{Off: true}.Run()
	byUser.Client.RouterWAN = netip.MustParseAddr("100.64.0.10")
	return []Run{
		{"double-nat", Told("192.168.0.2")},
		{"client-inside", Hairpinned()},
		{"source-hidden", Hidden()},
		{"double-nat-told-by-user", byUser},
		{"source-changes-mid-call", Moved(6_000)},
		{"source-address-varies", Varies()},
		{"stale-nat-state", Stale()},
		{"host-firewall", Guarded(Site{Closed: []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP}, InShut: true}.Run())},
		{"host-firewall-stateful", Guarded(Site{ColdShut: true}.Run())},
		{"container-address", Contained("")},
		{"container-by-file", Contained("/.dockerenv")},
		{"sweep-host-firewall", Guarded(Site{Transports: []sipprobe.Transport{sipprobe.UDP},
			Sweeps: []Sweep{{Lost: "10200-10800"}}}.Run())},
	}
}

// Told is a run without fault in which the site's router tells its WAN address by
// NAT-PMP.
func Told(wan string) *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	ev.Responder.Gateway = &evidence.Gateway{Address: netip.MustParseAddr("192.168.1.1"), Answers: []evidence.GatewayAnswer{
		{Protocol: evidence.NATPMP, Outcome: "told", WAN: netip.MustParseAddr(wan)},
		{Protocol: evidence.UPnP, Outcome: "silent"},
	}}
	return ev
}

// Hairpinned is a run without fault whose client is behind the site's own router, and came by
// the public address.
func Hairpinned() *evidence.Evidence {
	ev := Site{ClientNAT: true, Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	ev.Client.PublicAddress = Public
	return ev
}

// Hidden is a run without fault, at a site whose router sends what it lets in from its own
// address.
func Hidden() *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	behind := true
	ev.Pairing.ClientBehindNAT, ev.Client.PublicAddress = &behind, netip.MustParseAddr("192.168.1.1")
	return ev
}

// Moved is a run whose calls are silent for a while halfway through; after that the
// site's audio comes from another port.
func Moved(pauseMs int) *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	for i := range ev.Checks {
		f := ev.Checks[i].CallFacts
		if f == nil {
			continue
		}
		call := *ev.Checks[i].Call
		call.PauseMs = pauseMs
		ev.Checks[i].Call = &call
		in := &f.Client.Media.Received
		old := in.Sources[0]
		old.Packets, old.LastMS = talkPackets/2, 20*talkPackets/2
		moved := rtpprobe.Source{Address: netip.AddrPortFrom(Public, 61_234), SSRC: old.SSRC, Packets: talkPackets / 2,
			FirstMS: old.LastMS + float64(pauseMs), LastMS: old.LastMS*2 + float64(pauseMs)}
		in.Sources = []rtpprobe.Source{old, moved}
	}
	return ev
}

// Guarded is a run in which the responder counted that all that the client had sent
// reached its machine, whatever its sockets received.
func Guarded(ev *evidence.Evidence) *evidence.Evidence {
	counts := make(map[uint16]int64)
	seen := &evidence.Capture{BadChecksums: new(int64)}
	for _, r := range ev.Client.Tape {
		if r.Sent && r.Transport == sipprobe.UDP {
			seen.SIP++
		}
	}
	for _, t := range []sipprobe.Transport{sipprobe.TCP, sipprobe.TLS} {
		c := evidence.CapturedConnects{Port: t.DefaultPort(), SYN: 6}
		for _, a := range ev.Pairing.Attempts {
			if a.Transport == t && a.Works() {
				c.Answers = c.SYN
			}
		}
		seen.TCP = append(seen.TCP, c)
	}
	for _, c := range ev.Checks {
		if f := c.CallFacts; f != nil {
			counts[f.Responder.Media.Local.Port()] += f.Client.Media.Sent.Packets
		}
		if f := c.SweepFacts; f != nil && c.Direction == scenarios.Inbound {
			for port := range f.Sent.Ports.All() {
				counts[port] += (f.Sent.Packets + int64(f.Sent.Ports.Len()) - 1) / int64(f.Sent.Ports.Len())
			}
		} else if f != nil { // answers come back to where it was sent from
			for _, port := range f.Sent.Locals {
				counts[port] += (f.Sent.Echoes + int64(len(f.Sent.Locals)) - 1) / int64(len(f.Sent.Locals))
			}
		}
	}
	byCount := make(map[int64][]uint16)
	for port, n := range counts {
		byCount[n] = append(byCount[n], port)
	}
	for _, n := range slices.Sorted(maps.Keys(byCount)) {
		seen.UDP = append(seen.UDP, evidence.CapturedPorts{Packets: n, Ports: rtpprobe.PortSetOf(slices.Values(byCount[n]))})
	}
	ev.Responder.Capture = seen
	return ev
}

// Stale is a run in which questions from the client's own SIP port do not arrive, and
// from a fresh port do, before and after. The last two checks are those repeats.
func Stale() *evidence.Evidence {
	s := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}
	ev := s.Run()
	fresh := ev.Checks[0]
	repeat := func(of evidence.Check, suffix string, s Site, port uint16) evidence.Check {
		c := evidence.Check{Check: of.Check, Control: of.ID}
		c.ID += suffix
		s.reaches(ev, ev.Run.Token(c.ID), sipprobe.UDP)
		c.Options = &evidence.OptionsFacts{Exchange: s.exchange("OPTIONS", sipprobe.UDP)}
		c.Options.Exchange.Local = netip.AddrPortFrom(Outside, port)
		return c
	}
	shut := s
	shut.Closed = s.Transports
	same := repeat(fresh, "-own-port", shut, 5060)
	again := repeat(same, "-again", s, 40_000)
	ev.Checks = append(ev.Checks, same, again)
	return ev
}

// Varies is a run in which the audio of the outbound call, its last check, comes from
// another address than its signalling.
func Varies() *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	f := ev.Checks[len(ev.Checks)-1].CallFacts
	f.Responder.Invite.SeenAs = netip.AddrPortFrom(Public, 5060)
	s := &f.Client.Media.Received.Sources[0]
	s.Address = netip.AddrPortFrom(Public2, s.Address.Port())
	return ev
}
