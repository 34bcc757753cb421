package diagnosis

import (
	"fmt"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// closed reports whether the scenario wants nothing to get through to the port.
func (p portTest) closed() bool {
	return p.check.Port != nil && p.check.Port.Expect == scenarios.ExpectClosed
}

// exposed reports whether a knock did get through: it arrived, on whichever port, or,
// inwards, something else at the site answered it.
func (p portTest) exposed() bool {
	switch p.result {
	case PortOpen, PortReplyLost, PortWrong:
		return true
	case PortAnotherHost:
		return p.check.Direction == scenarios.Inbound && p.facts.Knocked != nil && p.facts.Knocked.Another() != nil
	}
	return false
}

// throughBeside says what else got through the same way in the same run, empty when
// nothing is known to have: silence at a port that must be closed proves nothing then.
func (v *view) throughBeside(p portTest) string {
	for _, other := range v.ports {
		if other.check != p.check && other.check.Direction == p.check.Direction && other.check.Transport == p.check.Transport &&
			other.facts.Heard != nil && len(other.facts.Heard.Arrivals) > 0 {
			return other.name()
		}
	}
	if p.check.Direction == scenarios.Outbound {
		return ""
	}
	for _, c := range v.transports {
		if c.works && (c.transport == sipprobe.UDP) == p.udp() {
			return "SIP over " + c.transport.String()
		}
	}
	return ""
}

// judgeClosed judges a port that must be closed. What could not be tested stays so.
func (v *view) judgeClosed(out *CheckVerdict, p portTest) {
	through := v.throughBeside(p)
	switch {
	case p.exposed():
		out.Verdict = Fail
		out.Summary += ": must be closed, and is not: " + p.summary()
	case p.result == PortRequestLost && through == "":
		out.Verdict = Inconclusive
		out.Summary += ": " + p.summary() + ", nor is anything else known to have got through that way"
	case p.result == PortRequestLost:
		out.Verdict = Pass
		out.Summary += fmt.Sprintf(": closed, as it must be: %s, and %s got through", p.summary(), through)
	case p.result == PortAnotherHost:
		out.Verdict = Inconclusive
		out.Summary += ": " + p.summary() + "; where it stands is not known"
	default:
		out.Verdict = p.verdict()
		out.Summary += ": " + p.summary()
	}
}

// portExposed: knocks got through at ports that the scenario wants closed.
func portExposed(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, arrived := range []bool{true, false} {
			var all []portTest
			for _, p := range v.ports {
				if p.closed() && p.exposed() && p.check.Direction == d && (p.result != PortAnotherHost) == arrived {
					all = append(all, p)
				}
			}
			if len(all) == 0 || !v.paired() {
				continue
			}
			f := Finding{Direction: d, values: values{"port": names(all), "are": are(len(all)), "where": "from outside"}}
			if d == scenarios.Outbound {
				f.values["where"] = "from inside"
			} else if v.within() != "" {
				f.values["where"] = "from where the client was, inside,"
			}
			if !arrived {
				f.Confidence = Likely // a proxy near the client may answer for every address
			}
			for _, p := range all {
				f.tell(v.exposedAccount(p))
			}
			out = append(out, f.foundWith()...)
		}
	}
	return out
}

func (v *view) exposedAccount(p portTest) account {
	if p.result == PortAnotherHost {
		return v.strangerAccount(p)
	}
	sender, receiver := p.ends()
	long := fmt.Sprintf("%s of the %s to %s arrived at the %s", p.knocks(p.heard()), sender, p.remote(), receiver)
	if on := p.arrivedOn(); on != p.number {
		long += fmt.Sprintf(", on port %d", on)
	}
	return account{check: p.check.ID, kind: "exposed" + string(p.result), short: p.name(),
		long: strings.TrimSpace(long + "; the scenario wants the port closed")}
}
