package diagnosis

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"bothways/internal/resolve"
)

// Names is what the two ends' resolutions of the target's name say together.
type Names struct {
	// Split is whether the name leads elsewhere inside than outside; null when the
	// responder did not find it out.
	Split *bool
	// Notes are sentences for people: they accuse nobody.
	Notes []string
}

// judgeNames returns null for a target that is an address.
func (v *view) judgeNames() *Names {
	out := v.Run.Resolution
	if out == nil {
		return nil
	}
	n := &Names{Notes: []string{}}
	n.split(v, out)
	n.Notes = append(n.Notes, v.otherPorts(out)...)
	n.Notes = append(n.Notes, v.otherAddresses(out)...)
	for _, fault := range out.Faults {
		n.Notes = append(n.Notes, "DNS, outside: "+fault+".")
	}
	return n
}

// split compares what the two ends were told, family by family.
func (n *Names) split(v *view, out *resolve.Resolution) {
	in := v.insideNames()
	if in == nil {
		return
	}
	inside, outside := in.Addresses(), out.Addresses()
	if toItself(inside) {
		n.Notes = append(n.Notes, fmt.Sprintf("On the responder's machine, %s leads to that machine itself (%s), as a line in its hosts file has it; what others inside are told is not known.",
			out.Name, addrs(inside)))
		return
	}
	if len(inside) == 0 {
		n.Notes = append(n.Notes, fmt.Sprintf("Inside, %s leads nowhere (%s); outside it leads to %s.", out.Name, noAddress(in), addrs(outside)))
		return
	}
	split := differ(inside, outside)
	if n.Split = &split; !split {
		return
	}
	end := "; the two ends are told different addresses."
	if slices.ContainsFunc(inside, netip.Addr.IsPrivate) {
		end = " (split DNS)."
	}
	n.Notes = append(n.Notes, fmt.Sprintf("Inside, %s leads to %s, outside to %s%s", out.Name, addrs(inside), addrs(outside), end))
}

// toItself reports whether the addresses are those of a machine for itself alone. Many systems
// have such a line for their own name (127.0.1.1 on Debian).
func toItself(inside []netip.Addr) bool {
	return len(inside) > 0 && !slices.ContainsFunc(inside, func(a netip.Addr) bool { return !a.IsLoopback() })
}

// insideNames is what the responder found of the same name; nil when that is not known.
func (v *view) insideNames() *resolve.Resolution {
	if v.Responder == nil || v.Run.Resolution == nil || v.Responder.Resolution == nil || v.Responder.Resolution.Name != v.Run.Resolution.Name {
		return nil
	}
	return v.Responder.Resolution
}

// differ reports whether the two have addresses of one family and none of them in common.
func differ(a, b []netip.Addr) bool {
	for _, four := range []bool{true, false} {
		family := func(all []netip.Addr) []netip.Addr {
			return slices.DeleteFunc(slices.Clone(all), func(a netip.Addr) bool { return a.Is4() != four })
		}
		x, y := family(a), family(b)
		common := slices.ContainsFunc(x, func(a netip.Addr) bool { return slices.Contains(y, a) })
		if len(x) > 0 && len(y) > 0 && !common {
			return true
		}
	}
	return false
}

func noAddress(r *resolve.Resolution) string {
	for _, h := range r.Hosts {
		if h.Error != "" {
			return h.Error
		}
	}
	return "no address"
}

func addrs(all []netip.Addr) string {
	var out []string
	for _, a := range all {
		out = append(out, a.String())
	}
	return list(out)
}

// otherPorts notes SRV records that lead to other ports than were tested, or to none.
func (v *view) otherPorts(out *resolve.Resolution) (notes []string) {
	for _, a := range v.Pairing.Attempts {
		var tested uint16
		switch {
		case a.Exchange != nil && a.Exchange.Remote.IsValid():
			tested = a.Exchange.Remote.Port()
		case a.Connect != nil:
			tested = a.Connect.Remote.Port()
		}
		var records []resolve.SRV
		for _, s := range out.SRV {
			if s.Transport == string(a.Transport) {
				records = append(records, s)
			}
		}
		if tested == 0 || len(records) == 0 || slices.ContainsFunc(records, func(s resolve.SRV) bool { return s.Port == tested }) {
			continue
		}
		name := strings.ToUpper(string(a.Transport))
		if s := records[0]; s.Target == "." {
			notes = append(notes, fmt.Sprintf("DNS says that %s is not offered over %s (%s); it was tested all the same.", out.Name, name, s.Owner))
		} else {
			notes = append(notes, fmt.Sprintf("DNS names port %d of %s for %s, and port %d was tested: peers that follow SRV dial %d. To test that one, give both ends --sip-%s %d.",
				s.Port, s.Target, name, tested, s.Port, a.Transport, s.Port))
		}
	}
	return notes
}

// otherAddresses notes what peers may dial by the name, and the run did not.
func (v *view) otherAddresses(out *resolve.Resolution) []string {
	others := slices.DeleteFunc(out.Addresses(), func(a netip.Addr) bool { return a == v.Run.Address })
	if len(others) == 0 || !v.Run.Address.IsValid() {
		return nil
	}
	return []string{fmt.Sprintf("%s also leads to %s, which this run did not test; give an address as TARGET to test it.", out.Name, addrs(others))}
}

// hairpinNote says whether the name makes those inside dial the public address; empty
// when that is not known.
func (v *view) hairpinNote() string {
	in := v.insideNames()
	if in == nil || len(in.Addresses()) == 0 || toItself(in.Addresses()) {
		return ""
	}
	if slices.Contains(in.Addresses(), v.Run.Address) {
		return fmt.Sprintf("Inside, %s leads to %s as well: what dials the name there meets this.", in.Name, v.Run.Address)
	}
	return fmt.Sprintf("Inside, %s leads to %s: what dials the name there does not need the way back in.", in.Name, addrs(in.Addresses()))
}
