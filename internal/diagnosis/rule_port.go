package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/scenarios"
)

// portTransports are those that ports are told apart by in findings: what is proven
// over UDP is likely over TCP, whose SYN leaves no trace at the other end if it is lost.
func portTransports() []scenarios.Transport { return []scenarios.Transport{"tcp", "udp"} }

// over keeps the checks of one transport.
func over(t scenarios.Transport, all []portTest) []portTest {
	return slices.DeleteFunc(slices.Clone(all), func(p portTest) bool { return p.check.Transport != t })
}

func names(all []portTest) string {
	var out []string
	for _, p := range all {
		if n := p.name(); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return list(out)
}

// forwards are the rules that a router needs: "tcp 443 -> 192.168.1.10:443".
func (v *view) forwards(all []portTest) string {
	var out []string
	for _, p := range all {
		rule := fmt.Sprintf("%s %d -> %s", p.check.Transport, p.number, v.bellAt(p))
		if !slices.Contains(out, rule) {
			out = append(out, rule)
		}
	}
	return strings.Join(out, ", ")
}

// knockedShut: knocks of the client never reached the responder, which listened, was
// alive, and had no strangers at its bell either.
func knockedShut(v *view) []Finding {
	if !v.paired() {
		return nil
	}
	var out []Finding
	for _, t := range portTransports() {
		shut := over(t, v.tested(scenarios.Inbound, PortRequestLost))
		if len(shut) == 0 {
			continue
		}
		f := Finding{Direction: scenarios.Inbound, values: values{
			"port": names(shut), "are": are(len(shut)), "forward": v.forwards(shut),
			"name": strings.ToUpper(string(t)),
		}}
		var notes []string
		for _, p := range shut {
			f.tell(v.lostKnocks(p))
			notes = append(notes, p.icmpNotes()...)
		}
		notes = append(notes, fmt.Sprintf("The responder was alive: it answered over %s in the same run, and handed over what it had heard afterwards.", v.working()))
		how := v.gotIn()
		if t == "tcp" || how == "" {
			f.Confidence = Likely
		} else {
			notes = append(notes, how)
		}
		out = append(out, f.foundWith(notes...)...)
	}
	return out
}

// lostKnocks tells of knocks that did not arrive.
func (v *view) lostKnocks(p portTest) account {
	if p.asked() {
		return v.heldAccount(p)
	}
	sender, receiver := p.ends()
	a := account{check: p.check.ID, kind: "knock-" + string(p.check.Transport) + p.telling().Connect, short: p.name()}
	if p.udp() {
		a.long = fmt.Sprintf("the %s sent %s to %s, and the %s, listening on %s, heard none of them",
			sender, count(p.sent(), "knock"), p.remote(), receiver, v.bellAt(p))
		return a
	}
	a.long = fmt.Sprintf("from the %s to %s %s, and the %s, listening on %s, saw nothing of it", sender, p.remote(), p.lost(), receiver, v.bellAt(p))
	if p.telling().Connect == "refused" {
		a.long += "; so a router or another machine refused it"
	}
	return a
}

// icmpNotes are what others said of knocks.
func (p portTest) icmpNotes() []string {
	var out []string
	if p.facts.Knocked == nil {
		return nil
	}
	for _, i := range p.facts.Knocked.ICMP {
		line := fmt.Sprintf("%s: ICMP for %s: %q%s", p.check.ID, p.name(), icmpWords(i.Meaning), by(i))
		if _, receiver := p.ends(); i.Meaning == "port-unreachable" && i.From == p.facts.Knocked.Remote.Addr() {
			line += fmt.Sprintf("; the %s listened there, so another host or a firewall answered", receiver)
		}
		out = append(out, line+".")
	}
	return out
}

// wrongHost: something answers at a port, and nothing arrived at the responder. Where it
// only took the connection, less is known of it.
func wrongHost(v *view) []Finding {
	if !v.paired() {
		return nil
	}
	var out []Finding
	for _, spoke := range []bool{true, false} {
		var led []portTest
		for _, p := range v.tested(scenarios.Inbound, PortAnotherHost) {
			if p.strangerSpoke() == spoke {
				led = append(led, p)
			}
		}
		if len(led) == 0 {
			continue
		}
		f := Finding{Direction: scenarios.Inbound, values: values{"port": names(led), "are": are(len(led)), "forward": v.forwards(led)}}
		if !spoke {
			f.Confidence = Likely
		}
		for _, p := range led {
			f.tell(v.strangerAccount(p))
		}
		note := fmt.Sprintf("The responder was alive: it answered over %s in the same run, and handed over what it had heard afterwards.", v.working())
		out = append(out, f.foundWith(note)...)
	}
	return out
}

// strangerSpoke reports whether it is certain that another machine answers.
func (p portTest) strangerSpoke() bool {
	if p.asked() {
		return p.held.certain
	}
	return p.facts.Knocked.Another() != nil
}

func (v *view) strangerAccount(p portTest) account {
	if p.asked() {
		return v.heldAccount(p)
	}
	_, receiver := p.ends()
	a := account{check: p.check.ID, kind: "stranger", short: p.name()}
	a.long = fmt.Sprintf("a knock at %s was %s, without the proof that the %s gives; nothing arrived at the %s, listening on %s",
		p.remote(), p.another(), receiver, receiver, v.bellAt(p))
	if p.facts.Knocked.Another() == nil {
		a.kind = "taken"
		a.long = fmt.Sprintf("at %s %s, and nothing arrived at the %s, listening on %s", p.remote(), p.another(), receiver, v.bellAt(p))
	}
	return a
}

// knockedAside: knocks arrive at the responder on another port than they were meant for.
func knockedAside(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	led := v.tested(scenarios.Inbound, PortWrong)
	for _, p := range led {
		f.tell(account{check: p.check.ID, kind: "aside", short: fmt.Sprintf("%s to %d", p.name(), p.arrivedOn()),
			long: fmt.Sprintf("a knock that was sent to %s arrived at the responder on port %d instead of %d", p.remote(), p.arrivedOn(), p.number)})
		f.values["shift"] = fmt.Sprintf(": %s leads to %d", p.name(), p.arrivedOn())
	}
	f.values["forward"] = v.forwards(led)
	return f.foundWith()
}

// knocksNotOut: the responder knocked at ports of the client, which listened, and
// nothing arrived.
func knocksNotOut(v *view) []Finding {
	var out []Finding
	for _, t := range portTransports() {
		shut := over(t, v.tested(scenarios.Outbound, PortRequestLost, PortAnotherHost))
		if len(shut) == 0 {
			continue
		}
		f := Finding{Direction: scenarios.Outbound, values: values{
			"media": "Traffic", "where": "to " + names(shut), "what": names(shut), "allow": names(shut) + " from the PBX to any address", "proto": strings.ToUpper(string(t)),
		}}
		var notes []string
		for _, p := range shut {
			if p.result == PortAnotherHost {
				f.tell(v.interceptAccount(p))
				continue
			}
			f.tell(v.lostKnocks(p))
			notes = append(notes, p.icmpNotes()...)
		}
		others := over(t, v.tested(scenarios.Outbound, PortOpen, PortReplyLost))
		if len(others) > 0 {
			notes = append(notes, fmt.Sprintf("What the responder sent to %s in the same run arrived.", names(others)))
		}
		if t == "tcp" || len(others) == 0 {
			f.Confidence = Likely
		}
		out = append(out, f.foundWith(notes...)...)
	}
	return out
}

// interceptAccount tells of something on the way that answers in the client's place.
func (v *view) interceptAccount(p portTest) account {
	return account{check: p.check.ID, kind: "intercepted", short: p.name(), long: fmt.Sprintf(
		"when the responder knocked at %s, it was %s; nothing arrived at the client, listening on %s, so something on the way took its place",
		p.remote(), strings.TrimPrefix(p.another(), "something else "), v.bellAt(p))}
}

// answersLost: knocks arrive and are answered, and the answers do not come back.
func answersLost(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, t := range portTransports() {
			f := Finding{Direction: opposite(d), values: values{"who": "responder"}}
			if d == scenarios.Outbound {
				f.values["who"] = "client"
			}
			// An answer over TCP has left the program; its machine alone knows more.
			if d == scenarios.Outbound || t == "tcp" {
				f.Confidence = Likely
			}
			for _, p := range over(t, v.tested(d, PortReplyLost)) {
				if p.facts.Knocked.Another() == nil && !v.knockBackBarred(p) {
					f.tell(p.answerAccount())
				}
			}
			out = append(out, f.foundWith()...)
		}
	}
	return out
}

func (p portTest) answerAccount() account {
	sender, receiver := p.ends()
	return account{check: p.check.ID, kind: "answers", short: p.name(), long: fmt.Sprintf(
		"%s of the %s to %s arrived, and the %s answered %d of them; no answer came back", p.knocks(p.heard()), sender, p.remote(), receiver, p.answers())}
}

// knockBackBarred reports whether a sweep has shown that the other direction lets
// nothing through to the ports that were knocked from.
func (v *view) knockBackBarred(p portTest) bool {
	for _, s := range v.swept(opposite(p.check.Direction)) {
		for _, a := range p.facts.Knocked.Attempts {
			if p.udp() && s.barred().Contains(a.Local.Port()) {
				return true
			}
		}
	}
	return false
}

// heldPorts are checks of ports that another program on the responder's machine holds.
func heldPorts(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	held := v.tested(scenarios.Inbound, PortInUse)
	for _, p := range held {
		f.tell(p.heldBy())
	}
	f.values["ports"], f.values["list"] = ": "+names(held), names(held)
	return f.foundWith()
}

func (p portTest) heldBy() account {
	a := account{check: p.check.ID, kind: "held", short: p.name()}
	a.long = fmt.Sprintf("another program on the responder's machine holds %s; skipped", p.name())
	if p.asked() {
		a.kind = "held-" + p.held.why
		a.long = fmt.Sprintf("another program on the responder's machine holds %s; %s%s; %s", p.name(), p.question(), p.spoken(p.facts.Outside), p.held.why)
	}
	return a
}

// knockFaults are what the machines at the ends did to a check of a port.
func knockFaults(p portTest) []account {
	if p.result != PortInconclusive {
		return nil
	}
	sender, receiver := p.ends()
	say := func(kind, long string) []account {
		return []account{{check: p.check.ID, kind: "knock-" + kind, short: p.name(), long: long}}
	}
	k, h := p.facts.Knocked, p.facts.Heard
	switch {
	case h != nil && h.NotHung == knock.Own:
		return nil
	case h != nil && h.NotHung != "":
		return say(receiver+string(h.NotHung), fmt.Sprintf("%s: %s", p.name(), p.notHung()))
	case k != nil && p.sent() == 0:
		return say("unsent", fmt.Sprintf("the %s's machine did not take the knocks at %s%s", sender, p.remote(), because(p.localError())))
	case h != nil && h.Error != "" && len(h.Arrivals) == 0:
		return say("fell", fmt.Sprintf("%s: the %s could not go on listening: %s", p.name(), receiver, h.Error))
	}
	return nil
}

// knockedIn says how a knock over UDP is known to have reached the site, empty when it is not.
func (v *view) knockedIn() string {
	for _, p := range v.ports {
		if p.udp() && p.check.Direction == scenarios.Inbound && p.facts.Heard != nil && len(p.facts.Heard.Arrivals) > 0 {
			return fmt.Sprintf("The client's UDP does get out of its own network: in %s it reached the responder.", p.check.ID)
		}
	}
	return ""
}

// knockNeeds: no check of a port shows who answers.
func knockNeeds(v *view) string {
	decided := func(p portTest) bool {
		return !p.closed() && p.check.Direction == scenarios.Inbound && p.result != PortInconclusive && p.result != PortInUse
	}
	if slices.ContainsFunc(v.ports, decided) {
		return ""
	}
	return "checks of ports, inbound, recorded at both ends, as in the scenarios services and starface-ports"
}

// signals reports whether a check needs SIP over its transport.
func signals(c scenarios.Check) bool {
	return c.Kind != scenarios.SweepKind && c.Kind != scenarios.PortKind && c.Kind != scenarios.BindingKind &&
		c.Kind != scenarios.NATKind && c.Kind != scenarios.DSCPKind
}

// portOf is the test of a check.
func (v *view) portOf(c *evidence.Check) portTest {
	if i := slices.IndexFunc(v.ports, func(p portTest) bool { return p.check == c }); i >= 0 {
		return v.ports[i]
	}
	return newPortTest(v.Evidence, c)
}
