package diagnosis

import (
	"maps"
	"net/netip"
	"regexp"
)

// values are what a rule knows of this run, for the placeholders of the catalogue:
// "{forward|the port's forward}" stands for the value "forward", and for the words
// after the bar where a rule gives none.
type values map[string]string

var placeholder = regexp.MustCompile(`\{([a-z_]+)\|([^{}]*)\}`)

func (v values) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		parts := placeholder.FindStringSubmatch(match)
		if value := v[parts[1]]; value != "" {
			return value
		}
		return parts[2]
	})
}

func (v values) fillAll(texts []string) []string {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		out = append(out, v.fill(t))
	}
	return out
}

// oneForward is a forward of one range, as rules write it.
var oneForward = regexp.MustCompile(`^(udp|tcp) ([0-9]+(?:-[0-9]+)?) -> (\S+)$`)

// withForward adds "protocol", "ports" and "inside", the parts of "forward" for a
// command. It adds none where one command cannot say it: of several ranges, from one
// port to another, or over IPv6, which has no NAT to speak of.
func (v values) withForward() values {
	parts := oneForward.FindStringSubmatch(v["forward"])
	if parts == nil {
		return v
	}
	inside, err := netip.ParseAddr(parts[3])
	if to, withPort := netip.ParseAddrPort(parts[3]); withPort == nil && to.String() == to.Addr().String()+":"+parts[2] {
		inside, err = to.Addr(), nil
	}
	if err != nil || !inside.Is4() {
		return v
	}
	out := maps.Clone(v)
	out["protocol"], out["ports"], out["inside"] = parts[1], parts[2], inside.String()
	return out
}
