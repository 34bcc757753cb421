package diagnosis

import (
	"fmt"
	"strings"

	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// judgeNAT judges no behaviour: a NAT may be as it is, and findings say what will bite.
// The client's own NAT is told for information, and skipped where it did not show.
func (v *view) judgeNAT(out *CheckVerdict, n nat) {
	out.NAT = n.measures(v)
	own := n.check.Direction == scenarios.Inbound
	switch {
	case n.measured():
		out.Verdict, out.Summary = Pass, n.summary(v)
	case own:
		out.Verdict, out.Summary = Skipped, "the client's own NAT did not show: none of its questions was answered"+because(n.facts.Missing)
	case n.facts.Sockets == nil:
		out.Verdict, out.Summary = Inconclusive, "the responder's ledger is missing"+because(n.facts.Missing)
	default:
		out.Verdict, out.Summary = Inconclusive, "none of the responder's questions was answered"
		if n.facts.Heard != nil && len(n.facts.Heard.Arrivals) == 0 {
			out.Summary = "nothing arrived of what the responder sent"
		}
	}
}

// summary says it in one line, the NAT itself first.
func (n nat) summary(v *view) string {
	var parts []string
	if n.check.Direction == scenarios.Inbound {
		parts = append(parts, "the client's own side, for information")
	}
	if c := n.itself(); len(c.results) > 0 {
		parts = append(parts, c.words())
	}
	if m := n.media; len(n.free.results) > 0 && len(m.results) > 0 {
		parts = append(parts, "media ports: "+m.mediaWords(n.free))
	}
	if len(n.facts.Sockets) > 0 && n.itself().unvaried() {
		parts = append(parts, v.oneAddress(n))
	}
	if h := n.hairpins(); h != nil && *h {
		parts = append(parts, "the public address works from inside")
	}
	if seen := n.otherWords(); seen != "" {
		parts = append(parts, seen)
	}
	if n.facts.Missing != "" {
		parts = append(parts, n.facts.Missing)
	}
	return strings.Join(parts, "; ")
}

// words are mapping, filtering and ports.
func (c natClass) words() string {
	filtering := "filtering " + known(c.filtering.Behaviour, c.filtering.ByPort)
	if c.mapping.Behaviour == natprobe.NoTranslation {
		return "no NAT, " + filtering
	}
	out := fmt.Sprintf("mapping %s, %s, %s", known(c.mapping.Behaviour, c.mapping.ByPort), filtering, c.portWords())
	if name := natprobe.ClassicName(c.mapping, c.filtering); name != "" {
		out += fmt.Sprintf(" (once called %s)", name)
	}
	return out
}

// known says what is known of a behaviour, at least by port.
func known(b natprobe.Behaviour, byPort *bool) string {
	if b == natprobe.Unknown && byPort != nil && !*byPort {
		return "the same for all ports, by address unknown"
	}
	return string(b)
}

// portWords say what became of the ports.
func (c natClass) portWords() string {
	p := c.ports
	varies := c.mapping.ByPort != nil && *c.mapping.ByPort || c.mapping.ByAddress != nil && *c.mapping.ByAddress
	switch {
	case p.Preserved == p.Sockets:
		return "ports preserved"
	case p.Preserved > 0:
		return fmt.Sprintf("%d of %s preserved", p.Preserved, count(p.Sockets, "port"))
	case p.Parity == p.Sockets && p.Sockets > 1 && !varies: // else by chance
		return "ports changed, even and odd kept"
	}
	return "ports changed"
}

// mediaWords say how the media ports differ from the others, and whether they are open.
func (c natClass) mediaWords(free natClass) string {
	var parts []string
	switch {
	case c.first.all():
		parts = append(parts, "forwarded")
	case c.first.none():
		parts = append(parts, "not forwarded")
	}
	if c.second.none() && c.first.all() {
		parts = append(parts, "not from the second address")
	}
	if c.mapping.Behaviour != free.mapping.Behaviour {
		parts = append(parts, "mapping "+known(c.mapping.Behaviour, c.mapping.ByPort))
	}
	if c.filtering.Behaviour != free.filtering.Behaviour || c.first.all() {
		parts = append(parts, "filtering "+known(c.filtering.Behaviour, c.filtering.ByPort))
	}
	if c.mapping.Behaviour != natprobe.NoTranslation {
		parts = append(parts, c.portWords())
	}
	return strings.Join(parts, ", ")
}

// unvaried reports whether the address of the far end was not varied where it counts.
func (c natClass) unvaried() bool {
	return len(c.results) > 0 && (c.mapping.Behaviour == natprobe.Unknown || c.filtering.Behaviour == natprobe.Unknown)
}

// oneAddress says why the far end's address was not varied.
func (v *view) oneAddress(n nat) string {
	second := v.Pairing.Second
	switch {
	case n.check.Direction == scenarios.Inbound:
		return "the site answers from one address only"
	case second == nil:
		return "the client answers from one address only"
	case second.SeenAs == nil:
		return fmt.Sprintf("the client's second address %s could not be used: %s", second.Address, second.Error)
	}
	return "too little came back to tell more"
}

// otherWords are what STUN servers see of the other address family.
func (n nat) otherWords() string {
	var parts []string
	for _, r := range n.others() {
		seen, family := r.MappedTo(), "IPv6"
		if r.Local.Addr().Is4() {
			family = "IPv4"
		}
		word := fmt.Sprintf("over %s seen as %s", family, seen.Addr())
		if seen == r.Local {
			word = fmt.Sprintf("no NAT over %s", family)
		}
		parts = append(parts, fmt.Sprintf("%s by %s", word, r.Exchanges[0].Server))
	}
	return strings.Join(parts, ", ")
}
