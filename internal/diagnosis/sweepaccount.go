package diagnosis

import (
	"fmt"
	"slices"

	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// foundWith is found, with lines after the accounts; none when nothing was told.
func (f Finding) foundWith(lines ...string) []Finding {
	slices.Sort(f.Checks)
	f.Checks = slices.Compact(f.Checks)
	out := f.found()
	for i := range out {
		out[i].Evidence = append(out[i].Evidence, lines...)
	}
	return out
}

// lostAccount tells of ports of a sweep whose requests did not arrive.
func (s sweep) lostAccount(kind string, ports rtpprobe.PortSet) account {
	sender, receiver := s.ends()
	cold, where := "", s.sized(ports)
	if s.check.Direction == scenarios.Inbound {
		cold = " before it sent anything"
	}
	if ports.Equal(s.facts.Sent.Ports) {
		where = "any of them"
	}
	a := account{check: s.check.ID, kind: kind, short: s.sized(ports)}
	a.long = fmt.Sprintf("the %s sent to %s of %s, and the %s, listening there%s, got nothing on %s",
		sender, s.sized(s.facts.Sent.Ports), s.facts.Sent.Remote, receiver, cold, where)
	if s.Attempts > 1 {
		a.long += fmt.Sprintf(", each tried at least %d times", s.Attempts)
	}
	if s.primed == nil {
		return a
	}
	switch n := ports.Intersect(s.primed.RequestLost).Len(); {
	case n == ports.Len():
		a.long += "; nor did it once it had sent from those ports"
	case n > 0:
		a.long += fmt.Sprintf("; nor did it on %s of them, spread over all, once it had sent from those", grouped(n))
	}
	return a
}

// tried counts how many ports of a set passed once the site had sent, and how many
// were tried then.
func (s sweep) tried(ports rtpprobe.PortSet) (passing, all int) {
	if s.primed == nil {
		return 0, 0
	}
	passing = ports.Intersect(passed(*s.primed)).Len()
	return passing, passed(*s.primed).Union(s.primed.RequestLost).Union(s.primed.Inconclusive).Len()
}

// icmpLines are what others said of ports that did not answer.
func (s sweep) icmpLines(ports rtpprobe.PortSet) []string {
	var out []string
	for _, r := range s.facts.Sent.ICMP {
		about := r.Ports.Intersect(ports)
		if about.IsZero() {
			continue
		}
		line := fmt.Sprintf("%s: ICMP for %s: %q by %s", s.check.ID, sized(about), icmpWords(r.Meaning), r.From)
		if _, receiver := s.ends(); r.Meaning == "port-unreachable" && r.FromTarget && !about.Intersect(s.facts.Arrived.Listened).IsZero() {
			line += fmt.Sprintf("; the %s listened there, so another host or a firewall answered", receiver)
		}
		out = append(out, line+".")
	}
	return out
}

func icmpWords(meaning string) string {
	switch meaning {
	case "port-unreachable":
		return "port unreachable"
	case "administratively-prohibited":
		return "administratively prohibited"
	case "host-unreachable":
		return "host unreachable"
	case "network-unreachable":
		return "network unreachable"
	case "protocol-unreachable":
		return "protocol unreachable"
	case "time-exceeded":
		return "time exceeded"
	}
	return "another error"
}

// forwardOf is the rule that a router needs: "udp 14322-20000 -> 192.168.1.10".
func (v *view) forwardOf(s sweep, ports rtpprobe.PortSet) string {
	return fmt.Sprintf("udp %s -> %s", portWords(ports, maxRanges), v.site(s))
}

// site is the inside address of a sweep.
func (v *view) site(s sweep) string {
	a := s.facts.Arrived.Address
	if v.Responder != nil {
		a = v.home(a)
	}
	if !a.IsValid() || a.IsUnspecified() {
		return "the responder's inside address"
	}
	return a.String()
}

// shutAt are the calls whose media, cold, did not get in at one of the ports.
func (v *view) shutAt(ports rtpprobe.PortSet) []call {
	var out []call
	for _, c := range v.calls {
		if v.coldTested(c) && c.in.shutOut() && ports.Contains(c.facts.Responder.Advertised.Port()) {
			out = append(out, c)
		}
	}
	return out
}

// deadAt are the calls whose media never got in at one of the ports, which it was sent to
// as the responder had asked for, and at which nothing else arrived either.
func (v *view) deadAt(ports rtpprobe.PortSet) []call {
	var out []call
	for _, c := range v.calls {
		if c.in.state != dead || c.in.others() > 0 || v.hostShuts(c) > 0 || v.mediaRewritten(c.check.ID, scenarios.Inbound) {
			continue
		}
		if at := c.facts.Responder.Advertised; at != nil && c.in.to() == *at && ports.Contains(at.Port()) {
			out = append(out, c)
		}
	}
	return out
}

// deafAt are the calls whose media did not get out to one of the client's ports.
func (v *view) deafAt(ports rtpprobe.PortSet) []call {
	var out []call
	for _, c := range v.calls {
		if c.out.state == dead && ports.Contains(c.out.to().Port()) {
			out = append(out, c)
		}
	}
	return out
}

func ids(calls []call) []string {
	var out []string
	for _, c := range calls {
		out = append(out, c.check.ID)
	}
	return out
}

// settled reports whether a sweep has proven something of a port of the site.
func (v *view) settled(port uint16) bool {
	return slices.ContainsFunc(v.swept(scenarios.Inbound), func(s sweep) bool { return s.decided().Contains(port) })
}

// gotIn says how UDP of the client is known to have reached the site, empty when it
// is not: then nobody knows that it ever leaves the client's own network.
func (v *view) gotIn() string {
	if c := v.contact(scenarios.Transport(sipprobe.UDP)); c.responder != nil && c.responder.ReceivedRequests > 0 {
		return fmt.Sprintf("The client's UDP does get out of its own network: %s to %s reached the responder in the same run.",
			count(c.responder.ReceivedRequests, "request"), v.peer(c))
	}
	for _, c := range v.calls {
		if c.in.state == alive {
			return fmt.Sprintf("The client's UDP does get out of its own network: in %s %d of %d packets of audio reached the responder.",
				c.check.ID, c.in.received, c.in.sent)
		}
	}
	if how := v.knockedIn(); how != "" {
		return how
	}
	for _, s := range v.sweeps {
		if s.known && (s.is(scenarios.Inbound) && s.facts.Arrived.Packets > 0 || s.is(scenarios.Outbound) && s.facts.Sent.Echoes > 0) {
			return fmt.Sprintf("The client's UDP does get out of its own network: in %s some of it reached the responder.", s.check.ID)
		}
	}
	return ""
}
