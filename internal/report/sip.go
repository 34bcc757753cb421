package report

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"bothways/internal/diagnosis"
	"bothways/sipprobe"
	"bothways/sipprobe/sipdiff"
)

// A Change is one difference between SIP messages as one end sent them and as the
// other received them.
type Change struct {
	// Message is its kind: "INVITE", "200 to INVITE".
	Message   string             `json:"message"`
	Transport sipprobe.Transport `json:"transport"`
	Direction string             `json:"direction"`
	// Field is named as package sipdiff does: "Request-URI host", "SDP media[0] m= port".
	Field string       `json:"field"`
	Kind  sipdiff.Kind `json:"kind"`
	// Before is null for what was added, After for what was removed.
	Before *string `json:"before"`
	After  *string `json:"after"`
	// Count is how many messages arrived with it, retransmissions included.
	Count int `json:"count"`
	// Allowed is "server" or "proxy" for what such a hop may do by rule, null for what
	// none may.
	Allowed *string `json:"allowed"`
}

// buildChanges is null where it is not known what changed.
func buildChanges(all []diagnosis.SIPChange) []Change {
	if all == nil {
		return nil
	}
	out := make([]Change, 0, len(all))
	for _, c := range all {
		one := Change{
			Message: c.Message, Transport: c.Transport, Direction: string(c.Direction), Field: c.Field, Kind: c.Kind,
			Before: &c.Before, After: &c.After, Count: c.Count, Allowed: orNull(string(c.Allowed)),
		}
		switch c.Kind {
		case sipdiff.Added:
			one.Before = nil
		case sipdiff.Removed:
			one.After = nil
		}
		out = append(out, one)
	}
	return out
}

// changed draws a group of changes: the messages, then each field with its values, in
// columns where they fit.
func (p *page) changed(g diagnosis.ChangeGroup) {
	const lead = "    • "
	p.para(lead, g.Head()+":")
	width := 0
	for _, r := range g.Rows {
		width = max(width, lipgloss.Width(r.Name()))
	}
	width = min(width, p.width/3)
	for _, r := range g.Rows {
		name := "        " + r.Name() + strings.Repeat(" ", max(width-lipgloss.Width(r.Name()), 0)) + "  "
		if lipgloss.Width(name)+lipgloss.Width(r.Values()) <= p.width || lipgloss.Width(name) <= p.width/2 {
			p.para(name, r.Values())
			continue
		}
		p.line(name)
		p.para("          ", r.Values())
	}
}

// passedHops says which SIP hops the messages bear the marks of.
func passedHops(changes []Change) []string {
	var out []string
	for _, hop := range []struct{ by, says string }{
		{string(sipdiff.ByProxy), "%s over %s passed a SIP proxy, which is not an ALG: %s."},
		{string(sipdiff.ByServer), "%s over %s say where they came from, as a SIP server notes it, before they reach the responder: %s."},
	} {
		for _, t := range sipprobe.Transports() {
			var messages, what []string
			for _, c := range changes {
				if c.Allowed != nil && *c.Allowed == hop.by && c.Transport == t {
					messages, what = append(messages, c.Message), append(what, c.short())
				}
			}
			if len(messages) > 0 {
				out = append(out, fmt.Sprintf(hop.says, few(messages), t, few(what)))
			}
		}
	}
	return out
}

// short is the change in a few words.
func (c Change) short() string {
	switch {
	case c.Before == nil:
		return c.Field + " added"
	case c.After == nil:
		return c.Field + " removed"
	case c.Kind == sipdiff.Formatting:
		return c.Field + " spelt otherwise"
	case *c.Before == "":
		return c.Field + " " + *c.After
	}
	return fmt.Sprintf("%s %s → %s", c.Field, *c.Before, *c.After)
}

// few joins the first of a list's words, each once, and counts the others.
func few(words []string) string {
	const most = 8
	var once []string
	for _, w := range words {
		if !slices.Contains(once, w) {
			once = append(once, w)
		}
	}
	if len(once) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(once[:most], ", "), len(once)-most)
	}
	return strings.Join(once, ", ")
}
