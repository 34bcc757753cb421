package diagnosis

import (
	"fmt"
	"slices"
	"time"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// algBlocks: one kind of message never arrives on a flow that carries others: the
// forwards and filters of the path, which know addresses and ports alone, let it pass.
func algBlocks(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, Confidence: Proven, values: values{"way": " " + way(d)}}
		for _, t := range []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP} {
			for _, k := range v.kinds(d, t) {
				v.blockage(&f, d, t, k)
			}
		}
		if len(f.Evidence) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// A messageKind is what a box that reads SIP may decide by.
type messageKind struct {
	name  string
	sdp   bool
	form  string // see passage; answers to forms are of one kind
	large bool   // more than SIP takes over UDP by the rules
}

func (p passage) kind() messageKind {
	k := messageKind{p.Name(), p.SDP, p.form, len(p.Sent.Data) > usualBytes}
	if p.Status != 0 {
		k.form = ""
	}
	return k
}

func (k messageKind) String() string {
	out := k.name
	if k.sdp {
		out += " with SDP"
	}
	if k.large {
		out += fmt.Sprintf(" above %s bytes", grouped(usualBytes))
	}
	if k.form != "" {
		out += " (form " + k.form + ")"
	}
	return out
}

func (v *view) kinds(d scenarios.Direction, t sipprobe.Transport) []messageKind {
	var out []messageKind
	for _, p := range v.passages {
		if k := p.kind(); p.Direction == d && p.Sent.Transport == t && !p.aside && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// Limits that tell a block from loss.
const (
	minCopies = 3    // fewer lost copies than these may be chance
	bigBytes  = 1200 // what is larger may be lost for its size
)

// blockage looks at one kind of message over one transport. The ACK is left to its
// own rule: it goes where the Contact says. What is large may be lost for its size, unless
// another message as large arrived.
func (v *view) blockage(f *Finding, d scenarios.Direction, t sipprobe.Transport, k messageKind) {
	lost := v.passed(d, func(p passage) bool { return p.kind() == k && p.Sent.Transport == t && !p.aside })
	if k.name == "ACK" || slices.ContainsFunc(lost, func(p passage) bool { return len(p.Arrivals) > 0 || v.cutOff(p) }) {
		return
	}
	if lost = slices.DeleteFunc(lost, v.strays); len(lost) == 0 {
		return
	}
	first, copies, size, least := lost[0].Sent, 0, 0, 0
	for _, p := range lost {
		copies, size = copies+p.Copies, max(size, len(p.Sent.Data))
	}
	if k.large {
		least = smallest(lost)
	}
	near := v.passed(d, func(p passage) bool {
		return p.Sent.Transport == t && len(p.Arrivals) > 0 && p.Sent.Remote == first.Remote && len(p.Sent.Data) >= least
	})
	others := slices.DeleteFunc(slices.Clone(near), func(p passage) bool { return p.Sent.Local != first.Local })
	seen := v.meanwhile(d, lost)
	if copies < minCopies && t == sipprobe.UDP || len(others) == 0 || seen == sawGap {
		return
	}
	later := slices.ContainsFunc(near, func(p passage) bool { return p.Sent.Time.After(first.Time) })
	elsewhere := v.passed(d, func(p passage) bool {
		return p.kind() == k && (p.Sent.Transport != t || p.aside) && len(p.Arrivals) > 0
	})
	line := fmt.Sprintf("%s over %s, %s: %s sent to %s, none arrived, while %s did on the same flow", k, t, arrow(d), copyCount(copies), first.Remote, someOf(kindNames(others)))
	if len(elsewhere) > 0 {
		line += fmt.Sprintf("; over %s it arrived", list(transportNames(elsewhere)))
	}
	if !later || len(elsewhere) == 0 || size > bigBytes && !k.large || seen != sawPassage {
		f.Confidence = Likely
	}
	f.Evidence = append(f.Evidence, line+".")
	for _, p := range lost {
		if p.check != "" && !slices.Contains(f.Checks, p.check) {
			f.Checks = append(f.Checks, p.check)
		}
	}
}

// cutOff reports whether a message may have been lost with its connection, which a NAT
// may have forgotten, or because the run ended.
func (v *view) cutOff(p passage) bool {
	if v.Run.Interrupted != "" {
		return true
	}
	if !p.Sent.Transport.Reliable() || v.livedOn(p) {
		return false
	}
	if v.idleBefore(p) > longIdle {
		return true
	}
	for i := range v.Checks {
		c := &v.Checks[i]
		if c.ID != p.Token || c.CallFacts == nil {
			continue
		}
		for _, end := range c.CallFacts.Ends() {
			if end.Invite != nil && end.Invite.Outcome == sipprobe.Silent {
				return false
			}
		}
	}
	return true
}

// livedOn reports whether something arrived over the connection of a message that was
// sent later than it.
func (v *view) livedOn(p passage) bool {
	return p.Sent.Transport.Reliable() && len(v.passed(p.Direction, func(o passage) bool {
		return o.Sent.Local == p.Sent.Local && o.Sent.Remote == p.Sent.Remote && len(o.Arrivals) > 0 && o.Sent.Time.After(p.Sent.Time)
	})) > 0
}

// longIdle is for how long a connection must have carried nothing for a NAT to have
// forgotten it: those with little memory do after a minute.
const longIdle = time.Minute

// idleBefore is for how long the connection of a message had carried nothing when it was
// sent, by the tape of its sender.
func (v *view) idleBefore(p passage) time.Duration {
	tape := v.Client.Tape
	if p.Direction == scenarios.Outbound {
		tape = v.Responder.Tape
	}
	var last time.Time
	for _, r := range tape {
		if r.Transport == p.Sent.Transport && r.Local == p.Sent.Local && r.Remote == p.Sent.Remote && r.Time.Before(p.Sent.Time) && r.Time.After(last) {
			last = r.Time
		}
	}
	if last.IsZero() {
		return 0
	}
	return p.Sent.Time.Sub(last)
}

func copyCount(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}

func kindNames(all []passage) []string {
	var out []string
	for _, p := range all {
		out = append(out, p.kind().String())
	}
	return unique(out)
}

func transportNames(all []passage) []string {
	var out []string
	for _, p := range all {
		name := p.Sent.Transport.String()
		if p.aside {
			name += " between other ports"
		}
		out = append(out, name)
	}
	return unique(out)
}

// someOf names the first of many words.
func someOf(words []string) string {
	const most = 4
	if len(words) > most {
		words = append(slices.Clone(words[:most]), fmt.Sprintf("%d other kinds", len(words)-most))
	}
	return list(words)
}

// blockNeeds: what passes over UDP and TCP is known, and an INVITE was among it.
func blockNeeds(v *view) string {
	if needs := tapesNeeds(v); needs != "" {
		return needs
	}
	for _, p := range v.passages {
		if !p.secret() && p.Name() == "INVITE" {
			return ""
		}
	}
	return "a call over UDP or TCP"
}
