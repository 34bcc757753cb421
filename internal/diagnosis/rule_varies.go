package diagnosis

import (
	"fmt"
	"net/netip"
	"slices"

	"bothways/internal/network"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// addressVaries: the responder was seen from more than one address.
func addressVaries(v *view) []Finding {
	if out := v.sources(variesIn, v.variedAddresses()); out != nil {
		return out
	}
	return v.callsVary()
}

func variesIn(s sweep, l rtpprobe.SourceLedger) (account, bool) {
	var seen []string
	known := make(map[netip.Addr]bool)
	for _, a := range l.Addresses {
		known[a.Address] = true
		seen = append(seen, fmt.Sprintf("%s from %s", amount(a.Packets, "packet"), a.Address))
	}
	a := account{check: s.check.ID, short: list(seen)}
	a.long = fmt.Sprintf("of what the responder sent, the client saw %s", list(seen))
	return a, len(known) > 1
}

// A flow is something that the site sent, and the address that the client saw it from.
type flow struct {
	check, what string
	addr        netip.Addr
}

// flows are the audio of calls, and the signalling of those that the site placed over a
// flow of its own, as the client answered that it came from. Middleboxes may put an
// inside address there.
func (v *view) flows() []flow {
	var out []flow
	for _, c := range v.calls {
		if caller := c.caller(); c.check.Direction == scenarios.Outbound && c.facts.Flow == "new" && caller != nil && caller.Invite != nil {
			a := caller.Invite.SeenAs.Addr().Unmap()
			own := v.Responder != nil && slices.Contains(v.Responder.Addresses, a)
			if a.IsValid() && !network.Private(a) && !own {
				out = append(out, flow{c.check.ID, "signalling", a})
			}
		}
		for _, s := range c.seenFrom() {
			out = append(out, flow{c.check.ID, "audio", s.Address.Addr().Unmap()})
		}
	}
	return out
}

// callsVary: flows of one family came from several addresses.
func (v *view) callsVary() []Finding {
	f := Finding{Direction: scenarios.Outbound}
	for _, four := range []bool{true, false} {
		var addrs []netip.Addr
		from := make(map[netip.Addr][]string)
		var checks []string
		for _, w := range v.flows() {
			if w.addr.Is4() != four {
				continue
			}
			if from[w.addr] == nil {
				addrs = append(addrs, w.addr)
			}
			from[w.addr] = append(from[w.addr], fmt.Sprintf("the %s of %s", w.what, w.check))
			checks = append(checks, w.check)
		}
		if len(addrs) < 2 {
			continue
		}
		for _, a := range addrs {
			f.Evidence = append(f.Evidence, sentence(fmt.Sprintf("from %s came %s", a, list(slices.Compact(from[a])))))
		}
		slices.Sort(checks)
		f.Checks = append(f.Checks, slices.Compact(checks)...)
	}
	if len(f.Evidence) == 0 {
		return nil
	}
	return []Finding{f}
}

// variesNeeds: fewer than two flows of the site were seen.
func variesNeeds(v *view) string {
	needs := sourceNeeds(v)
	if needs == "" || len(v.flows()) >= 2 {
		return ""
	}
	return needs + "; or calls whose audio arrives, or that the site places over flows of its own"
}
