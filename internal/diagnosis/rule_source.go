package diagnosis

import (
	"fmt"

	"bothways/rtpprobe"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// sourceRandomised: a socket of the responder was seen from several ports. NATs that
// keep ports give a flow another one now and then, when its own is taken, so that half
// of the sockets must be concerned.
func sourceRandomised(v *view) []Finding {
	return v.sources(func(s sweep, l rtpprobe.SourceLedger) (account, bool) {
		a := account{check: s.check.ID, short: fmt.Sprintf("%d of %d", l.Varying, l.Locals)}
		a.long = fmt.Sprintf("the responder sent from %s; the client saw %d of them as more than one source port, and %s in all%s",
			amount(l.Locals, "port"), l.Varying, amount(l.SeenPorts, "source port"), mapping(l))
		return a, randomised(l)
	}, v.natSources(nat.mapsByPort))
}

func randomised(l rtpprobe.SourceLedger) bool { return l.Varying > 0 && 2*l.Varying >= l.Locals }

// sourceRewritten: most of what the responder sent came from another port than it was
// sent from, and always from the same.
func sourceRewritten(v *view) []Finding {
	var moved []account
	if len(sourceRandomised(v)) == 0 { // a few packets more may show that ports vary
		moved = v.natSources(nat.movesPorts)
	}
	return v.sources(func(s sweep, l rtpprobe.SourceLedger) (account, bool) {
		a := account{check: s.check.ID, short: fmt.Sprintf("%d packets", l.Rewritten)}
		a.long = fmt.Sprintf("of %s from the responder, %s arrived at the client from another source port than the one that they were sent from%s",
			amount(l.Preserved+l.Rewritten, "packet"), grouped(l.Rewritten), mapping(l))
		return a, !randomised(l) && l.Rewritten > max(l.Preserved, 0)
	}, moved)
}

// sources looks at what the client saw of the responder's sources in sweeps, and adds
// what tests of the NAT show.
func (v *view) sources(is func(sweep, rtpprobe.SourceLedger) (account, bool), nats []account) []Finding {
	f := Finding{Direction: scenarios.Outbound}
	for _, s := range v.swept(scenarios.Outbound) {
		if a, ok := is(s, s.facts.Arrived.Sources); ok {
			f.tell(a)
		}
	}
	f.tell(nats...)
	return f.foundWith()
}

// mapping is an example of what became of a port: "; 10000 was seen as 203.0.113.10:40123".
func mapping(l rtpprobe.SourceLedger) string {
	for _, m := range l.Mappings {
		if m.Seen.IsValid() && (m.Seen.Port() != m.Local || m.Elsewhere > 0) {
			if m.Elsewhere > 0 {
				return fmt.Sprintf("; %d was seen as %s by %s and as others by %d", m.Local, m.Seen, count(m.Packets, "packet"), m.Elsewhere)
			}
			return fmt.Sprintf("; %d was seen as %s", m.Local, m.Seen)
		}
	}
	return ""
}

// sourceNeeds: nothing that the responder sent in a sweep, or in a test of the NAT,
// arrived.
func sourceNeeds(v *view) string {
	for _, n := range v.siteNATs() {
		if n.everySocket(func([]natprobe.Exchange, uint16) bool { return true }) {
			return ""
		}
	}
	if needs := outboundNeeds(v); needs != "" {
		return needs
	}
	for _, s := range v.swept(scenarios.Outbound) {
		if len(s.facts.Arrived.Sources.Addresses) > 0 {
			return ""
		}
	}
	return "a sweep of the client's ports, outbound, of which something arrives, or a test of the site's NAT (scenario nat)"
}
