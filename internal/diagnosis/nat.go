package diagnosis

import (
	"net/netip"
	"slices"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// A nat is one test of a NAT that was run, with what both ledgers say of it.
type nat struct {
	check *evidence.Check
	facts *evidence.NATFacts
	// media are the sockets on ports that a site forwards, free the others.
	media, free natClass
}

// A natClass is what the sockets of one class show.
type natClass struct {
	results   []natprobe.Result // of sockets that were answered
	mapping   natprobe.Mapping
	filtering natprobe.Filtering
	ports     natprobe.Ports
	// first and second are what became of what the client sent there cold.
	first, second coldProbes
}

// coldProbes counts ports to which the client sent enough to tell, and those of them
// at which something arrived; a port of doubtful past counts only where nothing did.
type coldProbes struct {
	asked, arrived []uint16
}

// minColdProbes is how many packets to a port must have left for their absence to tell.
const minColdProbes = 3

func newNAT(v *evidence.Evidence, c *evidence.Check) nat {
	n := nat{check: c, facts: c.NATFacts}
	n.media, n.free = n.class(evidence.MediaPort), n.class(evidence.FreePort)
	n.media.first, n.media.second = n.cold(v, evidence.MediaPort, false), n.cold(v, evidence.MediaPort, true)
	n.free.first, n.free.second = n.cold(v, evidence.FreePort, false), n.cold(v, evidence.FreePort, true)
	return n
}

func (n nat) class(class evidence.NATClass) (out natClass) {
	for _, s := range n.facts.Sockets {
		if s.Class == class && s.MappedTo().IsValid() {
			out.results = append(out.results, s.Result)
		}
	}
	out.mapping = natprobe.JudgeMapping(out.results)
	out.filtering = natprobe.JudgeFiltering(out.results, n.facts.Heard)
	out.ports = natprobe.JudgePorts(out.results)
	return out
}

// cold counts what the client sent to the ports of a class from one of its addresses,
// by both ledgers.
func (n nat) cold(v *evidence.Evidence, class evidence.NATClass, second bool) (out coldProbes) {
	from := clientSeenAs(v, second)
	if n.facts.ColdHeard == nil || !from.IsValid() {
		return out
	}
	for _, p := range n.facts.Cold {
		fresh := slices.ContainsFunc(n.facts.Sockets, func(s evidence.NATSocket) bool { return s.Local.Port() == p.Port && s.Fresh })
		if p.Class != class || p.Second != second || p.Sent < minColdProbes && !p.Answered() || !fresh {
			continue
		}
		out.asked = append(out.asked, p.Port)
		if n.facts.ColdHeard.Requests(from, p.Port) > 0 {
			out.arrived = append(out.arrived, p.Port)
		}
	}
	return out
}

// all reports whether something arrived at each of the ports, and there were some; none
// the opposite.
func (c coldProbes) all() bool  { return len(c.asked) > 0 && len(c.arrived) == len(c.asked) }
func (c coldProbes) none() bool { return len(c.asked) > 0 && len(c.arrived) == 0 }

// clientSeenAs is one of the client's addresses, as the responder sees it.
func clientSeenAs(ev *evidence.Evidence, second bool) netip.Addr {
	switch s := ev.Pairing.Second; {
	case second && s != nil && s.SeenAs != nil:
		return s.SeenAs.Addr()
	case second:
		return netip.Addr{}
	case ev.Client.PublicAddress.IsValid():
		return ev.Client.PublicAddress
	}
	for _, a := range ev.Pairing.Attempts {
		if a.Works() && a.Exchange.Local.IsValid() {
			return a.Exchange.Local.Addr()
		}
	}
	if in := ev.Pairing.FromInside; in != nil {
		return in.Local.Addr()
	}
	return netip.Addr{}
}

// itself are the sockets in which the NAT shows without a forward: those that none is
// for, or where no port is set apart, all.
func (n nat) itself() natClass {
	if len(n.free.results) > 0 {
		return n.free
	}
	return n.media
}

// measured reports whether any socket was answered.
func (n nat) measured() bool {
	return len(n.media.results)+len(n.free.results)+len(n.others()) > 0
}

// others are sockets of the other family that a STUN server has answered.
func (n nat) others() []natprobe.Result {
	return slices.DeleteFunc(slices.Clone(n.facts.Others), func(r natprobe.Result) bool { return !r.MappedTo().IsValid() })
}

// outside are the addresses from which the sockets were seen, without those that mean
// nothing on the Internet.
func (n nat) outside() []netip.Addr {
	var out []netip.Addr
	for _, s := range n.facts.Sockets {
		for _, x := range s.Exchanges {
			if x.Change != natprobe.NoChange || !x.Answered() {
				continue
			}
			if a := x.Mapped.Addr(); !slices.Contains(out, a) && a.IsGlobalUnicast() && !network.Private(a) {
				out = append(out, a)
			}
		}
	}
	return out
}

// siteNATs are the tests of the site's NAT.
func (v *view) siteNATs() []nat {
	return slices.DeleteFunc(slices.Clone(v.nats), func(n nat) bool {
		return n.check.Direction != scenarios.Outbound || n.check.Control != ""
	})
}

// natOf is the test of a check.
func (v *view) natOf(c *evidence.Check) nat {
	if i := slices.IndexFunc(v.nats, func(n nat) bool { return n.check == c }); i >= 0 {
		return v.nats[i]
	}
	return newNAT(v.Evidence, c)
}
