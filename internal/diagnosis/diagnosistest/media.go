package diagnosistest

import (
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// Packets of a call: five seconds, and one more from the client while the site only
// listens.
const (
	talkPackets = 250
	leadPackets = 50
)

// call is a call that is set up, with audio as the site lets it through.
func (s Site) call(c scenarios.Check, port uint16) *evidence.CallFacts {
	client, responder := s.ends(port)
	setup := s.exchange("INVITE", sipprobe.Transport(c.Transport))
	f := &evidence.CallFacts{Client: client, Responder: responder}
	if c.Direction == scenarios.Inbound {
		client.Invite = &setup
	} else {
		setup.Local = netip.AddrPortFrom(Inside, setup.Transport.DefaultPort())
		setup.Remote, setup.SeenAs = setup.SeenAs, netip.AddrPortFrom(Public, setup.Local.Port())
		responder.Invite = &setup
		f.Flow = "new"
		if s.ClientNAT {
			f.Flow = "client"
		}
	}
	s.talk(c.Direction, client, responder)
	s.answer(client, responder)
	return f
}

func (s Site) ends(port uint16) (client, responder *evidence.CallEnd) {
	theirs, ours := netip.AddrPortFrom(Outside, port+20_000), netip.AddrPortFrom(Public, port)
	if s.Private {
		ours = netip.AddrPortFrom(Inside, port)
	}
	end := func(local netip.Addr, advertised, heard netip.AddrPort) *evidence.CallEnd {
		return &evidence.CallEnd{
			Established: true, Advertised: &advertised, Heard: &heard, Ended: "hung up",
			Media: &rtpprobe.Result{Local: netip.AddrPortFrom(local, advertised.Port()), SSRC: 0xb07a0000 + uint32(advertised.Port()), PtimeMS: 20},
		}
	}
	return end(s.client(), theirs, ours), end(Inside, ours, theirs)
}

// talk carries the client's audio in.
func (s Site) talk(d scenarios.Direction, client, responder *evidence.CallEnd) {
	var lead int64
	if d == scenarios.Inbound {
		lead = leadPackets
		client.Lead = &evidence.Lead{LastedMs: 1000, Packets: lead}
		responder.Cold = &evidence.Cold{WaitedMs: 1000, Packets: lead}
	}
	to, sent := *client.Heard, talkPackets+lead
	arrived := sent - s.Loss
	switch {
	case s.InShut, s.Private && !s.Latch:
		arrived = 0
	case s.ColdShut, s.Private:
		arrived = talkPackets
	}
	if arrived <= talkPackets && d == scenarios.Inbound && s.Loss == 0 {
		responder.Cold.Packets = 0
	}
	carry(client, responder, to, sent, arrived)
	if s.Latch && s.Private { // what was sent before the site's audio came goes nowhere
		seen := netip.AddrPortFrom(Public, responder.Media.Local.Port())
		client.Media.LatchedTo = &seen
		client.Media.Sent.Destinations = []rtpprobe.Destination{{Address: seen, Packets: talkPackets}}
		if lead > 0 {
			client.Media.Sent.Destinations = append(client.Media.Sent.Destinations, rtpprobe.Destination{Address: to, Packets: lead})
		}
	}
	if arrived > 0 {
		responder.Media.LatchedTo = &netip.AddrPort{}
		*responder.Media.LatchedTo = *responder.Heard
	}
}

// answer carries the responder's audio out.
func (s Site) answer(client, responder *evidence.CallEnd) {
	arrived := int64(talkPackets)
	if s.OutShut {
		arrived = 0
	}
	carry(responder, client, *responder.Heard, talkPackets, arrived)
	in := &client.Media.Received
	switch {
	case s.Silent:
		in.SilenceMS, in.ToneHeardMS = in.ToneHeardMS, 0
	case s.Looped:
		in.OwnToneMS, in.ToneHeardMS = in.ToneHeardMS, 0
	}
}

// carry records packets at both ends.
func carry(from, to *evidence.CallEnd, address netip.AddrPort, sent, arrived int64) {
	out, in := &from.Media.Sent, &to.Media.Received
	out.Packets, out.Bytes = sent, sent*172
	out.Destinations = []rtpprobe.Destination{{Address: address, Packets: sent}}
	out.Lateness = &rtpprobe.LatenessUS{P50: 9, P99: 60, Max: 140}
	in.Packets, in.Bytes, in.Expected = arrived, arrived*172, arrived
	in.ToneHeardMS = float64(arrived) * 20
	if arrived == 0 {
		return
	}
	in.Sources = []rtpprobe.Source{{
		Address: *from.Advertised, SSRC: from.Media.SSRC, Packets: arrived, FirstMS: 20, LastMS: 20 * float64(arrived),
	}}
	if network.Private(from.Advertised.Addr()) { // the NAT sees to that
		in.Sources[0].Address = netip.AddrPortFrom(Public, from.Advertised.Port())
	}
	var lost int64
	in.Lost, in.JitterMS = &lost, new(0.2)
}
