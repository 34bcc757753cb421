package sipdiff

import (
	"bytes"
	"fmt"
	"strings"
)

// Compare names what differs between a message as it was sent and as it arrived, in
// the order of the message. It takes any bytes. It returns nothing exactly when they
// are the same.
func Compare(sent, arrived []byte) []Change {
	switch {
	case bytes.Equal(sent, arrived):
		return nil
	case len(arrived) > 0 && bytes.HasPrefix(sent, arrived):
		return []Change{{Field: "message length", Kind: Truncated, Before: size(len(sent)), After: size(len(arrived))}}
	}
	a, b := Parse(sent), Parse(arrived)
	var c comparer
	c.spelling("line ends before the message", string(a.Lead), string(b.Lead))
	c.start(a, b)
	c.headers("", a.Headers, b.Headers)
	c.spelling("line end after the headers", string(a.End), string(b.End))
	c.body("", a.Body, b.Body)
	if len(c.changes) == 0 {
		before, after := difference(sent, arrived)
		c.add("bytes", Formatting, before, after)
	}
	allow(a, b, c.changes)
	return c.changes
}

func size(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// A comparer collects changes.
type comparer struct{ changes []Change }

func (c *comparer) add(field string, kind Kind, before, after string) {
	c.changes = append(c.changes, Change{Field: show(field), Kind: kind, Before: show(before), After: show(after)})
}

// spelling notes bytes that carry no meaning.
func (c *comparer) spelling(field, before, after string) {
	if before != after {
		c.add(field, Formatting, before, after)
	}
}

func (c *comparer) start(a, b Message) {
	x, y := startItem(a), startItem(b)
	if a.IsResponse() != b.IsResponse() {
		x.fields, y.fields = nil, nil
	}
	c.pair(x, y, "start line")
	c.spelling("line end of the start line", string(a.Start[len(trimEnd(a.Start)):]), string(b.Start[len(trimEnd(b.Start)):]))
}

// pair compares two items that stand for each other; opaque names those without a label.
func (c *comparer) pair(a, b item, opaque string) {
	if a.raw == b.raw {
		return
	}
	name := a.name("")
	if name == "" {
		name = opaque
	}
	if a.fields == nil || b.fields == nil {
		kind := Changed
		if normal(a.raw) == normal(b.raw) {
			kind = Formatting
		}
		c.add(name, kind, a.raw, b.raw)
		return
	}
	before := len(c.changes)
	x, y := a.byName(), b.byName()
	for _, f := range a.fields {
		switch g, ok := y[f.Name]; {
		case !ok:
			c.add(a.name(f.Name), Removed, f.Value, "")
		case f.key != g.key:
			c.add(a.name(f.Name), Changed, f.Value, g.Value)
		}
	}
	for _, g := range b.fields {
		if _, ok := x[g.Name]; !ok {
			c.add(a.name(g.Name), Added, "", g.Value)
		}
	}
	if len(c.changes) == before {
		c.add(name, Formatting, a.raw, b.raw)
	}
}

func (it item) byName() map[string]Field {
	out := make(map[string]Field, len(it.fields))
	for _, f := range it.fields {
		out[f.Name] = f
	}
	return out
}

// pairs compares two lists of items of one kind.
func (c *comparer) pairs(a, b []item) {
	for _, p := range alignItems(a, b) {
		switch {
		case p.a < 0:
			c.add(b[p.b].label, Added, "", b[p.b].raw)
		case p.b < 0:
			c.add(a[p.a].label, Removed, a[p.a].raw, "")
		default:
			c.pair(a[p.a], b[p.b], "")
		}
	}
}

// headers compares header lines; prefix names the part that they belong to.
func (c *comparer) headers(prefix string, a, b []Header) {
	names, before := byName(a)
	more, after := byName(b)
	for _, n := range more {
		if before[n] == nil {
			names = append(names, n)
		}
	}
	for _, n := range names {
		x, y := labelled(before[n], prefix), labelled(after[n], prefix)
		c.pairs(x, y)
		if len(x) == len(y) {
			c.lines(prefix+numberedName(n, 0), linesOf(a, x), linesOf(b, y))
		}
	}
	c.order(prefix+"order of headers", headerNames(a), headerNames(b))
}

func labelled(items []item, prefix string) []item {
	for i := range items {
		items[i].label = prefix + items[i].label
	}
	return items
}

// linesOf are the header lines that hold the items.
func linesOf(headers []Header, items []item) []Header {
	var out []Header
	for i, it := range items {
		if i == 0 || it.line != items[i-1].line {
			out = append(out, headers[it.line])
		}
	}
	return out
}

// lines notes how the lines of one header are written around their values.
func (c *comparer) lines(name string, a, b []Header) {
	if len(a) != len(b) {
		c.add("lines of "+name, Formatting, fmt.Sprint(len(a)), fmt.Sprint(len(b)))
		return
	}
	for i := range a {
		if a[i].lead != b[i].lead {
			c.add("name of "+name, Formatting, a[i].lead, b[i].lead)
			return
		}
		if x, y := a[i].end(), b[i].end(); x != y {
			c.add("line end of "+name, Formatting, x, y)
			return
		}
	}
}

func headerNames(headers []Header) []string {
	out := make([]string, 0, len(headers))
	for _, h := range headers {
		out = append(out, h.Name)
	}
	return out
}

// order notes that what both have stands in another order.
func (c *comparer) order(field string, a, b []string) {
	x, y := shared(a, b), shared(b, a)
	from := 0
	for from < len(x) && from < len(y) && x[from] == y[from] {
		from++
	}
	n, m := len(x), len(y)
	for n > from && m > from && x[n-1] == y[m-1] {
		n, m = n-1, m-1
	}
	if n > from || m > from {
		c.add(field, Formatting, strings.Join(x[from:n], ", "), strings.Join(y[from:m], ", "))
	}
}

// shared are the names in a, each as often as b has it too.
func shared(a, b []string) []string {
	left := make(map[string]int)
	for _, n := range b {
		left[n]++
	}
	var out []string
	for _, n := range a {
		if left[n]--; left[n] >= 0 {
			out = append(out, n)
		}
	}
	return out
}
