package diagnosis

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/internal/network"
)

// A toldWAN is the WAN address of the site's router, by whoever told it.
type toldWAN struct {
	addr netip.Addr
	who  string // begins a sentence: "The router at 192.168.1.1 says by NAT-PMP"
}

// toldWANs are what the router itself and the two users said, each address once.
func (v *view) toldWANs() []toldWAN {
	var out []toldWAN
	add := func(addr netip.Addr, who string) {
		known := slices.ContainsFunc(out, func(t toldWAN) bool { return t.addr == addr })
		if addr.IsValid() && !known {
			out = append(out, toldWAN{addr, who})
		}
	}
	if r := v.Responder; r != nil && r.Gateway != nil {
		for _, a := range r.Gateway.Answers {
			add(a.WAN, fmt.Sprintf("The site's router at %s says by %s", r.Gateway.Address, protocolName(a.Protocol)))
		}
	}
	if v.Responder != nil {
		add(v.Responder.RouterWAN, "The user of the responder says (--router-wan)")
	}
	add(v.Client.RouterWAN, "The user of the client says (--router-wan)")
	return out
}

func protocolName(p evidence.GatewayProtocol) string {
	switch p {
	case evidence.NATPMP:
		return "NAT-PMP"
	case evidence.UPnP:
		return "UPnP"
	case evidence.PCP:
		return "PCP"
	}
	return string(p)
}

// outside are the IPv4 addresses at which the client met the site, where a NAT stands
// between: not those of the responder's own machine.
func (v *view) outside() []sighting {
	return slices.DeleteFunc(v.sightings(), func(s sighting) bool {
		own := v.Responder != nil && slices.Contains(v.Responder.Addresses, s.addr)
		return !s.addr.Is4() || s.addr.IsLoopback() || own
	})
}

// doubleNAT: the router's own WAN address is none of those at which the client met the
// site. One word to the contrary, and nothing is said.
func doubleNAT(v *view) []Finding {
	told, outside := v.toldWANs(), v.outside()
	if len(told) == 0 || len(outside) == 0 || fromWithin(told, outside) {
		return nil
	}
	met := func(t toldWAN) bool {
		return slices.ContainsFunc(outside, func(s sighting) bool { return s.addr == t.addr })
	}
	if slices.ContainsFunc(told, met) {
		return nil
	}
	f := Finding{Confidence: Likely, values: values{"wan": told[0].addr.String(), "public": outside[0].addr.String()}}
	for _, t := range told {
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s that its WAN address is %s%s.", t.who, t.addr, nature(t.addr)))
		if v.certainlyBehind(t.addr, outside) {
			f.Confidence = Proven
		}
	}
	f.Evidence = append(f.Evidence, sentence(strings.Join(hows(outside), "; ")))
	if f.Confidence == Likely {
		f.Evidence = append(f.Evidence, "A router with several uplinks or addresses would look the same.")
	}
	return []Finding{f}
}

// fromWithin reports whether the client met the site at private addresses alone, as over a VPN
// or from the site's own network, while its router has a public one: then the client has not
// come by that router's outside.
func fromWithin(told []toldWAN, outside []sighting) bool {
	return !slices.ContainsFunc(outside, func(s sighting) bool { return !network.Private(s.addr) }) &&
		slices.ContainsFunc(told, func(t toldWAN) bool { return !network.Private(t.addr) && !dsLite(t.addr) })
}

func hows(all []sighting) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.how)
	}
	return out
}

// certainlyBehind reports whether an address cannot be the outermost one: it has no
// meaning on the Internet, where the client met the site. What a carrier shares out lets
// nothing in, so that where something got in, it is that of another uplink.
func (v *view) certainlyBehind(wan netip.Addr, outside []sighting) bool {
	if slices.ContainsFunc(outside, func(s sighting) bool { return network.Private(s.addr) }) {
		return false
	}
	return wan.IsPrivate() || dsLite(wan) || network.Private(wan) && !v.answers()
}

// dsLite reports whether an address is of those that routers have at the near end of a
// tunnel to their carrier's NAT (RFC 6333 section 5.7, RFC 7335).
func dsLite(a netip.Addr) bool {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 0, 0}), 29).Contains(a)
}

// nature says what kind of address it is where that tells something.
func nature(a netip.Addr) string {
	switch {
	case a.IsPrivate():
		return ", a private one (RFC 1918)"
	case network.Private(a):
		return ", one that a carrier shares between its customers (RFC 6598)"
	case dsLite(a):
		return ", one of a tunnel to the carrier's own NAT (DS-Lite, RFC 6333)"
	}
	return ""
}

// doubleNeeds: nobody told the router's WAN address, or nothing was seen from outside.
func doubleNeeds(v *view) string {
	switch {
	case len(v.outside()) == 0:
		return "a client outside the site, over IPv4: here it met no address of a NAT"
	case fromWithin(v.toldWANs(), v.outside()):
		return "a client outside the site: here it met the site at private addresses alone"
	case len(v.toldWANs()) > 0:
		return ""
	}
	needs := "the router's own WAN address, from its status page: --router-wan ADDR at either end"
	r := v.Responder
	if r == nil || r.Gateway == nil || !r.Gateway.Address.IsValid() {
		return needs
	}
	refused := func(a evidence.GatewayAnswer) bool { return a.Outcome == "refused" }
	if slices.ContainsFunc(r.Gateway.Answers, refused) {
		return needs + fmt.Sprintf(" (the router at %s answers and names none, as some do behind a second NAT)", r.Gateway.Address)
	}
	return needs + fmt.Sprintf(" (the router at %s tells it neither by NAT-PMP nor by UPnP)", r.Gateway.Address)
}
