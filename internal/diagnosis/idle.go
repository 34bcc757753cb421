package diagnosis

import (
	"fmt"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A fate is what an idle time has done to a binding or connection.
type fate int

const (
	unknownFate fate = iota
	survived
	perished
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

// idleOf reads the trials of a check.
func idleOf(c *evidence.Check) (out Idle, steady bool) {
	out.LimitMs = float64(c.Idle.LimitMs)
	steady = true
	for i, ms := range c.Idle.StepsMs {
		t := IdleTrial{IdleMs: float64(ms)}
		switch fateOf(c.IdleFacts, i) {
		case survived:
			t.Alive = pointer(true)
			steady = steady && out.DeadMs == nil // nothing rises from the dead
			out.AliveMs = &t.IdleMs
		case perished:
			t.Alive = pointer(false)
			if out.DeadMs == nil {
				out.DeadMs = &t.IdleMs
			}
		}
		out.Trials = append(out.Trials, t)
	}
	return out, steady
}

func fateOf(f *evidence.IdleFacts, trial int) fate {
	switch {
	case trial < len(f.Bindings):
		return bindingFate(f.Bindings[trial])
	case trial < len(f.Connections):
		return connectionFate(f.Connections[trial])
	}
	return unknownFate
}

// bindingFate: a binding that had worked both ways, and what was sent to it later.
func bindingFate(t evidence.BindingTrial) fate {
	in, out := t.Inside, t.Outside
	switch {
	case in == nil || out == nil || in.Fault != "" || out.Fault != "":
		return unknownFate
	case out.Openers == 0 || in.Answers == 0 || out.Probes == 0:
		return unknownFate
	case in.Probes > 0:
		return survived
	}
	return perished
}

func connectionFate(t evidence.ConnectionTrial) fate {
	if t.First == nil || t.First.Outcome != sipprobe.Accepted {
		return unknownFate
	}
	if t.EndedMs != nil {
		return perished
	}
	if t.Second == nil {
		return unknownFate
	}
	switch t.Second.Outcome {
	case sipprobe.Accepted:
		return survived
	case sipprobe.Silent, sipprobe.Closed:
		return perished
	}
	return unknownFate
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

// span is an idle time for people: "90 s", "15 min".
func span(ms float64) string {
	d := time.Duration(ms) * time.Millisecond
	if d >= 2*time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%g s", d.Seconds())
}

func (v *view) judgeIdle(out *CheckVerdict, c *evidence.Check) {
	i, steady := idleOf(c)
	out.Idle, out.Summary = &i, i.memory()
	if missing := c.IdleFacts.Missing; missing != "" {
		out.Summary += "; " + missing
	}
	switch {
	case !steady:
		out.Verdict, out.Summary = Inconclusive, out.Summary+"; a longer time was survived than one that was not, so that something else is at work"
	case i.suffices():
		out.Verdict = Pass
	case i.short():
		out.Verdict = Fail
		out.Summary += fmt.Sprintf("; at least %s are wanted", span(i.LimitMs))
	default:
		out.Verdict = Inconclusive
	}
}

// bindingShort: a binding that had worked was dead after a time below the limit.
func bindingShort(v *view) []Finding { return v.forgotten(scenarios.BindingKind, "binding") }

// connectionShort: the same of a connection.
func connectionShort(v *view) []Finding { return v.forgotten(scenarios.IdleKind, "connection") }

func (v *view) forgotten(kind scenarios.Kind, noun string) []Finding {
	out := Finding{values: values{}}
	deaths, shortest := 0, 0.0
	for n := range v.Checks {
		c := &v.Checks[n]
		if c.Kind != kind || c.IdleFacts == nil {
			continue
		}
		i, steady := idleOf(c)
		if !steady || !i.short() {
			continue
		}
		for _, t := range i.Trials {
			if t.Alive != nil && !*t.Alive {
				deaths++
			}
		}
		if out.Direction = c.Direction; len(out.accounts) > 0 && out.accounts[0].kind != string(c.Direction) {
			out.Direction = "" // both
		}
		if shortest == 0 || *i.DeadMs < shortest {
			shortest = *i.DeadMs
			out.values["dead"], out.values["limit"] = span(shortest), span(i.LimitMs)
		}
		out.tell(account{check: c.ID, kind: string(c.Direction), short: i.memory(), long: fmt.Sprintf(
			"every %s worked when it was opened; left idle it was %s, and the limit is %s", noun, i.memory(), span(i.LimitMs))})
	}
	if deaths == 1 { // three copies may be lost by chance
		out.Confidence = Likely
	}
	return out.found()
}

// bindingNeeds and connectionNeeds: no trial of the kind tells.
func bindingNeeds(v *view) string {
	return v.idleNeeds(scenarios.BindingKind, "the scenario long (or --long), from a client with a public address")
}

func connectionNeeds(v *view) string {
	return v.idleNeeds(scenarios.IdleKind, "the scenario long (or --long)")
}

func (v *view) idleNeeds(kind scenarios.Kind, needs string) string {
	for n := range v.Checks {
		if c := &v.Checks[n]; c.Kind == kind && c.IdleFacts != nil {
			if i, steady := idleOf(c); steady && (i.suffices() || i.short()) {
				return ""
			}
		}
	}
	return needs
}

func pointer[T any](v T) *T { return &v }
