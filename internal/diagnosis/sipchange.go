package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/sipdiff"
)

// A SIPChange is one difference between messages as one end sent them and as the
// other received them.
type SIPChange struct {
	// Message is its kind: "INVITE", "200 to INVITE".
	Message   string
	Transport sipprobe.Transport
	Direction scenarios.Direction
	sipdiff.Change
	// Count is how many messages arrived with it, retransmissions included.
	Count int
}

// maxChanges bounds the list of a diagnosis; a box that changes each message in
// another way has made its point by then.
const maxChanges = 500

// maxValue is how much of a value is kept.
const maxValue = 256

// sipChanges lists what changed on the way, equal changes once; nil when it is not known.
func (v *view) sipChanges() []SIPChange {
	if !v.Whole() {
		return nil
	}
	out := []SIPChange{}
	at := make(map[SIPChange]int)
	for _, p := range v.passages {
		for _, d := range p.diffs {
			for _, c := range d.changes {
				c.Before, c.After = shortened(c.Before), shortened(c.After)
				key := SIPChange{Message: p.Name(), Transport: p.Sent.Transport, Direction: p.Direction, Change: c}
				i, known := at[key]
				if !known && len(out) < maxChanges {
					i, known = len(out), true
					at[key] = i
					out = append(out, key)
				}
				if known {
					out[i].Count += d.copies
				}
			}
		}
	}
	return out
}

func shortened(s string) string {
	r := []rune(s)
	if len(r) <= maxValue {
		return s
	}
	return string(r[:maxValue]) + " …"
}

// A ChangeGroup is what changed in the same way in messages of one direction and
// transport.
type ChangeGroup struct {
	// Messages are the kinds concerned.
	Messages  []string
	Transport sipprobe.Transport
	Direction scenarios.Direction
	// Count is how many messages arrived changed, retransmissions included.
	Count int
	Rows  []ChangeRow
}

// A ChangeRow is one field of a group.
type ChangeRow struct {
	sipdiff.Change
	// Others counts further pairs of values that the field changed between.
	Others int
}

// group sums up changes, kinds of messages with the same rows together.
func group(changes []SIPChange, messages func(SIPChange) int) []ChangeGroup {
	var out []ChangeGroup
	for _, c := range changes {
		i := slices.IndexFunc(out, func(g ChangeGroup) bool {
			return g.Messages[0] == c.Message && g.Transport == c.Transport && g.Direction == c.Direction
		})
		if i < 0 {
			i = len(out)
			out = append(out, ChangeGroup{Messages: []string{c.Message}, Transport: c.Transport, Direction: c.Direction, Count: messages(c)})
		}
		out[i].add(c.Change)
	}
	return alikeTogether(out)
}

// add keeps the first values of a field, and counts the others.
func (g *ChangeGroup) add(c sipdiff.Change) {
	for i := range g.Rows {
		if r := &g.Rows[i]; r.Field == c.Field && r.Kind == c.Kind {
			r.Others++
			return
		}
	}
	g.Rows = append(g.Rows, ChangeRow{Change: c})
}

// alikeTogether makes one group of those with the same rows.
func alikeTogether(groups []ChangeGroup) []ChangeGroup {
	var out []ChangeGroup
	for _, g := range groups {
		i := slices.IndexFunc(out, func(o ChangeGroup) bool {
			return o.Transport == g.Transport && o.Direction == g.Direction && slices.Equal(o.Rows, g.Rows)
		})
		if i < 0 {
			out = append(out, g)
			continue
		}
		out[i].Messages = append(out[i].Messages, g.Messages...)
		out[i].Count += g.Count
	}
	return out
}

// Head says which messages: "INVITE and ACK over UDP, client → site, 4 messages".
func (g ChangeGroup) Head() string {
	return fmt.Sprintf("%s over %s, %s, %s", list(g.Messages), g.Transport, arrow(g.Direction), count(g.Count, "message"))
}

// String is the group in one sentence.
func (g ChangeGroup) String() string {
	rows := make([]string, 0, len(g.Rows))
	for _, r := range g.Rows {
		rows = append(rows, r.Name()+" "+r.Values())
	}
	return g.Head() + ": " + strings.Join(rows, "; ") + "."
}

// Name is the field, and whether only its spelling changed.
func (r ChangeRow) Name() string {
	if r.Kind == sipdiff.Formatting {
		return r.Field + " (spelling)"
	}
	return r.Field
}

// Values are the field's values before and after: "5060 → 61000".
func (r ChangeRow) Values() string {
	before, after := valueOf(r.Before), valueOf(r.After)
	switch r.Kind {
	case sipdiff.Added:
		before = "none"
	case sipdiff.Removed:
		after = "none"
	}
	out := before + " → " + after
	if r.Others > 0 {
		out += fmt.Sprintf(" (and %s)", count(r.Others, "other value"))
	}
	return out
}

func valueOf(s string) string {
	const shown = 80
	if s == "" {
		return "empty"
	}
	if r := []rune(s); len(r) > shown {
		return string(r[:shown]) + " …"
	}
	return s
}

// arrow is a direction as it is drawn.
func arrow(d scenarios.Direction) string {
	if d == scenarios.Inbound {
		return "client → site"
	}
	return "site → client"
}
