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
	sweeps     []sweep
	tls        []tlsPort
	ports      []portTest
	nats       []nat
	ladders    []ladder
	markings   []marking
	loads      []load
	transports []contact
	passages   []passage
}

func newView(ev *evidence.Evidence) *view {
	v := &view{Evidence: ev, passages: newPassages(ev)}
	for i := range ev.Checks {
		switch c := &ev.Checks[i]; {
		case c.Skipped != "":
		case c.CallFacts != nil:
			if one := v.newCall(c); !v.asExpected(one) { // what fails by design accuses nobody
				v.calls = append(v.calls, one)
			}
		case c.SweepFacts != nil:
			v.sweeps = append(v.sweeps, newSweep(c))
		case c.TLSFacts != nil:
			v.tls = append(v.tls, v.newTLSPort(c))
		case c.PortFacts != nil:
			v.ports = append(v.ports, newPortTest(ev, c))
		case c.NATFacts != nil:
			v.nats = append(v.nats, newNAT(ev, c))
		case c.SizeFacts != nil && c.Size != nil:
			v.ladders = append(v.ladders, v.newLadder(c))
		case c.LoadFacts != nil && c.Load != nil:
			v.loads = append(v.loads, newLoad(ev, c))
		case c.DSCPFacts != nil && c.DSCP != nil:
			v.markings = append(v.markings, newMarking(c))
		}
	}
	for _, t := range sipprobe.Transports() {
		v.transports = append(v.transports, newContact(ev, t))
	}
	return v
}

// paired reports whether the two programs found each other, over whichever connection.
func (v *view) paired() bool { return v.answers() || v.dialled() }

// dialled reports whether the responder opened the pairing itself, outward.
func (v *view) dialled() bool {
	in := v.Pairing.FromInside
	return in != nil && in.Exchange != nil && in.Exchange.Outcome == sipprobe.Accepted
}

// answers reports whether the responder answered the client over any transport.
func (v *view) answers() bool {
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

// wanted reports whether the scenario has a check that needs SIP over the transport:
// sweeps, marks, checks of ports and tests of NATs need none of their own, nor do TLS ports
// that are not the responder's.
func wanted(ev *evidence.Evidence, t sipprobe.Transport) bool {
	over := func(c scenarios.Check) bool {
		if c.Kind == scenarios.TLSKind {
			return tlsWanted(c, t)
		}
		return signals(c) && string(c.Transport) == string(t)
	}
	for _, c := range ev.Checks {
		if c.Control == "" && over(c.Check) {
			return true
		}
	}
	return slices.ContainsFunc(ev.Scenario.Checks, over)
}
