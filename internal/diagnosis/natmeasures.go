package diagnosis

import (
	"net/netip"
	"slices"

	"bothways/internal/evidence"
	"bothways/rtpprobe/natprobe"
)

// NAT is what was measured of a NAT; null is unknown.
type NAT struct {
	// Media is about ports that the site forwards, Free about others; null when no socket
	// of the class was answered.
	Media, Free *NATPorts
	// Outside are the addresses from which the sockets were seen.
	Outside []netip.Addr
	// Second is the client's second address, as far as it has proven itself.
	Second *netip.Addr
	// Hairpin is true when the site's public address works from inside.
	Hairpin *bool
	// Servers are what STUN servers saw, of either family.
	Servers []SeenBy
}

// NATPorts is what was measured on the ports of a class.
type NATPorts struct {
	Mapping   natprobe.Mapping
	Filtering natprobe.Filtering
	natprobe.Ports
	// Cold is true when what the client sent there first arrived at all of the ports, and
	// ColdSecond when that from its second address did; false when at none.
	Cold, ColdSecond *bool
	// ClassicName is that of RFC 3489, empty where there is none.
	ClassicName string
}

// SeenBy is where a STUN server saw a socket.
type SeenBy struct {
	Server        string
	Address       netip.AddrPort
	Local, Mapped netip.AddrPort
}

func (n nat) measures(v *view) *NAT {
	m := &NAT{Media: n.media.measures(), Free: n.free.measures(), Outside: n.outside(), Hairpin: n.hairpins()}
	if a := clientSeenAs(v.Evidence, true); a.IsValid() {
		m.Second = &a
	}
	all := slices.Clone(n.facts.Others)
	for _, s := range n.facts.Sockets {
		all = append(all, s.Result)
	}
	for _, r := range all {
		for _, x := range r.Exchanges {
			if x.Server != "" && x.Change == natprobe.NoChange && x.Answered() {
				m.Servers = append(m.Servers, SeenBy{Server: x.Server, Address: x.To, Local: r.Local, Mapped: *x.Mapped})
			}
		}
	}
	return m
}

func (c natClass) measures() *NATPorts {
	if len(c.results) == 0 {
		return nil
	}
	return &NATPorts{
		Mapping: c.mapping, Filtering: c.filtering, Ports: c.ports, Cold: c.first.state(), ColdSecond: c.second.state(),
		ClassicName: natprobe.ClassicName(c.mapping, c.filtering),
	}
}

// state is null while some arrive and some do not.
func (c coldProbes) state() *bool {
	all := c.all()
	if !all && !c.none() {
		return nil
	}
	return &all
}

// hairpins reports whether the site's public address answered from inside, null when it
// was not tried, or not known to work from outside.
func (n nat) hairpins() *bool {
	x, ok := n.hairpin()
	if !ok {
		return nil
	}
	return new(x.Answered() && *x.From == x.To)
}

// hairpin is the question from inside to the public address of a port that is proven to
// be forwarded from outside.
func (n nat) hairpin() (natprobe.Exchange, bool) {
	x, tried := n.asked()
	if !tried || !n.forwarded(x.To) || x.Sent < minColdProbes && !x.Answered() {
		return x, false
	}
	return x, true
}

// asked is the question from inside to the site's public address, whatever is known of it.
func (n nat) asked() (natprobe.Exchange, bool) {
	h := n.facts.Hairpin
	if h == nil || len(h.Result.Exchanges) == 0 {
		return natprobe.Exchange{}, false
	}
	return h.Result.Exchanges[0], true
}

// forwarded reports whether what the client sent to an address and port of the site arrived at
// that port. A site may have more addresses than the one that the client reaches, without a
// forward on each.
func (n nat) forwarded(at netip.AddrPort) bool {
	return slices.Contains(n.media.first.arrived, at.Port()) && slices.ContainsFunc(n.facts.Cold, func(p evidence.ColdProbe) bool {
		return !p.Second && p.To == at
	})
}

// seenBy are the plain questions of a socket that were answered.
func seenBy(s evidence.NATSocket) []natprobe.Exchange {
	var out []natprobe.Exchange
	for _, x := range s.Exchanges {
		if x.Change == natprobe.NoChange && x.Answered() {
			out = append(out, x)
		}
	}
	return out
}
