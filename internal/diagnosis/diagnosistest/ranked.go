package diagnosistest

import (
	"net/netip"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// rankedRuns are those in which one cause explains another, or two have nothing to do
// with each other.
func rankedRuns() []Run {
	return []Run{
		{"double-nat-from-inside", FromInside(Sweep{Lost: "10000-11000", Primed: true, LostPrimed: "10000-11000"})},
		{"range-dead-latching", WithSweep(Sweep{Ports: "10000-20000", Lost: "10000-20000", Primed: true, LostPrimed: "10000-20000"})},
		{"alg-and-gap", AlgAndGap()},
	}
}

// AlgAndGap is a run at a site with an ALG that leaves media alone, and a forward of half
// the RTP range, that with the ports of the calls.
func AlgAndGap() *evidence.Evidence {
	return Site{Path: renamed, Transports: []sipprobe.Transport{sipprobe.UDP, sipprobe.TLS},
		Sweeps: []Sweep{{Ports: "10000-20000", Lost: "15000-20000", Primed: true, LostPrimed: "15000-20000"}}}.Run()
}

// renamed writes another Call-ID into requests towards the site, and takes it back.
func renamed(d scenarios.Direction, t sipprobe.Transport, m string) string {
	from, to := "\r\nCall-ID: ", "\r\nCall-ID: helped-"
	if d == scenarios.Outbound {
		from, to = to, from
	}
	return overUDP(func(m string) string { return strings.Replace(m, from, to, 1) })(d, t, m)
}

// WithSweep is LatchingNeeded with a sweep of the range.
func WithSweep(s Sweep) *evidence.Evidence {
	ev := LatchingNeeded()
	ev.Scenario.Checks = append(ev.Scenario.Checks, s.Check())
	ev.Checks = append(ev.Checks, evidence.Check{Check: s.Check(), SweepFacts: s.Facts()})
	return ev
}

// FromInside is a run at a site behind a second NAT, as its router says, that lets
// nothing in: the responder has dialled out, and a sweep was made.
func FromInside(s Sweep) *evidence.Evidence {
	ev := Told("100.64.0.10")
	dialled := *ev.Pairing.Attempts[2].Exchange
	ev.Pairing.FromInside = &evidence.FromInside{Exchange: &dialled, Remote: netip.AddrPortFrom(Public, 40_000)}
	ev.Pairing.Transport = ""
	for i := range ev.Pairing.Attempts {
		a := &ev.Pairing.Attempts[i]
		if a.Connect == nil {
			unanswered(a.Exchange)
			continue
		}
		a.Exchange, a.Connect.Result = nil, "timeout"
	}
	ev.Scenario.Checks = append(ev.Scenario.Checks, s.Check())
	ev.Checks, ev.Responder.Tape = []evidence.Check{{Check: s.Check(), SweepFacts: s.Facts()}}, nil
	return ev
}

// Deaf is a run whose calls, controls aside, carry audio in neither direction.
func Deaf(ev *evidence.Evidence) *evidence.Evidence {
	for i := range ev.Checks {
		if c := &ev.Checks[i]; c.Control == "" && c.CallFacts != nil {
			for _, end := range c.CallFacts.Ends() {
				end.Media.Received = rtpprobe.Received{}
			}
		}
	}
	return ev
}

// HungUp is a run whose unacknowledged calls over UDP were given up after 32 seconds.
func HungUp(ev *evidence.Evidence) *evidence.Evidence {
	_, f := droppedCall()
	for i := range ev.Checks {
		c := ev.Checks[i].CallFacts
		if c != nil && c.Responder != nil && !c.Responder.Established {
			c.Client.Events, c.Client.Ended, c.Responder.Events = f.Client.Events, f.Client.Ended, f.Responder.Events
		}
	}
	return ev
}

// AlgMovesContact is a run at a site that writes another address into the Contact of the
// responder's answers over UDP, so that the ACK goes nowhere.
func AlgMovesContact() *evidence.Evidence {
	const nowhere = "192.0.2.99"
	contact := "Contact: <sip:bothways@"
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}, Path: func(d scenarios.Direction, _ sipprobe.Transport, m string) string {
		if d == scenarios.Inbound && strings.HasPrefix(m, "ACK ") {
			return ""
		}
		if d == scenarios.Outbound && strings.HasPrefix(m, "SIP/2.0 200") {
			return strings.Replace(m, contact+Public.String(), contact+nowhere, 1)
		}
		return m
	}}.Run()
	for i := range ev.Client.Tape {
		if r := &ev.Client.Tape[i]; r.Sent && strings.HasPrefix(string(r.Data), "ACK ") {
			r.Remote = netip.MustParseAddrPort(nowhere + ":5060")
		}
	}
	neverAcknowledged(ev)
	return ev
}

// makeRanked are the runs of Ranked that are not of Runs.
func makeRanked() []Run {
	udp := []sipprobe.Transport{sipprobe.UDP}
	half := Sweep{Ports: "10000-20000", Lost: "10000-15000", Primed: true, LostPrimed: "10000-15000"}
	woken := Sweep{Ports: "10000-20000", Lost: "10000-20000", Primed: true}
	shut := func(s Sweep) *evidence.Evidence {
		return Site{Transports: udp, InShut: true, Sweeps: []Sweep{s}}.Run()
	}
	return []Run{
		{"host-firewall-deaf", Guarded(Deaf(Site{InShut: true, OutShut: true, Transports: udp}.Run()))},
		{"double-nat-primed", FromInside(Sweep{Lost: "10000-11000", Primed: true})},
		{"double-nat-and-gap", FromInside(Sweep{Lost: "10000-10500", Primed: true, LostPrimed: "10000-10500"})},
		{"zero-address-latching", MisaddressedLatching(netip.IPv4Unspecified())},
		{"private-address-deaf", Deaf(Find("private-address-strict"))},
		{"private-contact-hung-up", HungUp(PrivateContact())},
		{"alg-moves-media-deaf", Deaf(AlgMovesMedia())},
		{"alg-moves-contact-hung-up", HungUp(AlgMovesContact())},
		{"ack-lost-hung-up", HungUp(AckLost())},
		{"port-not-forwarded-from-inside", noSecondNAT(FromInside(half))},
		{"intercepted-old", Site{Intercepted: true, TLS: []TLSServer{{Old: []string{"1.0"}}}}.Run()},
		{"black-hole-deaf", noHandshake(Find("black-hole"))},
		{"gap-at-calls", shut(half)},
		{"gap-at-calls-deaf", Deaf(shut(half))},
		{"woken-at-calls", shut(woken)},
		{"woken-at-calls-deaf", Deaf(shut(woken))},
		{"woken-latching", WithSweep(woken)},
		{"gap-latching", WithSweep(half)},
		{"shifted-latching", WithSweep(Sweep{Ports: "10000-20000", Shift: 2})},
		{"shifted-latching-deaf", Deaf(WithSweep(Sweep{Ports: "10000-20000", Shift: 2}))},
		{"shifted-off-the-end", offTheEnd()},
		{"egress-dead-deaf", Deaf(Find("sweep-egress-dead"))},
		{"alg-truncates-all", unread(Find("alg-truncates"))},
		{"latching-needed-deaf", Deaf(LatchingNeeded())},
		{"alg-elsewhere-latching", Site{Private: true, Control: true, Path: renamed, Transports: []sipprobe.Transport{sipprobe.UDP, sipprobe.TLS}}.Run()},
	}
}

func makeNearMisses() []Run {
	udp := []sipprobe.Transport{sipprobe.UDP}
	dead := Sweep{Ports: "10000-11000", Lost: "10000-11000", Primed: true, LostPrimed: "10000-11000"}
	woken := Sweep{Ports: "10000-11000", Lost: "10000-11000", Primed: true}
	noACK := func(also Path) Path {
		return func(d scenarios.Direction, t sipprobe.Transport, m string) string {
			if d == scenarios.Inbound && strings.HasPrefix(m, "ACK ") {
				return ""
			}
			return also(d, t, m)
		}
	}
	asIs := func(_ scenarios.Direction, _ sipprobe.Transport, m string) string { return m }
	unacknowledged := func(s Site) *evidence.Evidence {
		ev := s.Run()
		neverAcknowledged(ev)
		return ev
	}
	return []Run{
		{"double-nat port-not-forwarded", told(Site{Closed: []sipprobe.Transport{sipprobe.TCP}}.Run())},
		{"double-nat rtp-range-not-forwarded", told(Swept(dead))},
		{"double-nat filtered-until-primed", told(Swept(woken))},
		{"wrong-address-advertised latching-needed", otherPort(MisaddressedLatching(netip.IPv4Unspecified()))},
		{"private-address-advertised latching-needed", otherPort(Find("private-address-strict"))},
		{"private-address-advertised ack-lost", unacknowledged(Site{PrivateContact: true, Transports: udp, Path: noACK(asIs)})},
		{"sip-alg-rewrites latching-needed", latchingNeeded(renamed)},
		{"sip-alg-rewrites ack-lost", unacknowledged(Site{Transports: udp, Path: noACK(renamed)})},
		{"tls-intercepted tls-version-too-old", Site{Intercepted: true, TLS: []TLSServer{{}, {Port: 443, Old: []string{"1.0"}}}}.Run()},
		{"rtp-range-not-forwarded latching-needed", LatchingNeeded()},
		{"forward-shifts-ports filtered-until-primed", Swept(Sweep{Ports: "10000-11000", Shift: 2, Lost: "10400-10500", Primed: true})},
		{"forward-shifts-ports latching-needed", WithSweep(Sweep{Ports: "13000-20000", Shift: 2})},
		{"rtp-range-partly-forwarded latching-needed", WithSweep(Sweep{Ports: "10000-20000", Lost: "15000-20000", Primed: true, LostPrimed: "15000-20000"})},
		{"filtered-until-primed latching-needed", WithSweep(Sweep{Ports: "13000-20000", Lost: "13000-20000", Primed: true})},
	}
}

// Coincidences are runs in which a cause meets a symptom that it has nothing to do with,
// named by both.
func Coincidences() []Run {
	udp := []sipprobe.Transport{sipprobe.UDP}
	swallowed := func(ev *evidence.Evidence) *evidence.Evidence {
		ev = unread(ev)
		for i := range ev.Responder.Tape {
			ev.Responder.Tape[i].Note = ""
		}
		return ev
	}
	helped := Site{Transports: udp, Path: func(d scenarios.Direction, t sipprobe.Transport, m string) string {
		if d == scenarios.Inbound && strings.HasPrefix(m, "ACK ") {
			return ""
		}
		return renamed(d, t, m)
	}}.Run()
	neverAcknowledged(helped)
	return []Run{
		{"private-address-advertised one-way-audio", Site{Private: true, Latch: true, InShut: true, Transports: udp}.Run()},
		{"sip-alg-rewrites one-way-audio", Site{InShut: true, Transports: udp, Path: renamed}.Run()},
		{"sip-alg-rewrites no-audio", Site{InShut: true, OutShut: true, Transports: udp, Path: renamed}.Run()},
		{"sip-alg-rewrites call-drops", HungUp(helped)},
		{"sip-alg-rewrites transport-unreachable", swallowed(Find("alg-truncates"))},
		{"port-not-forwarded one-way-audio", Site{Closed: []sipprobe.Transport{sipprobe.TLS}, InShut: true}.Run()},
		{"rtp-range-not-forwarded transport-unreachable", Site{Closed: []sipprobe.Transport{sipprobe.TLS}, InShut: true}.Run()},
		{"egress-filtered one-way-audio", Site{InShut: true, Transports: udp,
			Sweeps: []Sweep{{Direction: scenarios.Outbound, Ports: "20000-22000", Lost: "20000-20999"}}}.Run()},
	}
}

func told(ev *evidence.Evidence) *evidence.Evidence {
	ev.Responder.Gateway = Told("192.168.0.2").Responder.Gateway
	return ev
}

// offTheEnd is a run with a forward that is off by two, and leaves out two ports.
func offTheEnd() *evidence.Evidence {
	ev := Swept(Sweep{Ports: "10000-11000", Shift: 2, Lost: "10999-11000"})
	ev.Checks[len(ev.Checks)-1].SweepFacts.Primed = Sweep{Ports: "10999-11000"}.Facts()
	return ev
}

// unread is a run with a responder that can make nothing of what arrives over UDP.
func unread(ev *evidence.Evidence) *evidence.Evidence {
	for i := range ev.Responder.Tape {
		if r := &ev.Responder.Tape[i]; !r.Sent && r.Transport == sipprobe.UDP {
			r.Note = "not handled: cut off"
		}
	}
	for _, tape := range []*[]sipprobe.Record{&ev.Responder.Tape, &ev.Client.Tape} {
		*tape = slices.DeleteFunc(*tape, func(r sipprobe.Record) bool {
			return r.Transport == sipprobe.UDP && strings.HasPrefix(string(r.Data), "SIP/2.0")
		})
	}
	return noAnswers(ev)
}

// noHandshake is a run in which TLS does not get as far as SIP.
func noHandshake(ev *evidence.Evidence) *evidence.Evidence {
	for i := range ev.Pairing.Attempts {
		if a := &ev.Pairing.Attempts[i]; a.Transport == sipprobe.TLS {
			a.Connect.Result, a.Exchange = "tls-failed", nil
		}
	}
	for i := range ev.Checks {
		if c := &ev.Checks[i]; c.Transport == "tls" {
			c.SizeFacts, c.Skipped = nil, "the responder does not answer over TLS"
		}
	}
	return ev
}

func noSecondNAT(ev *evidence.Evidence) *evidence.Evidence {
	ev.Responder.Gateway = nil
	return ev
}

// otherPort is a run in which the site's audio comes from other ports than its SDP names.
func otherPort(ev *evidence.Evidence) *evidence.Evidence {
	for _, c := range ev.Checks {
		if f := c.CallFacts; f != nil && f.Client.Media.LatchedTo != nil {
			f.Client.Media.LatchedTo = new(netip.AddrPortFrom(Public, 61_234))
		}
	}
	return ev
}
