package diagnosis

import (
	"fmt"
	"net/netip"
	"slices"

	"bothways/internal/network"
	"bothways/scenarios"
)

// wrongAddress: an end's own record shows a media address in its SDP that is not the end's: none at all, or one
// by which nobody reaches it.
func wrongAddress(v *view) []Finding {
	out := Finding{Direction: scenarios.Outbound, values: values{"who": "responder", "role": "PBX", "address": v.Run.Address.String()}}
	in := Finding{Direction: scenarios.Inbound, values: values{"who": "client", "role": "far side"}}
	for _, c := range v.calls {
		if c.check.Control != "" {
			continue
		}
		if a := v.misplaced(c, scenarios.Inbound); a.IsValid() {
			out.doubt(a, c.behaviour(true))
			out.tell(account{c.check.ID, fmt.Sprint(a.Addr().IsUnspecified()), fmt.Sprintf("the responder's SDP, as it left the responder, names %s for media%s; %s",
				a, v.notThere(a.Addr()), c.in.arrivedBy()), a.String()})
		}
		if a := v.misplaced(c, scenarios.Outbound); a.IsValid() {
			in.doubt(a, c.behaviour(false))
			in.tell(account{c.check.ID, fmt.Sprint(a.Addr().IsUnspecified()), fmt.Sprintf("the client's SDP, as it left the client, names %s for media; %s",
				a, c.out.arrivedBy()), a.String()})
		}
	}
	return append(out.found(), in.found()...)
}

// doubt makes likely what is not proven: an address that nobody knows may be another one of the same end, to which
// this program does not send.
func (f *Finding) doubt(a netip.AddrPort, b scenarios.Behaviour) {
	if !a.Addr().IsUnspecified() && b.MediaAddress != scenarios.WrongAddress {
		f.Confidence = Likely
	}
}

// misplaced is the media address of the end that a direction leads to, if it is wrong: nothing arrived by it, and
// it is none of the addresses that the end has or is known by. A private one is another rule's.
func (v *view) misplaced(c call, d scenarios.Direction) netip.AddrPort {
	l := c.leg(d)
	if l.receiver == nil || l.receiver.Advertised == nil || l.state == unknown || l.state == local {
		return netip.AddrPort{}
	}
	a := *l.receiver.Advertised
	ledger := &v.Client
	if d == scenarios.Inbound {
		ledger = v.Responder
	}
	switch {
	case network.Private(a.Addr()) || a.Addr().IsLoopback() || ledger == nil || !v.Run.Address.IsValid():
		return netip.AddrPort{}
	case !a.Addr().IsUnspecified() && (slices.Contains(ledger.Addresses, a.Addr()) || v.knownBy(c, a.Addr(), d)):
		return netip.AddrPort{}
	case l.state == alive && !strayed(l):
		return netip.AddrPort{}
	}
	return a
}

// knownBy reports whether the site was met at an address: the client sent to it, or saw it. The client may have other
// addresses, and NATs of its own: its address is wrong only where that is sure.
func (v *view) knownBy(c call, a netip.Addr, d scenarios.Direction) bool {
	if d == scenarios.Outbound {
		return c.behaviour(false).MediaAddress != scenarios.WrongAddress
	}
	return slices.ContainsFunc(v.sightings(), func(s sighting) bool { return s.addr == a })
}

// strayed reports whether a direction carries audio only because its sender followed the source of what it
// heard to another host than the SDP names.
func strayed(l leg) bool {
	m := l.sender.Media
	return m.LatchedTo != nil && l.sender.Heard != nil && m.LatchedTo.Addr() != l.sender.Heard.Addr()
}

func (v *view) notThere(a netip.Addr) string {
	if a.IsUnspecified() {
		return ", which is no address to send to"
	}
	return fmt.Sprintf("; the client reaches the site at %s and has met it nowhere else", v.Run.Address)
}

// arrivedBy says what became of the audio that was to go to a wrong address.
func (l leg) arrivedBy() string {
	sender, _ := l.ends()
	if l.state != alive {
		return "no audio arrived by it"
	}
	return fmt.Sprintf("audio arrived because the %s followed the source of what it heard, %s", sender, l.sender.Media.LatchedTo)
}
