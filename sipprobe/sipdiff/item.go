package sipdiff

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// An item is what is compared as one: the start line, a value of a header, a line of
// SDP.
type item struct {
	label  string  // "Via[0]"; empty for start lines, whose fields have full names
	raw    string  // as written
	fields []Field // with names that follow the label; nil when the item is opaque
	line   int     // index of the header that holds it
}

// name is the full name of a field of the item.
func (it item) name(field string) string {
	if it.label == "" {
		return field
	}
	if field == "" {
		return it.label
	}
	return it.label + " " + field
}

// nth is a name, with an index for all but the first of that name.
func nth(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + "[" + strconv.Itoa(i) + "]"
}

// startItem reads a request line or a status line (RFC 3261 sections 7.1 and 7.2).
func startItem(m Message) item {
	text := string(trimEnd(m.Start))
	it := item{raw: text}
	first := strings.IndexByte(text, ' ')
	if m.IsResponse() {
		parts := strings.SplitN(text, " ", 3)
		if len(parts) < 2 {
			return it
		}
		reason := ""
		if len(parts) == 3 {
			reason = parts[2]
		}
		it.fields = []Field{{"status version", parts[0], parts[0]}, {"status code", parts[1], parts[1]}, {"status reason", reason, reason}}
		return it
	}
	last := strings.LastIndexByte(text, ' ')
	if first < 0 || first == last {
		return it
	}
	method, uri, version := text[:first], text[first+1:last], text[last+1:]
	it.fields = []Field{{"method", method, method}}
	if parts, ok := uriFields("Request-URI ", strings.TrimSpace(uri)); ok {
		it.fields = append(it.fields, parts...)
	} else {
		it.fields = append(it.fields, Field{"Request-URI", uri, uri})
	}
	it.fields = append(it.fields, Field{"request version", version, version})
	return it
}

// itemize lists the values of all headers, in the order of the message.
func itemize(headers []Header) []item { return slices.Collect(items(headers)) }

func items(headers []Header) iter.Seq[item] {
	return func(yield func(item) bool) {
		seen := make(map[string]int)
		for i, h := range headers {
			values := []string{h.value}
			if listed(h.Name) {
				values = split(h.value, ",")
			}
			for _, v := range values {
				v = strings.Trim(v, " \t\r\n")
				if !yield(item{label: numberedName(h.Name, seen[h.Name]), raw: v, fields: valueFields(h.Name, v), line: i}) {
					return
				}
				seen[h.Name]++
			}
		}
	}
}

// byName groups the values of headers, and lists the names in their order.
func byName(headers []Header) (names []string, groups map[string][]item) {
	groups = make(map[string][]item)
	for _, it := range itemize(headers) {
		name := headers[it.line].Name
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], it)
	}
	return names, groups
}

func numberedName(name string, i int) string {
	switch {
	case name == "":
		name = "unreadable header line"
	case numbered(name):
		return name + "[" + strconv.Itoa(i) + "]"
	}
	return nth(name, i)
}

// valueFields names the parts of a header's value; nil when it is compared as a whole.
func valueFields(name, value string) []Field {
	switch {
	case name == "Via":
		return viaFields(value)
	case name == "CSeq":
		if f := strings.Fields(unfold(value)); len(f) == 2 {
			return []Field{{"number", f[0], number(f[0])}, {"method", f[1], f[1]}}
		}
	case name == "Content-Length" || name == "Max-Forwards":
		return []Field{{"", value, number(value)}}
	case addressed(name):
		if fields, ok := address(value); ok {
			return fields
		}
	}
	return nil
}

// viaFields reads a Via value (RFC 3261 section 20.42); nil when it cannot be read.
func viaFields(value string) []Field {
	head, tail, _ := cut(unfold(value), ";")
	parts := strings.SplitN(head, "/", 3)
	if len(parts) < 3 {
		return nil
	}
	last := strings.Fields(parts[2])
	if len(last) < 2 {
		return nil
	}
	protocol := strings.TrimSpace(parts[0]) + "/" + strings.TrimSpace(parts[1])
	out := []Field{{"protocol", protocol, strings.ToUpper(protocol)}, {"transport", last[0], strings.ToUpper(last[0])}}
	out = append(out, hostPort("", strings.Join(last[1:], ""))...)
	return append(out, params("", tail)...)
}

// Fields are the named values of the message, in its order: what [Compare] compares.
// A body that is neither SDP nor multipart is one field.
func (m Message) Fields() []Field {
	out := startItem(m).full("start line")
	for _, it := range itemize(m.Headers) {
		out = append(out, it.full("")...)
	}
	return append(out, m.Body.fields("")...)
}

// Field is the value of the first field with this name, as in [Change]; false when
// the message has none.
func (m Message) Field(name string) (string, bool) {
	is := func(f Field) bool { return f.Name == name }
	find := func(fields []Field) (string, bool) {
		if i := slices.IndexFunc(fields, is); i >= 0 {
			return fields[i].Value, true
		}
		return "", false
	}
	if value, ok := find(startItem(m).full("start line")); ok {
		return value, true
	}
	for it := range items(m.Headers) { // most of what is asked for stands at the top
		if value, ok := find(it.full("")); ok {
			return value, true
		}
	}
	return find(m.Body.fields(""))
}

// full are the item's fields under their full names; opaque says what to call one
// without fields and without a label.
func (it item) full(opaque string) []Field {
	if it.fields == nil {
		name := it.name("")
		if name == "" {
			name = opaque
		}
		return []Field{{name, unfold(it.raw), normal(it.raw)}}
	}
	out := make([]Field, 0, len(it.fields))
	for _, f := range it.fields {
		out = append(out, Field{it.name(f.Name), f.Value, f.key})
	}
	return out
}
