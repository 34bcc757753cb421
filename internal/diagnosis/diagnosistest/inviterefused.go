package diagnosistest

import (
	"fmt"
	"net/netip"
	"strings"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// InviteRefused is a run in which an INVITE over UDP was refused on a path. What reaches the
// responder then is the ACK of a proxy on the way (RFC 3261 section 17.1.1.3).
func InviteRefused(path Path) *evidence.Evidence {
	s := Site{Path: path}
	ev := s.Run()
	f := s.opened(sipprobe.UDP)
	d := dialog{token: ev.Run.Token("call-in-udp"), to: fmt.Sprintf("sip:bothways@%s", f.destination(scenarios.Inbound)), from: f.client.local}
	const attempt = 9 // its CSeq, of no other INVITE
	none := netip.AddrPort{}
	invite := s.send(ev, f, scenarios.Inbound, d.request("INVITE", sipprobe.UDP, attempt, f.client.local), 1)
	s.send(ev, f, scenarios.Outbound, response(invite, "401 Unauthorized", "refused", none, none), 1)
	d.tag = "refused"
	ack := strings.Replace(d.request("ACK", sipprobe.UDP, attempt, none), ".a9;", ".i9;", 1)
	s.Path = func(scenarios.Direction, sipprobe.Transport, string) string {
		via := fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s.i9;rport", d.from, d.token)
		own := strings.Replace(ack, via, "Via: SIP/2.0/UDP 203.0.113.99;branch=z9hG4bKproxy", 1)
		return strings.Replace(own, "Max-Forwards: 70", "Max-Forwards: 69", 1)
	}
	s.send(ev, f, scenarios.Inbound, ack, 1)
	return ev
}
