package diagnosis

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"bothways/internal/evidence"
)

// containerAddress: the only IPv4 addresses of the responder are those of a container on a
// bridge, and the client met the site at another.
func containerAddress(v *view) []Finding {
	addrs, lines, confidence := v.contained()
	if len(addrs) == 0 {
		return nil
	}
	lines = append(lines, fmt.Sprintf("The responder has no other IPv4 address than %s.", list(addrs)), sentence(strings.Join(hows(v.outside()), "; ")))
	if confidence == Likely {
		lines = append(lines, "Another container around it, with the network of which it runs, would look the same.")
	}
	return []Finding{{Confidence: confidence, Evidence: lines, values: values{"address": list(addrs)}}}
}

// contained are the responder's IPv4 addresses, if all are those of a container on a
// bridge, with what shows it for each.
func (v *view) contained() (addrs, lines []string, confidence Confidence) {
	r := v.Responder
	if r == nil || r.Container == nil || len(v.outside()) == 0 {
		return nil, nil, ""
	}
	confidence = Proven
	for _, addr := range r.Addresses {
		if !addr.Is4() || addr.IsLoopback() {
			continue
		}
		i := slices.IndexFunc(r.Container.Veths, func(e evidence.Veth) bool { return e.Address == addr })
		if i < 0 {
			return nil, nil, ""
		}
		line, how := bridged(r.Container, r.Container.Veths[i])
		if line == "" {
			return nil, nil, ""
		}
		if how == Likely {
			confidence = Likely
		}
		addrs, lines = append(addrs, addr.String()), append(lines, line)
	}
	return addrs, lines, confidence
}

// towardsMachine corrects the forward of a remedy: nothing but its own machine can send to
// a container.
func (v *view) towardsMachine(known values) {
	addrs, _, _ := v.contained()
	for _, addr := range addrs {
		to := regexp.MustCompile("-> " + regexp.QuoteMeta(addr) + "(:[0-9]+)?(,|$)")
		if forward := known["forward"]; to.MatchString(forward) {
			known["forward"] = to.ReplaceAllString(forward, "-> the container's machine$2")
		}
	}
}

// bridged says what shows that an interface leads to a container bridge; empty when
// nothing does. Containers that sit on the site's own network have virtual pairs too. A file
// may be left from the making of a machine, and is there in containers that use the
// network of their host: that one has bridges.
func bridged(c *evidence.Container, e evidence.Veth) (line string, confidence Confidence) {
	pair := fmt.Sprintf("The responder's interface %s with %s is one end of a virtual pair (veth), whose other end is in another network namespace", e.Name, e.Address)
	switch {
	case dockerMAC(e):
		return fmt.Sprintf("%s; its hardware address, %s, is the one that Docker makes of this address (02:42 and its four bytes).", pair, e.MAC), Proven
	case c.File != "" && c.Bridges == 0:
		return fmt.Sprintf("%s; the file %s is there, as in what container engines run.", pair, c.File), Likely
	}
	return "", ""
}

// dockerMAC reports whether the hardware address encodes the IPv4 address, as Docker has long
// made it. It is locally administered: no maker of interfaces gives it.
func dockerMAC(e evidence.Veth) bool {
	if !e.Address.Is4() {
		return false
	}
	b := e.Address.As4()
	return strings.EqualFold(e.MAC, net.HardwareAddr{0x02, 0x42, b[0], b[1], b[2], b[3]}.String())
}

// containerNeeds: the responder did not look at its own interfaces.
func containerNeeds(v *view) string {
	switch {
	case v.Responder == nil:
		return "the responder's ledger"
	case v.Responder.Container == nil:
		return "a responder on Linux, which looks at its own interfaces"
	}
	return ""
}
