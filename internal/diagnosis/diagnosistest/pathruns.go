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

// pathRuns are those in which something on the path reads SIP.
func pathRuns() []Run {
	udp := []sipprobe.Transport{sipprobe.UDP}
	return []Run{
		{"alg-rewrites", Site{Path: Helper}.Run()},
		{"alg-without-control", Site{Path: Helper, Transports: udp, Closed: []sipprobe.Transport{sipprobe.TLS}}.Run()},
		{"alg-moves-media", AlgMovesMedia()},
		{"alg-truncates", Site{Path: overUDP(func(m string) string { return m[:min(len(m), 300)] })}.Run()},
		{"alg-blocks", AlgBlocks()},
		{"ack-lost", AckLost()},
		{"rport-ignored", RportIgnored()},
		{"asymmetric-sip", AsymmetricSIP()},
		{"private-contact", PrivateContact()},
		{"sip-proxy", Site{Path: Proxy}.Run()},
		{"sip-proxy-refused", InviteRefused(Proxy)},
		{"source-noted", Site{Path: NoteSource}.Run()},
	}
}

func overUDP(change func(string) string) Path {
	return func(_ scenarios.Direction, t sipprobe.Transport, m string) string {
		if t != sipprobe.UDP {
			return m
		}
		return change(m)
	}
}

// Helper exchanges the site's two addresses in what it forwards over UDP, as a NAT's
// SIP helper does.
func Helper(d scenarios.Direction, t sipprobe.Transport, m string) string {
	from, to := Public.String(), Inside.String()
	if d == scenarios.Outbound {
		from, to = to, from
	}
	return overUDP(func(m string) string { return strings.ReplaceAll(m, from, to) })(d, t, m)
}

// Proxy is a SIP proxy (RFC 3261 section 16).
func Proxy(d scenarios.Direction, t sipprobe.Transport, m string) string {
	const via = "Via: SIP/2.0/UDP 203.0.113.99;branch=z9hG4bKproxy\r\n"
	return overUDP(func(m string) string {
		if strings.HasPrefix(m, "SIP/2.0 ") {
			return strings.Replace(m, via, "", 1)
		}
		m = strings.Replace(m, "Max-Forwards: 70", "Max-Forwards: 69", 1)
		m = strings.Replace(m, ";rport\r\n", ";rport=40000;received=198.51.100.20\r\n", 1)
		return strings.Replace(m, "Via: ", via+"Via: ", 1)
	})(d, t, m)
}

// NoteSource adds received and rport to requests towards the site, as if it were the
// server.
func NoteSource(d scenarios.Direction, t sipprobe.Transport, m string) string {
	if d == scenarios.Outbound || strings.HasPrefix(m, "SIP/2.0 ") {
		return m
	}
	return overUDP(func(m string) string {
		return strings.Replace(m, ";rport\r\n", ";rport=40000;received=198.51.100.20\r\n", 1)
	})(d, t, m)
}

// AlgMovesMedia is a run at a site that writes another media port into the responder's
// SDP than the one that it forwards.
func AlgMovesMedia() *evidence.Evidence {
	site := Site{InShut: true, Control: true, Transports: []sipprobe.Transport{sipprobe.UDP, sipprobe.TLS}}
	site.Path = func(d scenarios.Direction, t sipprobe.Transport, m string) string {
		if d == scenarios.Inbound {
			return m
		}
		return overUDP(func(m string) string { return strings.Replace(m, "m=audio 1", "m=audio 6", 1) })(d, t, m)
	}
	ev := site.Run()
	for i := range ev.Checks {
		c := &ev.Checks[i]
		f := c.CallFacts
		switch {
		case f == nil:
		case c.Transport == "tls":
			carry(f.Client, f.Responder, *f.Client.Heard, talkPackets, talkPackets)
			if f.Responder.Cold != nil {
				f.Responder.Cold.Packets = leadPackets
			}
		case c.Control != "":
			to := *f.Client.Heard
			carry(f.Client, f.Responder, to, talkPackets, talkPackets)
			f.Client.Media.LatchedTo, f.Client.Heard = &to, movedFrom(to)
			f.Client.Media.Sent.Destinations = append(f.Client.Media.Sent.Destinations,
				rtpprobe.Destination{Address: *f.Client.Heard, Packets: leadPackets})
		default:
			f.Client.Heard = movedFrom(*f.Client.Heard)
			f.Client.Media.Sent.Destinations[0].Address = *f.Client.Heard
		}
	}
	return ev
}

func movedFrom(a netip.AddrPort) *netip.AddrPort {
	return new(netip.AddrPortFrom(a.Addr(), a.Port()+50_000))
}

// AlgBlocks is a run at a site that swallows each INVITE over UDP towards it.
func AlgBlocks() *evidence.Evidence { return InvitesLost(sipprobe.UDP) }

// InvitesLost is a run in which no INVITE over one transport reaches the site.
func InvitesLost(over sipprobe.Transport) *evidence.Evidence {
	ev := Site{Path: func(d scenarios.Direction, t sipprobe.Transport, m string) string {
		if t == over && d == scenarios.Inbound && strings.HasPrefix(m, "INVITE ") {
			return ""
		}
		return m
	}}.Run()
	for i := range ev.Checks {
		c := &ev.Checks[i]
		if c.CallFacts == nil || sipprobe.Transport(c.Transport) != over || c.Direction != scenarios.Inbound {
			continue
		}
		x := c.CallFacts.Client.Invite
		unanswered(x)
		*c.CallFacts = evidence.CallFacts{Client: &evidence.CallEnd{Invite: x}}
		tape := &ev.Client.Tape
		again := slices.IndexFunc(*tape, func(r sipprobe.Record) bool {
			return r.Sent && strings.HasPrefix(string(r.Data), "INVITE ") && strings.Contains(string(r.Data), ev.Run.Token(c.ID))
		})
		for n := 1; n <= 4 && !over.Reliable(); n++ {
			late := (*tape)[again]
			late.Time = late.Time.Add(timerA(n))
			*tape = slices.Insert(*tape, again+n, late)
		}
	}
	return ev
}

func unanswered(x *sipprobe.Exchange) {
	x.Outcome, x.Status, x.Reason, x.Error, x.RTTMs = sipprobe.Silent, 0, "", "no answer", nil
}

// AckLost is a run at a site that swallows each ACK over UDP towards it.
func AckLost() *evidence.Evidence {
	ev := Site{Path: func(d scenarios.Direction, t sipprobe.Transport, m string) string {
		if t == sipprobe.UDP && d == scenarios.Inbound && strings.HasPrefix(m, "ACK ") {
			return ""
		}
		return m
	}}.Run()
	neverAcknowledged(ev)
	return ev
}

// neverAcknowledged repeats the 200 and the ACK of inbound calls over UDP, and takes
// the responder's knowledge of the call away.
func neverAcknowledged(ev *evidence.Evidence) {
	repeat := func(tape *[]sipprobe.Record, start, token string) {
		for i := 0; i < len(*tape); i++ {
			r := (*tape)[i]
			if text := string(r.Data); r.Transport == sipprobe.UDP && strings.HasPrefix(text, start) && strings.Contains(text, token) {
				*tape = slices.Insert(*tape, i+1, r, r, r)
				i += 3
			}
		}
	}
	for i := range ev.Checks {
		c := &ev.Checks[i]
		if c.CallFacts == nil || c.Transport != "udp" || c.Direction != scenarios.Inbound {
			continue
		}
		c.CallFacts.Responder.Established = false
		token := ev.Run.Token(c.ID) + "\r\nCSeq: 1 "
		for _, tape := range []*[]sipprobe.Record{&ev.Client.Tape, &ev.Responder.Tape} {
			repeat(tape, "SIP/2.0 200", token+"INVITE")
			repeat(tape, "ACK ", token+"ACK")
		}
	}
}

// PrivateContact is a run with a responder that names its private address as its
// Contact, so that the ACK of a far side which obeys goes nowhere.
func PrivateContact() *evidence.Evidence {
	private := "sip:bothways@" + netip.AddrPortFrom(Inside, 5060).String()
	ev := Site{PrivateContact: true, Transports: []sipprobe.Transport{sipprobe.UDP}, Path: func(_ scenarios.Direction, _ sipprobe.Transport, m string) string {
		if line, _, _ := strings.Cut(m, "\r\n"); strings.Contains(line, private) {
			return ""
		}
		return m
	}}.Run()
	for i := range ev.Client.Tape {
		if r := &ev.Client.Tape[i]; r.Sent && strings.Contains(string(r.Data), " "+private+" SIP/2.0") {
			r.Remote = netip.AddrPortFrom(Inside, 5060)
		}
	}
	neverAcknowledged(ev)
	return ev
}

// RportIgnored is a run with a client behind a NAT that changes ports, and a responder
// that answers to the port in Via.
func RportIgnored() *evidence.Evidence {
	ev := Site{ClientNAT: true, SourcePort: 61_000, Path: func(d scenarios.Direction, t sipprobe.Transport, m string) string {
		if d == scenarios.Outbound && t == sipprobe.UDP {
			return ""
		}
		return m
	}}.Run()
	for i := range ev.Responder.Tape {
		if r := &ev.Responder.Tape[i]; r.Sent && r.Transport == sipprobe.UDP {
			r.Remote = netip.AddrPortFrom(r.Remote.Addr(), 40_000)
		}
	}
	return noAnswers(ev)
}

// noAnswers is a run whose client hears nothing over UDP.
func noAnswers(ev *evidence.Evidence) *evidence.Evidence {
	unanswered(ev.Pairing.Attempts[0].Exchange)
	for i := range ev.Checks {
		switch c := &ev.Checks[i]; {
		case c.Transport != "udp":
		case c.Options != nil:
			unanswered(&c.Options.Exchange)
		default:
			c.CallFacts, c.Skipped = nil, "the responder does not answer over UDP"
		}
	}
	return ev
}
