package diagnosis

import (
	"fmt"
	"net/netip"

	"bothways/internal/network"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// concealed are the client's own public address and the private one in its place from which
// its UDP came to the responder; ok is false where that is not so. A client with a public
// address has no NAT before it, and none on the Internet has a private address.
func (v *view) concealed() (own, seen netip.Addr, ok bool) {
	a := attemptOver(v.Evidence, sipprobe.UDP)
	if a == nil || !a.Works() || network.Private(v.Run.Address) {
		return own, seen, false
	}
	own, seen = a.Exchange.Local.Addr().Unmap(), v.Client.PublicAddress.Unmap()
	return own, seen, own.IsGlobalUnicast() && !network.Private(own) && seen.IsValid() && network.Private(seen)
}

// placeRemark says that nobody knows where the client was: from behind a NAT of its own it
// came from a private address, as it does from inside by way of a router that lets the
// public address be used there, and from outside where the router hides sources.
func (v *view) placeRemark() []Remark {
	a, seen := attemptOver(v.Evidence, sipprobe.UDP), v.Client.PublicAddress.Unmap()
	if a == nil || !a.Works() || !seen.IsValid() || !network.Private(seen) || network.Private(v.Run.Address) || v.Run.Address.IsLoopback() {
		return nil
	}
	if own := a.Exchange.Local.Addr().Unmap(); !network.Private(own) || own == seen {
		return nil
	}
	return []Remark{{"source-hidden", fmt.Sprintf("At the responder the client came from %s, a private address. Either the client was inside the site, and then what the router lets in from the "+
		"Internet was not tested; or the router hides where calls come from. A client on another line with a public address tells which.", seen)}}
}

// behindOwnNAT reports whether the client is behind a NAT of its own.
func (v *view) behindOwnNAT() bool {
	_, _, hidden := v.concealed()
	nat := v.Pairing.ClientBehindNAT
	return nat != nil && *nat && !hidden
}

// sourcesHidden: what comes from the client's public address arrives from a private one.
func sourcesHidden(v *view) []Finding {
	own, seen, ok := v.concealed()
	if !ok {
		return nil
	}
	who := "an address that means nothing on the Internet"
	if r := v.Responder; r != nil && r.Gateway != nil && r.Gateway.Address == seen {
		who = "the address of the site's own router"
	}
	return []Finding{{Direction: scenarios.Inbound, values: values{"seen": seen.String()}, Evidence: []string{
		fmt.Sprintf("The client sent from %s, its own public address; at the responder it came from %s, %s.", own, seen, who)}}}
}

// hiddenNeeds: the client's own address cannot be compared with what the responder saw.
func hiddenNeeds(v *view) string {
	a := attemptOver(v.Evidence, sipprobe.UDP)
	if a != nil && a.Works() && !v.behindOwnNAT() && !network.Private(v.Run.Address) {
		return ""
	}
	return "UDP that is answered, from a client with a public address"
}
