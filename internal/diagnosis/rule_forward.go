package diagnosis

import (
	"fmt"
	"net/netip"
	"strings"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// portNotForwarded: nothing sent to a port reached the responder, which listened on
// it and was alive over another transport.
func portNotForwarded(v *view) []Finding {
	var out []Finding
	for _, c := range v.transports {
		if !v.paired() || !c.wanted || !c.failed() || v.Responder == nil || !v.Responder.Listening(c.transport) {
			continue
		}
		if c.responder == nil || c.responder.ReceivedRequests > 0 || len(c.all(try.stranger)) > 0 {
			continue
		}
		if v.hostDrops(c) != "" {
			continue
		}
		if f, ok := v.neverArrived(c); ok {
			out = append(out, f)
		}
	}
	return append(out, knockedShut(v)...)
}

// neverArrived tells a port that nothing passed from one where the client sent
// nothing, or where something took the connection.
func (v *view) neverArrived(c contact) (Finding, bool) {
	f := Finding{Direction: "inbound", Checks: c.ids(), values: values{
		"port": v.port(c), "forward": v.forward(c), "name": c.transport.String(),
	}, transports: []sipprobe.Transport{c.transport}}
	switch {
	case c.transport == sipprobe.UDP && c.client.SentRequests > 0:
		f.Evidence = []string{fmt.Sprintf("The client sent %s to %s; the responder, listening on %s, received none of them.",
			count(c.client.SentRequests, "request"), v.peer(c), v.inside(c.transport))}
	case len(c.all(try.notConnected)) > 0 && c.client.SentRequests == 0:
		// The handshake is the kernel's: that no SYN came in is not on the tape.
		f.Confidence = Likely
		f.Evidence = []string{fmt.Sprintf("To %s %s; the responder, listening on %s, saw nothing of it.",
			v.peer(c), connected(c.transport, c.all(try.notConnected)[0].connect), v.inside(c.transport))}
	default:
		return Finding{}, false
	}
	f.Evidence = append(f.Evidence, fmt.Sprintf("The responder was alive: it answered over %s in the same run.", v.working()))
	if c.transport == sipprobe.UDP {
		switch behind, how := v.Pairing.ClientBehindNAT, v.gotIn(); {
		case how != "":
			f.Evidence = append(f.Evidence, how)
		case behind == nil || *behind:
			f.Confidence = Likely
			f.Evidence = append(f.Evidence, "No UDP of the client is known to have reached the site in another way: the network that the client is in may let none out.")
		}
	}
	return f, true
}

// portNeeds: a transport is dead, and the responder's ledger is not there to say where.
func portNeeds(v *view) string {
	for _, c := range v.transports {
		if !c.wanted || !c.failed() || len(c.all(try.stranger)) > 0 {
			continue
		}
		if v.Responder == nil || c.responder == nil {
			return fmt.Sprintf("the responder's whole ledger: without it, nobody knows whether %s reached it", c.transport)
		}
	}
	return ""
}

// forward is the rule that a router needs: "udp 5060 -> 192.168.1.10:5060".
func (v *view) forward(c contact) string {
	port := c.transport.DefaultPort()
	if p, err := netip.ParseAddrPort(v.peer(c)); err == nil {
		port = p.Port()
	}
	protocol := "tcp"
	if c.transport == sipprobe.UDP {
		protocol = "udp"
	}
	return fmt.Sprintf("%s %d -> %s", protocol, port, v.inside(c.transport))
}

// specific is a socket's address with a wildcard replaced by the address of the
// responder's interface, where that is certain enough to be printed in a rule.
func (v *view) specific(s evidence.Socket) netip.AddrPort {
	if a := v.home(s.Address.Addr()); a.IsValid() {
		return netip.AddrPortFrom(a, s.Address.Port())
	}
	return s.Address
}

// home is the responder's own address: the bound one, or the one that its media
// came from, or the first of its interfaces that fits.
func (v *view) home(bound netip.Addr) netip.Addr {
	if bound.IsValid() && !bound.IsUnspecified() {
		return bound
	}
	for _, r := range v.Responder.Tape {
		if a := r.Local.Addr(); a.IsValid() && !a.IsUnspecified() && v.sameFamily(a) {
			return a
		}
	}
	for _, a := range v.Responder.Addresses {
		if !a.IsLoopback() && !a.IsLinkLocalUnicast() && v.sameFamily(a) {
			return a
		}
	}
	return netip.Addr{}
}

func (v *view) sameFamily(a netip.Addr) bool {
	return !v.Run.Address.IsValid() || a.Unmap().Is4() == v.Run.Address.Unmap().Is4()
}

// ports prints ports in one list: "udp 12004 and 12008".
func ports(list []uint16) string {
	var words []string
	for _, p := range list {
		words = append(words, fmt.Sprint(p))
	}
	return strings.Join(words, ", ")
}
