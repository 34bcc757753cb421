package lab

import "slices"

// A pair is two faults of the list at once, with the causes that the report must list, in
// its order: the most upstream first, each before those that are folded into it.
type pair struct {
	a, b   string
	ranked []string
}

// pairs are faults that people meet together, each of which could hide the other.
func pairs() []pair {
	return []pair{
		{"sip-via-rewritten", "sweep-partly-dropped", []string{"sip-alg-rewrites", "rtp-range-partly-forwarded"}},
		{"tls-not-forwarded", "nat-random-ports", []string{"port-not-forwarded", "source-port-randomised"}},
		{"binding-short", "port-egress-dropped", []string{"egress-filtered", "udp-binding-short"}},
		{"cgnat-from-inside", "port-egress-dropped", []string{"double-nat", "(port-not-forwarded)", "egress-filtered"}},
		{"dscp-bleached-in", "rtp-loss", []string{"dscp-changed"}},
		{"private-address", "tls-intercepted", []string{"private-address-advertised", "(latching-needed)", "tls-intercepted"}},
		{"tls-not-forwarded", "sweep-shifted", []string{"port-not-forwarded", "forward-shifts-ports", "(filtered-until-primed)"}},
	}
}

// pairFaults composes the pairs. Faults that are not there, or that cannot be together,
// give a fault that no run can satisfy, which the tests of the list find.
func pairFaults(all []Fault) []Fault {
	var out []Fault
	for _, p := range pairs() {
		find := func(name string) Fault {
			i := slices.IndexFunc(all, func(f Fault) bool { return f.Name == name })
			if i < 0 {
				return Fault{}
			}
			return all[i]
		}
		f, err := Together(find(p.a), find(p.b))
		if err != nil {
			f = Fault{Name: p.a + "+" + p.b, Title: err.Error()}
		}
		f.Ranked = p.ranked
		out = append(out, f)
	}
	return out
}
