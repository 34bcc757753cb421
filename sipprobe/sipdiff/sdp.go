package sipdiff

import (
	"bytes"
	"strconv"
	"strings"
)

// An sdpLine is one line of SDP (RFC 8866) with its line end.
type sdpLine struct{ raw []byte }

func parseSDP(data []byte) []sdpLine {
	var out []sdpLine
	for len(data) > 0 {
		var line []byte
		line, data = cutLine(data)
		out = append(out, sdpLine{line})
	}
	return out
}

func (l sdpLine) text() string { return string(trimEnd(l.raw)) }

// A section is the session part of SDP, or one media description.
type section struct {
	label string // "SDP session", "SDP media[0]"
	lines []sdpLine
}

// sections cuts SDP at its m= lines; the first section is the session's.
func sections(lines []sdpLine, prefix string) []section {
	out := []section{{label: prefix + "SDP session"}}
	for _, l := range lines {
		if bytes.HasPrefix(l.raw, []byte("m=")) {
			out = append(out, section{label: prefix + "SDP media[" + strconv.Itoa(len(out)-1) + "]"})
		}
		last := &out[len(out)-1]
		last.lines = append(last.lines, l)
	}
	return out
}

// items are the lines of a section, by what they are: "o=", "a=rtcp".
func (s section) items() (kinds []string, groups map[string][]item) {
	groups = make(map[string][]item)
	for i, l := range s.lines {
		kind, value := l.kind()
		if groups[kind] == nil {
			kinds = append(kinds, kind)
		}
		label := s.label + " " + nth(kind, len(groups[kind]))
		groups[kind] = append(groups[kind], item{label: label, raw: value, fields: sdpFields(kind, value), line: i})
	}
	return kinds, groups
}

// kind is what a line is, and what it says.
func (l sdpLine) kind() (kind, value string) {
	text := l.text()
	if len(text) < 2 || text[1] != '=' {
		return "unreadable line", text
	}
	kind, value = text[:2], text[2:]
	if kind != "a=" {
		return kind, value
	}
	name, rest, has := strings.Cut(value, ":")
	if has {
		return kind + name, rest
	}
	return kind + name, ""
}

// sdpFields names the parts of the lines that carry addresses; nil for others.
func sdpFields(kind, value string) []Field {
	words := strings.Fields(value)
	switch kind {
	case "o=":
		return named(words, "username", "session id", "session version", "network type", "address type", "address")
	case "c=":
		return named(words, "network type", "address type", "address")
	case "m=":
		if len(words) < 3 {
			return nil
		}
		out := []Field{{"type", words[0], words[0]}, {"port", words[1], number(words[1])}, {"protocol", words[2], words[2]}}
		formats := strings.Join(words[3:], " ")
		return append(out, Field{"formats", formats, formats})
	case "a=rtcp": // RFC 3605
		if len(words) == 1 {
			return named(words, "port")
		}
		return named(words, "port", "network type", "address type", "address")
	case "a=candidate": // RFC 8839
		if len(words) < 6 {
			return nil
		}
		out := named(words[:6], "foundation", "component", "transport", "priority", "address", "port")
		rest := strings.Join(words[6:], " ")
		return append(out, Field{"rest", rest, rest})
	}
	return nil
}

// named gives each word its name; nil when there are not as many.
func named(words []string, names ...string) []Field {
	if len(words) != len(names) {
		return nil
	}
	out := make([]Field, 0, len(words))
	for i, w := range words {
		key := w
		switch names[i] {
		case "address":
			key = hostKey(w)
		case "port":
			key = number(w)
		}
		out = append(out, Field{names[i], w, key})
	}
	return out
}

// fields are the named values of a body; prefix names the part that it belongs to.
func (b Body) fields(prefix string) []Field {
	var out []Field
	switch {
	case b.lines != nil:
		for _, s := range sections(b.lines, prefix) {
			kinds, groups := s.items()
			for _, k := range kinds {
				for _, it := range groups[k] {
					out = append(out, it.full("")...)
				}
			}
		}
	case b.parts != nil:
		return b.parts.fields(prefix)
	case len(b.Raw) > 0:
		out = append(out, Field{prefix + "body", string(b.Raw), string(b.Raw)})
	}
	return out
}
