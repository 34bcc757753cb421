package diagnosistest

import (
	"net/netip"
	"slices"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// Second is a run whose inbound calls are made once more with media from the client's
// second address, and what the site does to that.
type Second struct {
	Site
	// Over are the transports of these calls, nil = those of the site.
	Over []sipprobe.Transport
	// Pinned are the transports in whose calls media gets in from the signalling address
	// alone, Barred those in which it gets in from neither before the site has sent.
	Pinned, Barred []sipprobe.Transport
}

// secondRuns are those with media from a second address.
func secondRuns() []Run {
	udp, tls := []sipprobe.Transport{sipprobe.UDP}, []sipprobe.Transport{sipprobe.TLS}
	return []Run{
		{"second-clean", Second{}.Run()},
		{"second-filtered", Second{Pinned: sipprobe.Transports()}.Run()},
		{"alg-pins-media", Second{Pinned: udp}.Run()},
		{"alg-opens-for-peer", Second{Pinned: udp, Barred: tls, Over: append(udp, tls...), Site: Site{Path: Helper}}.Run()},
		{"alg-pins-media-without-control", Second{Pinned: udp, Site: Site{Path: Helper, Transports: udp, Closed: tls}}.Run()},
	}
}

// Run is the evidence of the run.
func (x Second) Run() *evidence.Evidence {
	ev := x.Site.Run()
	seen := netip.AddrPortFrom(Outside2, 40_021)
	ev.Pairing.Second = &evidence.SecondAddress{Address: Outside2, SeenAs: &seen, Transport: sipprobe.UDP}
	over := x.Over
	if over == nil {
		over = x.transports()
	}
	for i, t := range over {
		check := x.callCheck(scenarios.Inbound, t)
		check.ID, check.Call.Client.MediaFrom = "call-in-second-"+string(t), scenarios.FromSecond
		ev.Scenario.Checks = append(ev.Scenario.Checks, check)
		ev.Checks = append(ev.Checks, evidence.Check{Check: check, CallFacts: x.secondCall(check, uint16(15_000+2*i))})
	}
	return ev
}

func (x Second) secondCall(c scenarios.Check, port uint16) *evidence.CallFacts {
	f := x.call(c, port)
	theirs := netip.AddrPortFrom(Outside2, f.Client.Advertised.Port())
	f.Client.Advertised, f.Responder.Heard = &theirs, &theirs
	f.Responder.Media.Sent.Destinations[0].Address = theirs
	control, in := int64(leadPackets), &f.Responder.Media.Received
	t := sipprobe.Transport(c.Transport)
	switch {
	case slices.Contains(x.Pinned, t):
		f.Responder.Cold.Packets, f.Responder.Media.LatchedTo = 0, nil
		carry(f.Client, f.Responder, *f.Client.Heard, talkPackets+leadPackets, 0)
		in.Sources, in.Lost, in.JitterMS = nil, nil, nil
	case slices.Contains(x.Barred, t):
		f.Responder.Cold.Packets, control = 0, 0
		carry(f.Client, f.Responder, *f.Client.Heard, talkPackets+leadPackets, talkPackets)
	}
	in.Control, f.Responder.Cold.ControlPackets = control, &control
	f.Client.Control = &evidence.Control{Local: netip.AddrPortFrom(Outside, port+25_000), Packets: leadPackets}
	return f
}
