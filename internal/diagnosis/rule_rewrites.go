package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe/sipdiff"
)

// algRewrites: messages arrived with other bytes than they were sent with, and no SIP
// hop may make these changes. What arrived intact over TLS is the control.
func algRewrites(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		if hit := v.passed(d, passage.rewritten); len(hit) > 0 {
			out = append(out, v.rewriting(d, hit))
		}
	}
	return out
}

// passed are the messages of a direction of which something is true.
func (v *view) passed(d scenarios.Direction, is func(passage) bool) []passage {
	var out []passage
	for _, p := range v.passages {
		if p.Direction == d && is(p) {
			out = append(out, p)
		}
	}
	return out
}

func (v *view) rewriting(d scenarios.Direction, hit []passage) Finding {
	f := Finding{Direction: d, Confidence: Likely, values: values{"way": " " + way(d)}}
	for _, p := range hit {
		if p.check != "" && !slices.Contains(f.Checks, p.check) {
			f.Checks = append(f.Checks, p.check)
		}
	}
	f.Changes = v.groups(d)
	for _, g := range f.Changes {
		f.Evidence = append(f.Evidence, g.String())
	}
	if line := unread(hit); line != "" {
		f.Evidence = append(f.Evidence, line)
	}
	for _, control := range []func(scenarios.Direction, []passage) (string, bool){v.intactOverTLS, v.intactBeside} {
		line, proven := control(d, hit)
		if proven {
			f.Confidence = Proven
		}
		if line != "" {
			f.Evidence = append(f.Evidence, line)
		}
	}
	return f
}

// intactBeside looks for the same forms between two ports that are not SIP's: it says
// whether the box goes by the port or by what it reads, and in the first case that the
// ends themselves changed nothing.
func (v *view) intactBeside(d scenarios.Direction, hit []passage) (line string, proven bool) {
	var forms, changed, intact []string
	for _, p := range hit {
		if p.form != "" && !p.aside {
			forms = append(forms, p.form)
		}
	}
	for _, p := range v.passed(d, func(p passage) bool { return p.aside && slices.Contains(forms, p.form) }) {
		switch {
		case p.rewritten():
			changed = append(changed, p.form)
		case p.intact():
			intact = append(intact, p.form)
		}
	}
	switch {
	case len(changed) > 0:
		return fmt.Sprintf("Between two other UDP ports %s arrived changed as well: the box knows SIP by what it reads, so another port does not help.",
			count(len(unique(changed)), "form")), false
	case len(intact) > 0:
		return fmt.Sprintf("Between two other UDP ports the same requests (%s) arrived as sent: the box goes by the port.", count(len(unique(intact)), "form")), true
	}
	return "", false
}

// groups are the rewritten fields of a direction.
func (v *view) groups(d scenarios.Direction) []ChangeGroup {
	var rewritten []SIPChange
	for _, c := range v.sipChanges() {
		if c.Direction == d && c.Allowed == sipdiff.NotAllowed {
			rewritten = append(rewritten, c)
		}
	}
	return group(rewritten, func(c SIPChange) int {
		n := 0
		for _, p := range v.passages {
			if p.Direction == d && p.Name() == c.Message && p.Sent.Transport == c.Transport {
				n += p.rewrittenCopies()
			}
		}
		return n
	})
}

func (p passage) rewrittenCopies() int {
	n := 0
	for _, d := range p.diffs {
		if d.rewritten() {
			n += d.copies
		}
	}
	return n
}

// unread says how many of the messages were of no use to the end that received them.
func unread(hit []passage) string {
	n, why := 0, ""
	for _, p := range hit {
		for _, d := range p.diffs {
			if d.rewritten() && strings.HasPrefix(d.note, "not handled") {
				n, why = n+d.copies, d.note
			}
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("The end that received them could not use %s of these (%s).", count(n, "message"), why)
}

// intactOverTLS looks for the same kinds of messages over TLS, and reports whether one
// of them shows that the ends themselves changed nothing.
func (v *view) intactOverTLS(d scenarios.Direction, hit []passage) (line string, proven bool) {
	clear := slices.DeleteFunc(messageNames(hit), func(n string) bool { return n == "" })
	tls := v.passed(d, passage.secret)
	var changed, intact []string
	for _, p := range tls {
		switch {
		case !slices.Contains(clear, p.Name()):
		case p.rewritten():
			changed = append(changed, p.Name())
		case p.intact():
			intact = append(intact, p.Name())
		}
	}
	changed, intact = unique(changed), unique(intact)
	intact = slices.DeleteFunc(intact, func(n string) bool { return slices.Contains(changed, n) })
	switch {
	case len(changed) > 0:
		return fmt.Sprintf("Over TLS, where nothing on the way can read them, %s arrived changed too: whatever does it holds the keys of the connection, or is one of the ends.",
			list(changed)), false
	case len(intact) > 0:
		return fmt.Sprintf("Over TLS, where nothing on the way can read them, %s arrived as sent in the same run.", list(intact)), true
	}
	return "None of these went over TLS in this run, to compare with.", false
}

// messageNames are the kinds of the messages, each once.
func messageNames(all []passage) []string {
	var out []string
	for _, p := range all {
		out = append(out, p.Name())
	}
	return unique(out)
}

func unique(words []string) []string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// mediaRewritten reports whether the SDP that the sender of a direction was given
// is not the one that the other end sent: then it cannot be blamed for where it sent.
func (v *view) mediaRewritten(check string, d scenarios.Direction) bool {
	return slices.ContainsFunc(v.passages, func(p passage) bool {
		return p.Token == check && p.Direction == opposite(d) && slices.ContainsFunc(p.diffs, func(x diff) bool {
			return slices.ContainsFunc(x.changes, func(c sipdiff.Change) bool {
				return c.Allowed == sipdiff.NotAllowed && strings.Contains(c.Field, "SDP ") && (strings.HasSuffix(c.Field, " address") || strings.HasSuffix(c.Field, " port"))
			})
		})
	})
}
