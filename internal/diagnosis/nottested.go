package diagnosis

import "slices"

// needsResponder is what every cause lacks when the two programs never met.
const needsResponder = "a responder that the client can reach over one transport, or the certainty that it runs: look at its console"

// notTested lists the causes that have a rule which lacked facts.
func (v *view) notTested(rules []Rule, findings []Finding) []NotTested {
	var out []NotTested
	for _, r := range rules {
		named := slices.ContainsFunc(findings, func(f Finding) bool { return f.names(r.Code) })
		if r.Needs == nil || named {
			continue
		}
		if needs := v.lacks(r); needs != "" {
			out = append(out, NotTested{Code: r.Code, Needs: needs})
		}
	}
	return out
}

func (v *view) lacks(r Rule) string {
	switch {
	case len(wrongKey(v)) > 0:
		return "the key that the responder uses"
	case len(peerVersionMismatch(v)) > 0:
		return "the same version at both ends"
	case !v.paired():
		return needsResponder
	}
	return r.Needs(v)
}
