package diagnosis

import (
	"fmt"
	"slices"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// An Idle is what trials of one kind have shown; null is unknown.
type Idle struct {
	LimitMs float64
	// AliveMs is the longest idle time that was survived, DeadMs the shortest that
	// was not: what is remembered is forgotten somewhere between them.
	AliveMs, DeadMs *float64
	Trials          []IdleTrial
}

// An IdleTrial is one idle time; Alive is null when the trial does not tell.
type IdleTrial struct {
	IdleMs float64
	Alive  *bool
}

// An idleCheck is a check of idle times with the one that tried again what was dead in it. A
// line that is interrupted, a router that starts anew and a machine that sleeps end a trial
// as well as a timer does, but hardly twice: what was dead and then alive counts as alive.
type idleCheck struct {
	Idle
	// steady is false where a longer time was survived than one that was not.
	steady bool
	// again is whether anything was tried again, twice counts what was dead both times, and
	// revived are the times, in milliseconds, after which it was not.
	again   bool
	twice   int
	revived []float64
	// stopped are the times, in milliseconds, after which what the path let in was dropped by
	// the responder's own machine.
	stopped []float64
}

func (v *view) idleOf(c *evidence.Check) idleCheck {
	out := idleCheck{Idle: Idle{LimitMs: float64(c.Idle.LimitMs)}, steady: true}
	more := v.triedAgain(c)
	out.again = more != nil
	for i, ms := range c.Idle.StepsMs {
		t := IdleTrial{IdleMs: float64(ms), Alive: c.IdleFacts.Alive(i)}
		if t.Alive != nil && !*t.Alive && v.vanished() { // a responder that gives its client up closes its connections
			t.Alive = nil
		}
		if v.cameToMachine(c.IdleFacts, i) {
			t.Alive, out.stopped = new(true), append(out.stopped, t.IdleMs)
		}
		if second := secondTrial(more, ms); t.Alive != nil && !*t.Alive && second != nil {
			if t.Alive = second; *second {
				out.revived = append(out.revived, t.IdleMs)
			} else {
				out.twice++
			}
		}
		out.add(t)
	}
	return out
}

// add takes the next trial in, in the order of their times.
func (i *idleCheck) add(t IdleTrial) {
	switch {
	case t.Alive == nil:
	case *t.Alive:
		i.steady = i.steady && i.DeadMs == nil // nothing rises from the dead
		i.AliveMs = &t.IdleMs
	case i.DeadMs == nil:
		i.DeadMs = &t.IdleMs
	}
	i.Trials = append(i.Trials, t)
}

// minProbesAtMachine is how many packets after an idle time must have reached the responder's
// machine for the path to be alive: one may be a late answer, counted twice.
const minProbesAtMachine = 2

// cameToMachine reports whether what was sent to a binding after its idle time reached the
// responder's machine, by a count before its firewall, and not the responder.
func (v *view) cameToMachine(f *evidence.IdleFacts, trial int) bool {
	alive := f.Alive(trial)
	if alive == nil || *alive || trial >= len(f.Bindings) {
		return false
	}
	in, out := f.Bindings[trial].Inside, f.Bindings[trial].Outside
	counted, known := v.captured().Packets(in.Local.Port())
	more := counted - int64(out.Answers)
	return known && more >= minProbesAtMachine && more <= int64(out.Probes)
}

// triedAgain is the control of a check of idle times; nil when there was none.
func (v *view) triedAgain(c *evidence.Check) *evidence.Check {
	for i := range v.Checks {
		if x := &v.Checks[i]; x.Control == c.ID && x.Kind == c.Kind && x.Idle != nil && x.IdleFacts != nil {
			return x
		}
	}
	return nil
}

// secondTrial is what became of an idle time when it was tried once more; null when it was
// not, or that does not tell.
func secondTrial(more *evidence.Check, ms int) *bool {
	if more == nil {
		return nil
	}
	if i := slices.Index(more.Idle.StepsMs, ms); i >= 0 {
		return more.IdleFacts.Alive(i)
	}
	return nil
}

// nearLimit is how much below the limit a trial may be that proves it: a timer of
// exactly the limit is not too short, and has run out when the limit is tried.
const nearLimit = .95

// suffices reports whether the limit was shown to be kept, short that it was not.
func (i Idle) suffices() bool { return i.AliveMs != nil && *i.AliveMs >= nearLimit*i.LimitMs }
func (i Idle) short() bool    { return i.DeadMs != nil && *i.DeadMs < i.LimitMs && !i.suffices() }

// memory says what the trials have shown: "alive after 90 s, dead after 115 s".
func (i Idle) memory() string {
	switch {
	case i.AliveMs == nil && i.DeadMs == nil:
		return "no trial tells"
	case i.DeadMs == nil:
		return fmt.Sprintf("alive after %s", span(*i.AliveMs))
	case i.AliveMs == nil:
		return fmt.Sprintf("dead after %s already", span(*i.DeadMs))
	}
	return fmt.Sprintf("alive after %s, dead after %s", span(*i.AliveMs), span(*i.DeadMs))
}

// spans are idle times for people.
func spans(all []float64) string {
	var out []string
	for _, ms := range all {
		out = append(out, span(ms))
	}
	return list(out)
}

// span is an idle time for people: "90 s", "15 min".
func span(ms float64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= 2*time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

func (v *view) judgeIdle(out *CheckVerdict, c *evidence.Check) {
	i := v.idleOf(c)
	out.Idle, out.Summary = &i.Idle, i.memory()
	if len(i.revived) > 0 {
		out.Summary += fmt.Sprintf("; dead once after %s, and alive when that was tried again", spans(i.revived))
	}
	if len(i.stopped) > 0 {
		out.Summary += fmt.Sprintf("; after %s what came reached the responder's machine, whose own firewall dropped it", spans(i.stopped))
	}
	if missing := c.IdleFacts.Missing; missing != "" {
		out.Summary += "; " + missing
	}
	switch {
	case c.Control != "" && i.DeadMs != nil:
		out.Verdict = Fail
	case c.Control != "" && i.AliveMs != nil:
		out.Verdict = Pass
	case !i.steady:
		out.Verdict, out.Summary = Inconclusive, out.Summary+"; a longer time was survived than one that was not, so that something else is at work"
	case i.suffices():
		out.Verdict = Pass
	case i.short() && v.ownMemory(c):
		out.Verdict = Inconclusive
		out.Summary += "; the client is behind a NAT of its own, which may be what forgot it"
	case i.short():
		out.Verdict = Fail
		out.Summary += fmt.Sprintf("; at least %s are wanted", span(i.LimitMs))
	default:
		out.Verdict = Inconclusive
	}
}

// ownMemory reports whether the client's own NAT must remember what a check leaves idle.
func (v *view) ownMemory(c *evidence.Check) bool {
	return c.Direction == scenarios.Inbound && v.behindOwnNAT()
}

// bindingShort: a binding that had worked was dead after a time below the limit.
func bindingShort(v *view) []Finding { return v.forgotten(scenarios.BindingKind, "binding") }

// connectionShort: the same of a connection.
func connectionShort(v *view) []Finding { return v.forgotten(scenarios.IdleKind, "connection") }

func (v *view) forgotten(kind scenarios.Kind, noun string) []Finding {
	out := Finding{values: values{}}
	deaths, twice, shortest := 0, 0, 0.0
	for n := range v.Checks {
		c := &v.Checks[n]
		if c.Kind != kind || c.IdleFacts == nil || c.Control != "" || v.ownMemory(c) {
			continue
		}
		i := v.idleOf(c)
		if !i.steady || !i.short() {
			continue
		}
		if twice += i.twice; !i.again { // in a run that ended early, or of an earlier version
			deaths += i.deaths()
		}
		if out.Direction = c.Direction; len(out.accounts) > 0 && out.accounts[0].kind != string(c.Direction) {
			out.Direction = "" // both
		}
		if shortest == 0 || *i.DeadMs < shortest {
			shortest = *i.DeadMs
			out.values["dead"], out.values["limit"] = span(shortest), span(i.LimitMs)
		}
		long := fmt.Sprintf("every %s worked when it was opened; left idle it was %s, and the limit is %s", noun, i.memory(), span(i.LimitMs))
		if i.twice > 0 {
			long += "; what was dead was tried once more, and was dead again"
		}
		out.tell(account{check: c.ID, kind: string(c.Direction), short: i.memory(), long: long})
	}
	if twice == 0 && deaths <= 1 { // three copies may be lost by chance
		out.Confidence = Likely
	}
	if kind == scenarios.BindingKind && v.captured() == nil && len(out.accounts) > 0 {
		return out.foundWith("A firewall on the responder's own machine that forgets as soon would look the same; a responder with the right to capture tells them apart.")
	}
	return out.found()
}

// deaths counts the trials that were dead.
func (i Idle) deaths() (n int) {
	for _, t := range i.Trials {
		if t.Alive != nil && !*t.Alive {
			n++
		}
	}
	return n
}

// bindingNeeds and connectionNeeds: no trial of the kind tells.
func bindingNeeds(v *view) string {
	return v.idleNeeds(scenarios.BindingKind, "the scenario long (or --long), from a client with a public address")
}

func connectionNeeds(v *view) string {
	needs := "the scenario long (or --long)"
	if v.behindOwnNAT() {
		needs += ", from a client with a public address"
	}
	return v.idleNeeds(scenarios.IdleKind, needs)
}

func (v *view) idleNeeds(kind scenarios.Kind, needs string) string {
	for n := range v.Checks {
		if c := &v.Checks[n]; c.Kind == kind && c.IdleFacts != nil && c.Control == "" {
			if i := v.idleOf(c); i.steady && (i.suffices() || i.short() && !v.ownMemory(c)) {
				return ""
			}
		}
	}
	return needs
}
