package diagnosis

import (
	"slices"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A view is the evidence with what several rules ask of it worked out.
type view struct {
	*evidence.Evidence
	calls      []call
	transports []contact
}

func newView(ev *evidence.Evidence) *view {
	v := &view{Evidence: ev}
	for i := range ev.Checks {
		if c := &ev.Checks[i]; c.Skipped == "" && c.CallFacts != nil {
			v.calls = append(v.calls, newCall(ev, c))
		}
	}
	for _, t := range sipprobe.Transports() {
		v.transports = append(v.transports, newContact(ev, t))
	}
	return v
}

// paired reports whether the two programs found each other.
func (v *view) paired() bool {
	return slices.ContainsFunc(v.transports, func(c contact) bool { return c.works })
}

// contact returns what is known of a transport; a zero contact for an unknown one.
func (v *view) contact(t scenarios.Transport) contact {
	i := slices.IndexFunc(v.transports, func(c contact) bool { return string(c.transport) == string(t) })
	if i < 0 {
		return contact{}
	}
	return v.transports[i]
}

// established returns the calls of the scenario, without controls, that were set up
// as both ends saw it.
func (v *view) established() []call {
	var out []call
	for _, c := range v.calls {
		if c.check.Control == "" && c.established() {
			out = append(out, c)
		}
	}
	return out
}

// attemptOver returns the first contact over a transport, nil when none was made.
func attemptOver(ev *evidence.Evidence, t sipprobe.Transport) *evidence.Attempt {
	for i := range ev.Pairing.Attempts {
		if a := &ev.Pairing.Attempts[i]; a.Transport == t {
			return a
		}
	}
	return nil
}

// wanted reports whether the scenario has a check over the transport.
func wanted(ev *evidence.Evidence, t sipprobe.Transport) bool {
	for _, c := range ev.Checks {
		if c.Control == "" && string(c.Transport) == string(t) {
			return true
		}
	}
	return slices.ContainsFunc(ev.Scenario.Checks, func(c scenarios.Check) bool { return string(c.Transport) == string(t) })
}
