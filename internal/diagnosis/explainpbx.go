package diagnosis

import (
	"fmt"
	"slices"

	"bothways/scenarios"
)

// settings adds to causes that are set in the PBX, or at the far side, that the path is
// clean: where nothing else was found, and a call shows that it carries audio both ways.
func (v *view) settings(causes, symptoms []Finding) []Finding {
	other := func(f Finding) bool { return !placeOf(f.Code).Setting }
	unexplained := func(f Finding) bool { return len(f.ExplainedBy) == 0 }
	i := slices.IndexFunc(v.calls, func(c call) bool {
		return c.established() && c.in.state == alive && c.out.state == alive
	})
	if i < 0 || slices.ContainsFunc(causes, other) || slices.ContainsFunc(symptoms, unexplained) {
		return causes
	}
	for j := range causes {
		f := &causes[j]
		whose := "PBX, in whose place the responder stood"
		if f.Direction == scenarios.Inbound {
			whose = "far side, in whose place the client stood"
		}
		f.Evidence = append(f.Evidence, fmt.Sprintf(
			"The path is clean: in %s audio went both ways, and nothing on the path was found at fault. This is a setting of the %s, and not of the router or the firewall.",
			v.calls[i].check.ID, whose))
	}
	return causes
}
