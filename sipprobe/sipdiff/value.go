package sipdiff

import (
	"net/netip"
	"strings"
)

// A Field is one named value of a message.
type Field struct {
	// Name is as in [Change].
	Name string
	// Value is as written, unfolded.
	Value string
	// key is equal for values with the same meaning.
	key string
}

// unfold makes one line of a folded value (RFC 3261 section 7.3.1).
func unfold(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.NewReplacer("\r\n", " ", "\n", " ").Replace(s)
}

// cut splits s at the first of the bytes in seps that stands neither in quotes nor in
// angle brackets; found is the byte, 0 when there is none.
func cut(s, seps string) (before, after string, found byte) {
	quoted, angle := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<' && !strings.ContainsRune(seps, '<'):
			angle = true
		case c == '>' && angle:
			angle = false
		case !angle && strings.IndexByte(seps, c) >= 0:
			return s[:i], s[i+1:], c
		}
	}
	return s, "", 0
}

// split cuts s at each sep outside of quotes and angle brackets.
func split(s string, sep string) []string {
	var out []string
	for {
		before, after, found := cut(s, sep)
		out = append(out, before)
		if found == 0 {
			return out
		}
		s = after
	}
}

// normal is a value without the spaces that mean nothing: folding, runs of blanks, and
// blanks around separators, outside of quotes.
func normal(s string) string {
	var b strings.Builder
	quoted, gap := false, false
	s = strings.Trim(unfold(s), " \t")
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !quoted && (c == ' ' || c == '\t') {
			gap = true
			continue
		}
		if gap && b.Len() > 0 && !separator(c) && !separator(b.String()[b.Len()-1]) {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteByte(c)
		switch {
		case c == '\\' && quoted && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == '"':
			quoted = !quoted
		}
	}
	return b.String()
}

func separator(c byte) bool { return c == ',' || c == ';' || c == '=' || c == '<' || c == '>' }

// reserved reports whether a parameter has the name of a part of the value itself.
func reserved(prefix, name string) bool {
	if prefix == "" {
		return name == "protocol" || name == "transport" || name == "host" || name == "port"
	}
	switch name {
	case "scheme", "user", "password", "host", "port", "rest", "headers":
		return true
	}
	return false
}

// params names parameters; those whose names would be taken for parts of the value
// itself are called "param NAME".
func params(prefix, s string) []Field {
	var out []Field
	seen := make(map[string]int)
	for _, p := range split(s, ";") {
		name, value, found := cut(p, "=")
		label := strings.TrimSpace(unfold(name))
		value = strings.TrimSpace(unfold(value))
		key := strings.ToLower(label)
		if key == "" && found == 0 {
			continue
		}
		if reserved(prefix, key) {
			label = "param " + label
		}
		meaning := unescape(value)
		if key == "transport" {
			meaning = strings.ToLower(meaning)
		}
		if found != 0 {
			meaning = "=" + meaning
		}
		f := Field{Name: nth(prefix+strings.ToLower(label), seen[key]), Value: value, key: meaning}
		seen[key]++
		out = append(out, f)
	}
	return out
}

// address names the parts of an address with parameters: name-addr or addr-spec
// (RFC 3261 section 25.1); false when there is no URI in it.
func address(s string) ([]Field, bool) {
	var out []Field
	display, rest, angle := cut(s, "<")
	uri := ""
	tail := ""
	if angle != 0 {
		var closed bool
		if uri, tail, closed = strings.Cut(rest, ">"); !closed {
			return nil, false
		}
		if display = strings.TrimSpace(unfold(display)); display != "" {
			out = append(out, Field{"display name", display, normal(display)})
		}
		_, tail, _ = cut(tail, ";")
	} else {
		uri, tail, _ = cut(s, ";")
	}
	parts, ok := uriFields("uri ", strings.TrimSpace(unfold(uri)))
	if !ok {
		return nil, false
	}
	return append(append(out, parts...), params("", tail)...), true
}

// uriFields names the parts of a URI (RFC 3261 section 19.1); false when it has no scheme.
func uriFields(prefix, s string) ([]Field, bool) {
	scheme, rest, ok := strings.Cut(s, ":")
	lower := strings.ToLower(scheme)
	if !ok || scheme == "" || strings.ContainsAny(scheme, " \t<>\"@;?") {
		return nil, false
	}
	out := []Field{{prefix + "scheme", scheme, lower}}
	if lower != "sip" && lower != "sips" {
		return append(out, Field{prefix + "rest", rest, rest}), true
	}
	if user, after, has := strings.Cut(rest, "@"); has {
		name, password, secret := strings.Cut(user, ":")
		out = append(out, Field{prefix + "user", name, unescape(name)})
		if secret {
			out = append(out, Field{prefix + "password", password, unescape(password)})
		}
		rest = after
	}
	rest, headers, has := strings.Cut(rest, "?")
	place, tail, _ := strings.Cut(rest, ";")
	out = append(out, hostPort(prefix, place)...)
	out = append(out, params(prefix, tail)...)
	if has {
		out = append(out, Field{prefix + "headers", headers, unescape(headers)})
	}
	return out, true
}

// hostPort names a host and, where there is one, a port.
func hostPort(prefix, s string) []Field {
	s = strings.TrimSpace(s)
	host, port, has := s, "", false
	if i := strings.LastIndexByte(s, ':'); i >= 0 && (i == strings.IndexByte(s, ':') || strings.HasSuffix(strings.TrimSpace(s[:i]), "]")) {
		host, port, has = strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+1:]), true
	}
	out := []Field{{prefix + "host", host, hostKey(host)}}
	if has {
		out = append(out, Field{prefix + "port", port, number(port)})
	}
	return out
}

func hostKey(host string) string {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return a.String()
	}
	return strings.ToLower(host)
}

// number is a number without zeros before it, or what else it is.
func number(s string) string {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return s
	}
	if s = strings.TrimLeft(s, "0"); s == "" {
		return "0"
	}
	return s
}

// unescape resolves the escapes of characters that need none (RFC 3261 section 19.1.4).
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := hex(s[i+1]), hex(s[i+2])
			if c := byte(hi<<4 | lo); hi >= 0 && lo >= 0 {
				if plain(c) {
					b.WriteByte(c)
				} else {
					b.WriteString(strings.ToLower(s[i : i+3]))
				}
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hex(c byte) int {
	if c >= 'A' && c <= 'F' {
		c += 'a' - 'A'
	}
	return strings.IndexByte("0123456789abcdef", c)
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0
}
