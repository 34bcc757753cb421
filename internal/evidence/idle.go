package evidence

import (
	"net/netip"

	"bothways/sipprobe"
)

// IdleFacts are what was tried of one kind of binding or connection: one trial for
// each idle time, in the order of the check.
type IdleFacts struct {
	Bindings    []BindingTrial    `json:"bindings,omitempty"`
	Connections []ConnectionTrial `json:"connections,omitempty"`
	// Missing says why the responder's part could not be had, empty when it could.
	Missing string `json:"missing,omitempty"`
}

// Alive reports whether what a trial left idle was alive afterwards; trials count from 0.
// Null is a trial that does not tell.
func (f *IdleFacts) Alive(trial int) *bool {
	switch {
	case f == nil:
	case trial < len(f.Bindings):
		return f.Bindings[trial].alive()
	case trial < len(f.Connections):
		return f.Connections[trial].alive()
	}
	return nil
}

// A BindingTrial is one UDP binding of the site's NAT: the responder opened it towards
// the client, and after the idle time the client sent to it.
type BindingTrial struct {
	IdleMs  int             `json:"idle_ms"`
	Outside *BindingOutside `json:"outside"`
	// Inside is null when the responder's record could not be had.
	Inside *BindingInside `json:"inside"`
}

// alive tells only of a binding that had worked both ways, and of what was sent to it later.
func (t BindingTrial) alive() *bool {
	in, out := t.Inside, t.Outside
	if in == nil || out == nil || in.Fault != "" || out.Fault != "" || out.Openers == 0 || in.Answers == 0 || out.Probes == 0 {
		return nil
	}
	alive := in.Probes > 0
	if !alive && out.IdledMs > float64(t.IdleMs)+maxLateProbeMs {
		return nil // the responder may have listened no longer
	}
	return &alive
}

// maxLateProbeMs is by how much a probe may be late, because its sender's machine stood still: the responder listens
// for some seconds more than the idle time.
const maxLateProbeMs = 2000

// BindingOutside is the client's part of a trial.
type BindingOutside struct {
	Local netip.AddrPort `json:"local"`
	// Mapped is where the responder's packets came from; zero when none came.
	Mapped netip.AddrPort `json:"mapped"`
	// Openers counts the responder's packets that arrived, Answers what was sent back,
	// Probes what was sent after the idle time.
	Openers int `json:"openers"`
	Answers int `json:"answers"`
	Probes  int `json:"probes"`
	// IdledMs is the time between the last packet before and the first probe, in
	// milliseconds; 0 when there was no probe.
	IdledMs float64 `json:"idled_ms,omitempty"`
	Fault   string  `json:"fault,omitempty"`
}

// BindingInside is the responder's part of a trial.
type BindingInside struct {
	Local netip.AddrPort `json:"local"`
	// Openers counts what was sent, Answers what came back before the idle time, Probes
	// what came after it.
	Openers int    `json:"openers"`
	Answers int    `json:"answers"`
	Probes  int    `json:"probes"`
	Fault   string `json:"fault,omitempty"`
}

// A ConnectionTrial is one TCP or TLS connection: OPTIONS, the idle time, and OPTIONS
// again over the same connection.
type ConnectionTrial struct {
	IdleMs  int     `json:"idle_ms"`
	Connect Connect `json:"connect"`
	// First and Second are null when they were not asked.
	First  *sipprobe.Exchange `json:"first"`
	Second *sipprobe.Exchange `json:"second"`
	// EndedMs is when the connection was found closed, in milliseconds after the first
	// answer; null when it was not before the second question.
	EndedMs *float64 `json:"ended_ms"`
}

// alive tells only of a connection over which the first question was answered.
func (t ConnectionTrial) alive() *bool {
	alive := false
	switch {
	case t.First == nil || t.First.Outcome != sipprobe.Accepted:
		return nil
	case t.EndedMs != nil:
		return &alive
	case t.Second == nil:
		return nil
	}
	switch t.Second.Outcome {
	case sipprobe.Accepted:
		alive = true
	case sipprobe.Silent, sipprobe.Closed:
	default:
		return nil
	}
	return &alive
}

// ConnectionTokens mark the two questions of a trial.
func (r Run) ConnectionTokens(check string, trial int) (first, second string) {
	token := r.Token(check) + "-" + string(rune('a'+trial))
	return token + "1", token + "2"
}
