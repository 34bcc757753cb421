package sipdiff

import (
	"bytes"
	"fmt"
)

// body compares two bodies; prefix names the part that they belong to.
func (c *comparer) body(prefix string, a, b Body) {
	if len(a.Raw) != len(b.Raw) && !(a.agrees() && b.agrees()) {
		c.add(prefix+"body length", Changed, size(len(a.Raw)), size(len(b.Raw)))
	}
	if x, y := a.Beyond(), b.Beyond(); x != y {
		c.add(prefix+"body beyond Content-Length", Changed, size(x), size(y))
	}
	if x, y := a.Short(), b.Short(); x != y {
		c.add(prefix+"body short of Content-Length", Changed, size(x), size(y))
	}
	switch {
	case bytes.Equal(a.Raw, b.Raw):
	case a.lines != nil && b.lines != nil:
		c.sdp(prefix, a.lines, b.lines)
	case a.parts != nil && b.parts != nil:
		c.multipart(prefix, a.parts, b.parts)
	default:
		before, after := difference(a.Raw, b.Raw)
		c.add(prefix+"body", Changed, before, after)
	}
}

// agrees reports whether Content-Length says how long the body is.
func (b Body) agrees() bool { return b.Declared == len(b.Raw) }

// sdp compares SDP line by line, section by section.
func (c *comparer) sdp(prefix string, a, b []sdpLine) {
	x, y := sections(a, prefix), sections(b, prefix)
	c.section(x[0], y[0])
	x, y = x[1:], y[1:]
	pairs := align(len(x), len(y), func(i, j int) bool { return x[i].text() == y[j].text() }, func(i, j int) int {
		return 2*likeness(x[i].media(), y[j].media()) + sharedLines(x[i], y[j])
	})
	for _, p := range pairs {
		switch {
		case p.a < 0:
			c.add(y[p.b].label, Added, "", y[p.b].text())
		case p.b < 0:
			c.add(x[p.a].label, Removed, x[p.a].text(), "")
		default:
			c.section(x[p.a], y[p.b])
		}
	}
}

// text is the section as it stands.
func (s section) text() string {
	var b bytes.Buffer
	for _, l := range s.lines {
		b.Write(l.raw)
	}
	return b.String()
}

// media is the section's m= line.
func (s section) media() item {
	kind, value := s.lines[0].kind()
	return item{raw: value, fields: sdpFields(kind, value)}
}

func sharedLines(a, b section) int {
	in := make(map[string]bool)
	for _, l := range a.lines {
		in[l.text()] = true
	}
	n := 0
	for _, l := range b.lines {
		if in[l.text()] {
			n++
		}
	}
	return n
}

func (c *comparer) section(a, b section) {
	kinds, before := a.items()
	more, after := b.items()
	for _, k := range more {
		if before[k] == nil {
			kinds = append(kinds, k)
		}
	}
	for _, k := range kinds {
		x, y := before[k], after[k]
		c.pairs(x, y)
		if len(x) == len(y) {
			c.lineEnds(a, b, x, y)
		}
	}
	c.order("order of lines in "+a.label, kindsOf(a), kindsOf(b))
}

// lineEnds notes the first line that ends in another way.
func (c *comparer) lineEnds(a, b section, x, y []item) {
	for i := range x {
		p, q := a.lines[x[i].line].raw, b.lines[y[i].line].raw
		p, q = p[len(trimEnd(p)):], q[len(trimEnd(q)):]
		if !bytes.Equal(p, q) {
			c.add("line end of "+x[i].label, Formatting, string(p), string(q))
			return
		}
	}
}

func kindsOf(s section) []string {
	out := make([]string, 0, len(s.lines))
	for _, l := range s.lines {
		kind, _ := l.kind()
		out = append(out, kind)
	}
	return out
}

// multipart compares two bodies part by part.
func (c *comparer) multipart(prefix string, a, b *multipart) {
	start := len(c.changes)
	c.spelling(prefix+"text before the parts", string(a.before), string(b.before))
	for i := range max(len(a.parts), len(b.parts)) {
		label := partLabel(prefix, i)
		switch {
		case i >= len(a.parts):
			c.add(label[:len(label)-1], Added, "", string(b.parts[i].body.Raw))
		case i >= len(b.parts):
			c.add(label[:len(label)-1], Removed, string(a.parts[i].body.Raw), "")
		default:
			x, y := a.parts[i], b.parts[i]
			c.spelling(label+"delimiter", string(x.delimiter), string(y.delimiter))
			c.headers(label, x.headers, y.headers)
			c.spelling(label+"line end after the headers", string(x.end), string(y.end))
			c.body(label, x.body, y.body)
		}
	}
	c.spelling(prefix+"text after the parts", string(a.after), string(b.after))
	if len(c.changes) == start {
		before, after := difference(a.appendTo(nil), b.appendTo(nil))
		c.add(prefix+"body", Formatting, before, after)
	}
}

// difference shows two texts from where they begin to differ.
func difference(a, b []byte) (before, after string) {
	const shown = 40
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	excerpt := func(s []byte) string {
		rest := s[at:]
		more := ""
		if len(rest) > shown {
			rest, more = rest[:shown], " …"
		}
		return fmt.Sprintf("byte %d: %s%s", at, rest, more)
	}
	return excerpt(a), excerpt(b)
}
