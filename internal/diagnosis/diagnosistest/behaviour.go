package diagnosistest

import (
	"net/netip"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// behaviourRuns are those in which a side of a call behaves as it should not, on a path without fault.
func behaviourRuns() []Run {
	return []Run{
		{"audio-starts-late", StartsLate()},
		{"wrong-address", Misaddressed(netip.AddrFrom4([4]byte{192, 0, 2, 254}))},
		{"zero-address", Misaddressed(netip.IPv4Unspecified())},
		{"asymmetric-rtp", Asymmetric()},
		{"srtp-wrong-key", WrongSRTPKey()},
		{"digits-lost", DigitsLost()},
		{"behaviours", Behaviours()},
	}
}

// each changes the calls of a run.
func each(ev *evidence.Evidence, change func(c *evidence.Check, f *evidence.CallFacts)) *evidence.Evidence {
	for i := range ev.Checks {
		c := &ev.Checks[i]
		if c.CallFacts == nil {
			continue
		}
		c.Call = new(*c.Call)
		change(c, c.CallFacts)
	}
	return ev
}

// StartsLate is a run whose outbound call, once answered, is not heard inside for two and a half seconds.
func StartsLate() *evidence.Evidence {
	return each(Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run(), func(c *evidence.Check, f *evidence.CallFacts) {
		soon, first := 21.5, uint16(65_500)
		held := soon + 1000
		c.Call.MaxFirstPacketMs = 500
		f.Client.Media.Sent.FirstSequence = first
		f.Responder.Media.Received.FirstSequence, f.Responder.FirstPacketMs, f.Client.FirstPacketMs = &first, &soon, &soon
		if c.Direction == scenarios.Inbound { // the responder has held back
			f.Client.FirstPacketMs = &held
			return
		}
		in, late, number := &f.Responder.Media.Received, 2512.0, first+125
		in.Packets, in.Expected, in.ToneHeardMS, in.FirstSequence = 125, 125, 2500, &number
		f.Responder.FirstPacketMs = &late
	})
}

// Misaddressed is a run whose responder names an address for media that is not its own.
func Misaddressed(a netip.Addr) *evidence.Evidence {
	return misaddress(Site{Transports: []sipprobe.Transport{sipprobe.UDP}, InShut: true}.Run(), a)
}

// MisaddressedLatching is the same with a control that latches, and so gets through.
func MisaddressedLatching(a netip.Addr) *evidence.Evidence {
	return misaddress(Site{Private: true, Control: true, Transports: []sipprobe.Transport{sipprobe.UDP}}.Run(), a)
}

func misaddress(ev *evidence.Evidence, a netip.Addr) *evidence.Evidence {
	return each(ev, func(c *evidence.Check, f *evidence.CallFacts) {
		named := netip.AddrPortFrom(a, f.Responder.Advertised.Port())
		f.Responder.Advertised, f.Client.Heard = &named, &named
		if c.Control != "" {
			return
		}
		sent := &f.Client.Media.Sent
		sent.RefusedDestinations = []rtpprobe.Destination{{Address: named, Packets: sent.Packets}}
		sent.Packets, sent.Bytes, sent.Destinations = 0, 0, nil
		if f.Client.Lead != nil {
			f.Client.Lead.Packets = 0
		}
	})
}

// Asymmetric is a run whose responder sends from another port than it listens on, which the client follows.
func Asymmetric() *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}, Latch: true}.Run()
	return each(ev, func(c *evidence.Check, f *evidence.CallFacts) {
		from := netip.AddrPortFrom(Inside, f.Responder.Media.Local.Port()+100)
		seen := netip.AddrPortFrom(Public, from.Port())
		c.Call.Responder.SourcePort = scenarios.OtherPort
		f.Responder.Media.Sent.From, f.Client.Media.LatchedTo = &from, &seen
		f.Client.Media.Received.Sources[0].Address = seen
		f.Client.Media.Sent.Destinations = []rtpprobe.Destination{{Address: seen, Packets: f.Client.Media.Sent.Packets}}
		in := &f.Responder.Media.Received
		in.AtSendPort, in.Packets, in.Expected, in.ToneHeardMS, in.Sources = in.Packets, 0, 0, 0, nil
		if f.Responder.Cold != nil { // until the client heard the site, it sent where the SDP said
			in.Packets, in.AtSendPort, in.ToneHeardMS = leadPackets, talkPackets, 1000
			last, lastMS := uint16(leadPackets-1), 1000.0
			in.LastSequence, in.LastMS, in.Expected = &last, &lastMS, leadPackets
			f.Responder.Media.OpenMS = 6_500
		}
	})
}

// WrongSRTPKey is a run over TLS whose client names another SRTP key than the one that it encrypts with.
func WrongSRTPKey() *evidence.Evidence {
	return each(Site{Transports: []sipprobe.Transport{sipprobe.TLS}}.Run(), func(c *evidence.Check, f *evidence.CallFacts) {
		c.Call.SRTP, c.Call.Client.SRTPKey = true, scenarios.WrongKey
		f.Client.Media.SRTP, f.Responder.Media.SRTP = true, true
		in := &f.Responder.Media.Received
		in.Unauthenticated, in.Packets, in.Expected, in.ToneHeardMS, in.Sources, in.Lost, in.JitterMS = in.Packets, 0, 0, 0, nil, nil, nil
		f.Responder.Media.LatchedTo = nil
	})
}

// DigitsLost is a run in which one digit of three reaches the site, and both reach the client.
func DigitsLost() *evidence.Evidence {
	return each(Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run(), func(c *evidence.Check, f *evidence.CallFacts) {
		dialled := func(text string) (out []rtpprobe.Digit) {
			for _, d := range text {
				out = append(out, rtpprobe.Digit{Digit: string(d), DurationMS: 160, Packets: 10, Ends: 3})
			}
			return out
		}
		c.Call.Client.DTMF, c.Call.Responder.DTMF = "12#", "9*"
		in := &f.Responder.Media.Received // the packets of two digits are missing
		in.Packets, in.ToneHeardMS = in.Packets-20, in.ToneHeardMS-600
		f.Client.Media.Sent.Digits, f.Responder.Media.Received.Digits = dialled("12#"), dialled("1")
		f.Responder.Media.Sent.Digits, f.Client.Media.Received.Digits = dialled("9*"), dialled("9*")
	})
}

// Behaviours is a run over the grid of two behaviours, in which what fails was expected to.
func Behaviours() *evidence.Evidence {
	udp := []sipprobe.Transport{sipprobe.UDP}
	ev := Site{Transports: udp, Scenario: "one-way-audio"}.Run()
	ev.Checks = ev.Checks[:1]
	for _, row := range []struct {
		id   string
		site Site
	}{
		{"public-strict", Site{Transports: udp}},
		{"public-latching", Site{Transports: udp, Latch: true}},
		{"private-strict", Site{Transports: udp, Private: true}},
		{"private-latching", Site{Transports: udp, Private: true, Latch: true}},
	} {
		c := row.site.Run().Checks[1]
		c.ID, c.Call = row.id, new(*c.Call)
		switch row.id {
		case "private-strict":
			c.Call.Expect = scenarios.OutboundOnly
		case "private-latching":
			c.Call.Expect = scenarios.BothWays
		}
		ev.Checks = append(ev.Checks, c)
	}
	ev.Scenario.Checks = nil
	for _, c := range ev.Checks {
		ev.Scenario.Checks = append(ev.Scenario.Checks, c.Check)
	}
	return ev
}
