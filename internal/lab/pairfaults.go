package lab

import "slices"

// A pair is two faults of the list at once, with the causes that the report must list, in
// its order: the most upstream first, each before those that are folded into it.
type pair struct {
	a, b string
	// scenario is run in place of that of a; empty is that of a.
	scenario string
	// also are findings that come out only since the scenarios of both are run.
	also, folded []string
	ranked       []string
}

// pairs are faults that people meet together, each of which could hide the other.
func pairs() []pair {
	return []pair{
		{a: "sip-via-rewritten", b: "sweep-partly-dropped", scenario: "rewriting",
			ranked: []string{"sip-alg-rewrites", "rtp-range-partly-forwarded"}},
		{a: "sip-call-id-rewritten", b: "inbound-rtp-dropped",
			ranked: []string{"sip-alg-rewrites", "rtp-range-not-forwarded"}},
		{a: "tls-not-forwarded", b: "nat-random-ports",
			ranked: []string{"port-not-forwarded", "source-port-randomised"}},
		{a: "binding-short", b: "port-egress-dropped",
			ranked: []string{"egress-filtered", "udp-binding-short"}},
		{a: "cgnat-from-inside", b: "port-egress-dropped",
			ranked: []string{"double-nat", "(port-not-forwarded)", "(filtered-until-primed)", "egress-filtered"}},
		{a: "dscp-bleached-in", b: "rtp-loss",
			ranked: []string{"dscp-changed"}},
		{a: "private-address", b: "tls-intercepted",
			ranked: []string{"private-address-advertised", "(latching-needed)", "tls-intercepted"}},
		{a: "tls-not-forwarded", b: "sweep-shifted", also: []string{"one-way-audio", "latching-needed"}, folded: []string{"latching-needed"},
			ranked: []string{"port-not-forwarded", "forward-shifts-ports", "(filtered-until-primed)", "(latching-needed)"}},
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
		first := find(p.a)
		if p.scenario != "" {
			first.Scenario = p.scenario
		}
		f, err := Together(first, find(p.b))
		if err != nil {
			f = Fault{Name: p.a + "+" + p.b, Title: err.Error()}
		}
		f.Expect, f.Folded, f.Ranked = slices.Concat(f.Expect, p.also), slices.Concat(f.Folded, p.folded), p.ranked
		out = append(out, f)
	}
	return out
}
