package diagnosis

import (
	"fmt"
	"net/netip"
	"strings"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/scenarios"
	"bothways/sipprobe/sipdiff"
)

// privateAddress: an end's own record shows a private media address in the SDP that
// it sent to a peer that has no way to it.
func privateAddress(v *view) []Finding {
	out := Finding{Direction: scenarios.Outbound, values: values{"who": "responder", "role": "PBX"}}
	in := Finding{Direction: scenarios.Inbound, values: values{"who": "client", "role": "far side", "what": "media address"}}
	for _, c := range v.calls {
		if c.check.Control != "" {
			continue
		}
		if a := v.misadvertised(c); a.IsValid() {
			out.tell(account{c.check.ID, "", fmt.Sprintf("the responder's SDP, as it left the responder, names %s for media; the client reaches the site at %s",
				a, v.Run.Address), a.String()})
			out.values["address"], out.values["what"] = v.Run.Address.String(), "media address"
		}
		for _, a := range v.misnamed(c) {
			out.tell(a)
			out.values["address"] = v.Run.Address.String()
		}
		if a := v.clientMisadvertised(c); a.IsValid() {
			in.tell(account{c.check.ID, "", fmt.Sprintf("the client's SDP, as it left the client, names %s for media; the site at %s has no way to it",
				a, v.Run.Address), a.String()})
		}
	}
	return append(out.found(), in.found()...)
}

// misadvertised is the media address that the responder should not have sent. Where
// the client dialled a private address itself, another private one may be just as
// reachable: then it is blamed only if the client's audio did not get there by it.
func (v *view) misadvertised(c call) netip.AddrPort {
	r := c.facts.Responder
	if r == nil || r.Advertised == nil || !foreign(v.Evidence, r.Advertised.Addr()) {
		return netip.AddrPort{}
	}
	if network.Private(v.Run.Address) && c.in.state == alive && !rescued(v.Evidence, c.in) {
		return netip.AddrPort{}
	}
	return *r.Advertised
}

// misnamed tells of the responder's own messages in a call that name a private address
// as the one to which requests of the dialog, or answers, shall go. A responder whose
// address nobody dialled cannot know better, and where the client dialled a private
// one itself another may be as good.
func (v *view) misnamed(c call) []account {
	if !v.answers() || network.Private(v.Run.Address) {
		return nil
	}
	var out []account
	seen := make(map[netip.Addr]bool)
	for _, p := range v.passed(scenarios.Outbound, func(p passage) bool { return p.Token == c.check.ID }) {
		if a := v.privateContact(p); a.IsValid() && !seen[a] {
			seen[a] = true
			out = append(out, account{c.check.ID, "contact", fmt.Sprintf("the responder's %s, as it left the responder, names %s as its Contact; the client reaches the site at %s",
				p.Name(), a, v.Run.Address), a.String()})
		}
		if a := v.privateVia(p); a.IsValid() {
			out = append(out, account{c.check.ID, "via", fmt.Sprintf("the responder's %s, as it left the responder, asks for answers to %s in its Via, without rport", p.Name(), a), a.String()})
			break
		}
	}
	if a, _, lost := v.lostAck(c); lost && len(out) > 0 && v.strayed(c) {
		a.kind = "ack"
		out = append(out, a)
	}
	return out
}

// privateContact is the address in the Contact of a message of the responder's that
// the client cannot reach; invalid when there is none.
func (v *view) privateContact(p passage) netip.Addr {
	if p.Direction != scenarios.Outbound || p.Method != "INVITE" {
		return netip.Addr{}
	}
	return v.foreignHost(p.field("Contact uri host"))
}

// privateVia is the like for the Via of a request that does not ask for rport.
func (v *view) privateVia(p passage) netip.Addr {
	if p.Direction != scenarios.Outbound || p.Status != 0 || p.Sent.Transport.Reliable() {
		return netip.Addr{}
	}
	if _, asks := sipdiff.Parse(p.Sent.Data).Field("Via[0] rport"); asks {
		return netip.Addr{}
	}
	return v.foreignHost(p.field("Via[0] host"))
}

func (v *view) foreignHost(host string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil || !foreign(v.Evidence, a) {
		return netip.Addr{}
	}
	return a
}

// clientMisadvertised is the media address that the client should not have sent to a
// public peer. A client behind its own NAT often knows no better; that is blamed only
// if the scenario asked for it, or if it cost the client its audio: audio that went
// elsewhere, as to the source of what was heard, is lost for another reason.
func (v *view) clientMisadvertised(c call) netip.AddrPort {
	e := c.facts.Client
	if e == nil || e.Advertised == nil || !network.Private(e.Advertised.Addr()) || !v.Run.Address.IsValid() {
		return netip.AddrPort{}
	}
	if network.Private(v.Run.Address) || v.Run.Address.IsLoopback() {
		return netip.AddrPort{}
	}
	if c.behaviour(false).MediaAddress != scenarios.PrivateAddress && !c.out.lostTo(e.Advertised.Addr()) {
		return netip.AddrPort{}
	}
	return *e.Advertised
}

// sdpNeeds: no call shows what the responder advertises.
func sdpNeeds(v *view) string {
	for _, c := range v.calls {
		if r := c.facts.Responder; r != nil && r.Advertised != nil {
			return ""
		}
	}
	return "a call with the responder's record of it"
}

// rescued reports whether a direction carries audio only because its sender followed
// the source of what it heard, instead of an SDP address that leads nowhere.
func rescued(ev *evidence.Evidence, l leg) bool {
	if l.state != alive || l.sender.Media.LatchedTo == nil || l.sender.Heard == nil {
		return false
	}
	if l.sender.Media.LatchedTo.Addr() == l.sender.Heard.Addr() {
		return false
	}
	if l.sender.Heard.Addr().IsUnspecified() {
		return true
	}
	if l.direction == scenarios.Outbound {
		// The site's PBX follows a client behind the client's own NAT: as it should be.
		nat := ev.Pairing.ClientBehindNAT
		return network.Private(l.sender.Heard.Addr()) && !network.Private(l.sender.Media.LatchedTo.Addr()) && (nat == nil || !*nat)
	}
	return foreign(ev, l.sender.Heard.Addr())
}
