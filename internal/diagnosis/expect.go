package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// expects reports whether the scenario says that a direction of the call cannot work.
func (c call) expects() bool { return c.check.Call != nil && c.check.Call.Expect != "" }

// carried reports whether a direction carried audio to the end of the call.
func (c call) carried(d scenarios.Direction) bool {
	l := c.leg(d)
	_, stopped := l.stop()
	return l.state == alive && !stopped
}

// asExpected reports whether audio went where the scenario says that it goes, and nowhere else.
func (v *view) asExpected(c call) bool {
	if !c.expects() || !c.established() || fault(c) != "" {
		return false
	}
	for _, l := range c.legs() {
		if l.state == unknown || l.state == local || c.carried(l.direction) != c.check.Call.Expected(l.direction) {
			return false
		}
		if c.carried(l.direction) && (l.silent() || l.looped() || len(v.poor(c, l)) > 0 || c.late(l)) {
			return false
		}
	}
	return true
}

// judgeExpected judges a call of which the scenario says that a direction cannot work. It reports whether it did:
// where the direction that must work does not, the call is judged as any other.
func (v *view) judgeExpected(out *CheckVerdict, c call) bool {
	if !c.expects() || fault(c) != "" {
		return false
	}
	var dead, mended []string
	for _, l := range c.legs() {
		wanted, carried := c.check.Call.Expected(l.direction), c.carried(l.direction)
		switch {
		case l.state == unknown || l.state == local, wanted && !carried:
			return false
		case !wanted && !carried:
			dead = append(dead, c.deadWords(l))
		case !wanted:
			mended = append(mended, hears(l.direction)+" hears the other end")
		}
	}
	switch {
	case len(dead)+len(mended) == 0:
		return false // as any call that works
	case len(mended) == 0:
		out.Verdict, out.Summary = Pass, "as expected: "+strings.Join(append(dead, c.aliveWords()...), "; ")
	case v.harmless(c):
		out.Verdict = Pass
		out.Summary = strings.Join(mended, "; ") + ", since the site is reached at the address of its own interface: there is nothing to tell here"
	default:
		out.Verdict = Degraded
		out.Summary = strings.Join(mended, "; ") + ", although with these settings it cannot: something on the path mends it"
	}
	return true
}

func (c call) deadWords(l leg) string {
	if s, stopped := l.stop(); stopped {
		return fmt.Sprintf("%s hears nothing any more %s", hears(l.direction), c.when(l, s))
	}
	return fmt.Sprintf("%s hears nothing (%d of %d packets arrived)", hears(l.direction), l.received, l.sent)
}

func (c call) aliveWords() (out []string) {
	for _, l := range c.legs() {
		if c.carried(l.direction) {
			out = append(out, hears(l.direction)+" hears the other end")
		}
	}
	return out
}

// harmless reports whether what the responder advertises by mistake is the address at which it is reached, as on
// one machine or one network.
func (v *view) harmless(c call) bool {
	r := c.facts.Responder
	return r != nil && r.Advertised != nil && c.behaviour(true).MediaAddress == scenarios.PrivateAddress && !foreign(v.Evidence, r.Advertised.Addr())
}

// plantsSilence reports whether a call of the run was expected to have no audio one way or both.
func (v *view) plantsSilence() bool {
	return slices.ContainsFunc(v.Checks, func(c evidence.Check) bool {
		return c.Call != nil && (!c.Call.Expected(scenarios.Inbound) || !c.Call.Expected(scenarios.Outbound))
	})
}
