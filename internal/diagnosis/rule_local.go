package diagnosis

import (
	"fmt"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// localFault: an end's own machine kept it from doing its part.
func localFault(v *view) []Finding {
	f := Finding{}
	for _, end := range []struct {
		name   string
		ledger *evidence.Ledger
	}{{"client", &v.Client}, {"responder", v.Responder}} {
		f.Evidence = append(f.Evidence, v.machine(end.name, end.ledger)...)
	}
	f.Evidence = append(f.Evidence, v.notSent()...)
	for _, c := range v.calls {
		f.tell(callFaults(v, c, "client", c.facts.Client)...)
		f.tell(callFaults(v, c, "responder", c.facts.Responder)...)
	}
	for _, l := range v.loads {
		f.tell(loadFaults(l)...)
	}
	for _, s := range v.sweeps {
		f.tell(sweepFaults(s)...)
	}
	for _, p := range v.ports {
		f.tell(knockFaults(p)...)
	}
	return f.found()
}

// machine is what an end says of itself: its faults, and the transports that it
// wanted and could not listen for at all.
func (v *view) machine(name string, l *evidence.Ledger) []string {
	if l == nil {
		return nil
	}
	var out []string
	for _, fault := range l.Faults {
		out = append(out, fmt.Sprintf("The %s: %s.", name, fault))
	}
	for _, s := range l.Sockets {
		if s.Error != "" && unbound(l, s.Transport) && v.listens(name, s.Transport) {
			out = append(out, fmt.Sprintf("The %s could not listen on %s %s: %s.", name, s.Transport, s.Address, s.Error))
		}
	}
	return out
}

// listens reports whether the scenario needs an end to listen over a transport: the
// responder for every check, the client for calls from the site.
func (v *view) listens(name string, t sipprobe.Transport) bool {
	if name == "responder" {
		return v.contact(scenarios.Transport(t)).wanted
	}
	for _, c := range v.Checks {
		if signals(c.Check) && c.Direction == scenarios.Outbound && string(c.Transport) == string(t) {
			return true
		}
	}
	return false
}

// notSent lists what the client's machine could not send over transports.
func (v *view) notSent() []string {
	var out []string
	for _, c := range v.transports {
		for _, t := range c.all(try.local) {
			what := "first contact"
			if t.check != "" {
				what = t.check
			}
			out = append(out, fmt.Sprintf("%s over %s: %s.", what, c.transport, t.ended(c.transport)))
		}
	}
	return out
}

// maxLatenessUs is what the jitter buffer of a telephone takes in: later than that a
// packet may as well not be sent. Less is a remark (see remarks), unless it alone pushed
// a direction below the scenario's limit (see blamed). Of fewer packets than lateOf, one in a hundred is a
// single packet, and says nothing about the machine.
const (
	maxLatenessUs = 60_000
	lateOf        = 200
)

func callFaults(v *view, c call, name string, end *evidence.CallEnd) []account {
	if end == nil {
		return nil
	}
	var out []account
	say := func(kind, short, long string, args ...any) {
		out = append(out, account{c.check.ID, name + kind, fmt.Sprintf(long, args...), short})
	}
	if end.Fault != "" {
		say("fault"+end.Fault, "the same", "the %s could not do its part: %s", name, end.Fault)
	}
	if end.Invite != nil && end.Invite.Outcome == sipprobe.NotSent && name == "responder" {
		say("invite", "the same", "the responder's INVITE: %s", answered(end.Invite))
	}
	if end.Media == nil {
		return out
	}
	sent := end.Media.Sent
	if n := localErrors(v.Evidence, end); n*100 > sent.Packets+n {
		say("errors", errorKinds(end.Media.Sent.Errors), "the %s's machine did not take %s of its audio (%s); it took %d", name, count(n, "packet"), errorKinds(end.Media.Sent.Errors), sent.Packets)
	}
	if late := sent.Lateness; late != nil && late.P99 > maxLatenessUs && sent.Packets >= lateOf {
		say("late", millis(late.P99/1000), "the %s's machine sent late: 1 %% of its packets more than %s after they were due", name, millis(late.P99/1000))
	}
	if l := c.sentBy(name); out == nil && v.blamed(c, l) {
		say("jitter", millis(sent.Lateness.P99/1000), "the %s's machine sent late: 1 %% of its packets more than %s after they were due; without that the %s audio would be within the limit",
			name, millis(sent.Lateness.P99/1000), l.direction)
	}
	if l := c.leg(opposite(c.sentBy(name).direction)); l.state == alive && l.crowded(c.maxLoss()) {
		say("room", fmt.Sprint(l.dropped()), "the %s's machine had no room for %s that reached it, of %d", name, count(l.dropped(), "packet"), l.sent)
	}
	if line := c.saySlept(name); line != "" {
		say("slept", "the same", "%s", line)
	}
	return out
}

// crowded reports whether the receiver's own machine lost one in a hundred packets, or those that make more
// than so many in a hundred of the loss.
func (l leg) crowded(maxLossPercent float64) bool {
	n, whole, judged := l.dropped(), l.lostPercent(), l.judgedPercent()
	if n == 0 || whole == nil || judged == nil {
		return false
	}
	return n*100 > l.sent || *whole > maxLossPercent && *judged <= maxLossPercent
}
