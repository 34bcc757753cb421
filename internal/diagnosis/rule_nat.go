package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// minSockets is how many sockets must show the same before a NAT is said to do so: it
// may have had to move one.
const minSockets = 2

// mapsByPort reports whether each media socket was seen from ports that differ by
// destination.
func (n nat) mapsByPort() bool {
	return n.everySocket(func(seen []natprobe.Exchange, _ uint16) bool {
		return slices.ContainsFunc(seen, func(x natprobe.Exchange) bool { return x.Mapped.Port() != seen[0].Mapped.Port() })
	})
}

// movesPorts reports whether each media socket was seen from another port than its own,
// by all destinations from the same.
func (n nat) movesPorts() bool {
	return n.everySocket(func(seen []natprobe.Exchange, own uint16) bool {
		return !slices.ContainsFunc(seen, func(x natprobe.Exchange) bool {
			return x.Mapped.Port() == own || x.Mapped.Port() != seen[0].Mapped.Port()
		})
	})
}

// everySocket looks at the media sockets that two destinations have seen.
func (n nat) everySocket(is func(seen []natprobe.Exchange, own uint16) bool) bool {
	sockets := 0
	for _, s := range n.facts.Sockets {
		seen := seenBy(s)
		if s.Class != evidence.MediaPort || len(seen) < 2 {
			continue
		}
		if sockets++; !is(seen, s.Local.Port()) {
			return false
		}
	}
	return sockets >= minSockets
}

// natAccount tells how the media sockets of a test were seen.
func (n nat) natAccount() account {
	var parts []string
	sockets := 0
	for _, s := range n.facts.Sockets {
		if s.Class != evidence.MediaPort || s.Test != natprobe.MappingTest {
			continue
		}
		sockets++
		if seen := seenBy(s); len(seen) > 0 {
			parts = append(parts, fmt.Sprintf("port %d was seen as %s", s.Local.Port(), seenWords(seen)))
		}
	}
	return account{check: n.check.ID, kind: "nat", long: "of the responder's media ports, " + strings.Join(parts, "; "), short: count(sockets, "port")}
}

// seenWords are the mappings of a socket, each with who saw it: "… by …, and as … by …".
func seenWords(seen []natprobe.Exchange) string {
	var order []string
	by := make(map[string][]string)
	for _, x := range seen {
		m := x.Mapped.String()
		if by[m] == nil {
			order = append(order, m)
		}
		who := x.To.String()
		if x.Server != "" {
			who = fmt.Sprintf("%s (%s)", x.Server, x.To)
		}
		by[m] = append(by[m], who)
	}
	var out []string
	for _, m := range order {
		out = append(out, fmt.Sprintf("%s by %s", m, list(by[m])))
	}
	return strings.Join(out, ", as ")
}

// natSources looks at what was seen of the site's media ports.
func (v *view) natSources(is func(nat) bool) []account {
	var out []account
	for _, n := range v.siteNATs() {
		if is(n) {
			out = append(out, n.natAccount())
		}
	}
	return out
}

// variedAddresses are the tests in which the responder was seen from several addresses.
func (v *view) variedAddresses() []account {
	var out []account
	for _, n := range v.siteNATs() {
		seen := n.outside()
		if len(seen) < 2 {
			continue
		}
		a := account{check: n.check.ID, kind: "nat", short: addrs(seen)}
		a.long = fmt.Sprintf("what the responder sent from %s was seen from %s", count(len(n.facts.Sockets), "port"), a.short)
		out = append(out, a)
	}
	return out
}

// noHairpin: a forwarded port that works from outside does not by the public address
// from inside.
func noHairpin(v *view) []Finding {
	f := Finding{}
	for _, n := range v.siteNATs() {
		x, ok := n.hairpin()
		if works := n.hairpins(); !ok || *works {
			continue
		}
		port := x.To.Port()
		a := account{check: n.check.ID, kind: "hairpin", short: x.To.String()}
		a.long = fmt.Sprintf("UDP %d of the site is reached from outside; a second socket of the responder sent %s to %s, and %s",
			port, count(x.Sent, "question"), x.To, n.hairpinEnd(x))
		f.tell(a)
	}
	if note := v.hairpinNote(); note != "" {
		return f.foundWith(note)
	}
	return f.found()
}

func (n nat) hairpinEnd(x natprobe.Exchange) string {
	arrived := int64(0)
	for _, a := range n.facts.Hairpin.Heard.Arrivals {
		arrived += a.Requests
	}
	switch {
	case x.Answered():
		return fmt.Sprintf("the answer came from %s, which nobody expects", x.From)
	case arrived > 0:
		return fmt.Sprintf("%d arrived, without the answer coming back", arrived)
	}
	return "none arrived"
}

// hairpinNeeds: the public address was not tried from inside.
func hairpinNeeds(v *view) string {
	for _, n := range v.siteNATs() {
		if n.hairpins() != nil {
			return ""
		}
		if x, tried := n.asked(); tried && slices.Contains(n.media.first.arrived, x.To.Port()) && !n.forwarded(x.To) {
			return fmt.Sprintf("a client that reaches the site at %s, which the responder takes for its public address; this one reached it at %s", x.To.Addr(), v.Run.Address)
		}
	}
	return "a test of the site's NAT (scenario nat) with a media port that is forwarded, and a responder that knows its public address for certain: bothways-responder --public-address or --stun"
}

// mediaFiltered: what the client sends to forwarded media ports arrives from the address
// that signals, and not from another, although that one reaches the site's SIP port. So
// it is with what belongs to no call, or to a call whose SIP nobody on the way can read:
// else it may be an ALG, see [pinsMedia].
func mediaFiltered(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound}
	for _, n := range v.siteNATs() {
		first, second := n.media.first, n.media.second
		if len(first.asked) < minSockets || !first.all() || !second.none() || !slices.Equal(first.asked, second.asked) {
			continue
		}
		other := v.Pairing.Second
		a := account{check: n.check.ID, kind: "second"}
		a.long = fmt.Sprintf("what the client sent from %s to the site's media ports %s arrived at each of them, what it sent from its second address %s at none; by SIP over %s that address reached the site",
			clientSeenAs(v.Evidence, false), portList(first.asked), other.SeenAs.Addr(), strings.ToUpper(string(other.Transport)))
		f.tell(a)
	}
	f.tell(v.filteredCalls()...)
	return f.found()
}

func portList(ports []uint16) string {
	var words []string
	for _, p := range ports {
		words = append(words, fmt.Sprint(p))
	}
	return list(words)
}

// mediaFilteredNeeds: media ports were not tried from two addresses.
func mediaFilteredNeeds(v *view) string {
	const two = "a test of the site's NAT (scenario nat), or calls over TLS, from two outside addresses: bothways run --second-address"
	if secret, _ := byTLS(v.secondCalls()); every(secret, secondCall.isAlike) && slices.ContainsFunc(secret, func(c secondCall) bool { return c.open }) {
		return ""
	}
	if other := v.Pairing.Second; other != nil && other.SeenAs == nil {
		return unprovenSecond(v)
	}
	for _, n := range v.siteNATs() {
		first, second := n.media.first, n.media.second
		switch {
		case len(second.asked) > 0 && len(first.asked) >= minSockets && first.all():
			return ""
		case len(second.asked) > 0:
			return "media ports of the site that are forwarded"
		}
	}
	return two
}
