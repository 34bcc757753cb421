package sipprobe

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A wireMessage is a SIP message cut at its line ends and nothing more: every
// slice aliases the bytes that arrived, so what is copied from it is exact.
type wireMessage struct {
	start  []byte      // the start line without its line end
	fields []wireField // header fields in order
	body   []byte      // everything after the header
	whole  bool        // the empty line after the header was there
}

// A wireField is one header field with its folded continuation lines.
type wireField struct {
	raw   []byte // name, colon, value, folding; no final line end
	name  string // lower case, compact forms expanded
	value string // trimmed, unfolded
}

// compactForms are the one-letter names of RFC 3261 section 7.3.3 that matter here.
var compactForms = map[string]string{
	"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact",
	"l": "content-length", "c": "content-type", "e": "content-encoding", "k": "supported",
}

func scanWire(data []byte) wireMessage {
	var m wireMessage
	line, rest, ok := cutLine(data)
	m.start = line
	for ok {
		if line, rest, ok = cutLine(rest); len(line) == 0 {
			m.whole = ok
			m.body = rest
			return m
		}
		m.addLine(line)
	}
	return m
}

// addLine adds a header line, or joins a continuation to the field before it (section 7.3.1).
func (m *wireMessage) addLine(line []byte) {
	if n := len(m.fields); n > 0 && (line[0] == ' ' || line[0] == '\t') {
		f := &m.fields[n-1]
		f.raw = bytes.Join([][]byte{f.raw, line}, []byte("\r\n"))
		f.value += " " + string(bytes.TrimSpace(line))
		return
	}
	name, value, _ := strings.Cut(string(line), ":")
	name = strings.ToLower(strings.TrimSpace(name))
	if long, ok := compactForms[name]; ok {
		name = long
	}
	m.fields = append(m.fields, wireField{raw: line, name: name, value: strings.TrimSpace(value)})
}

// cutLine cuts at CRLF (or a bare LF, which some middleboxes leave behind).
func cutLine(data []byte) (line, rest []byte, ok bool) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		return data, nil, false
	}
	return bytes.TrimSuffix(data[:i], []byte("\r")), data[i+1:], true
}

// value returns the first field of that (long, lower case) name.
func (m wireMessage) value(name string) (string, bool) {
	for _, f := range m.fields {
		if f.name == name {
			return f.value, true
		}
	}
	return "", false
}

// method returns the method of a request, "" for a response or garbage.
func (m wireMessage) method() string {
	method, rest, ok := strings.Cut(string(m.start), " ")
	if !ok || !strings.HasSuffix(rest, " SIP/2.0") || !isToken(method) {
		return ""
	}
	return method
}

// sequence is the number of CSeq, 0 when there is none to read.
func (m wireMessage) sequence() uint32 {
	v, _ := m.value("cseq")
	number, _, _ := strings.Cut(v, " ")
	n, _ := strconv.ParseUint(number, 10, 32)
	return uint32(n)
}

func (m wireMessage) isResponse() bool { return bytes.HasPrefix(m.start, []byte("SIP/2.0 ")) }

// status returns the code of a response, 0 for a request or garbage.
func (m wireMessage) status() int {
	code, ok := bytes.CutPrefix(m.start, []byte("SIP/2.0 "))
	if !ok || len(code) < 3 {
		return 0
	}
	n, err := strconv.ParseUint(string(code[:3]), 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// contentLength returns the declared body length; ok is false when it is absent,
// given twice, or not a number.
func (m wireMessage) contentLength() (n int, ok bool) {
	v, ok := m.value("content-length")
	if !ok || m.count("content-length") > 1 {
		return 0, false
	}
	u, err := strconv.ParseUint(v, 10, 31)
	return int(u), err == nil
}

func (m wireMessage) count(name string) int {
	n := 0
	for _, f := range m.fields {
		if f.name == name {
			n++
		}
	}
	return n
}

// content is the body that the message declares: bytes beyond Content-Length are
// discarded (RFC 3261 section 18.3).
func (m wireMessage) content() []byte {
	if n, ok := m.contentLength(); ok && n < len(m.body) {
		return m.body[:n]
	}
	return m.body
}

// singletons are the fields that two readers of a message could disagree about if
// they came twice.
var singletons = []string{"from", "to", "call-id", "cseq", "content-length", "max-forwards"}

// plain reports what would make two readers see different messages in the same bytes.
func (m wireMessage) plain(data []byte) error {
	if !m.whole {
		return errors.New("the header does not end")
	}
	header := data[:len(data)-len(m.body)]
	for _, c := range []byte("\r\n") {
		if bytes.Count(header, []byte{c}) != bytes.Count(header, []byte("\r\n")) {
			return errors.New("a line does not end in CRLF")
		}
	}
	for _, name := range singletons {
		if m.count(name) > 1 {
			return fmt.Errorf("more than one %s", name)
		}
	}
	if m.count("content-length") > 0 {
		if _, ok := m.contentLength(); !ok {
			return errors.New("bad Content-Length")
		}
	}
	return nil
}

// isToken reports whether s is a token (RFC 3261 section 25.1).
func isToken(s string) bool {
	return s != "" && !slices.ContainsFunc([]byte(s), func(c byte) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		return !letter && !strings.ContainsRune("-.!%*_+`'~", rune(c))
	})
}

// tagOf returns the tag parameter of a From or To value, empty without one.
func tagOf(value string) string {
	params := value
	if i := strings.LastIndexByte(value, '>'); i >= 0 {
		params = value[i+1:]
	}
	for p := range strings.SplitSeq(params, ";") {
		if k, v, _ := strings.Cut(p, "="); strings.EqualFold(strings.TrimSpace(k), "tag") {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// IsCut reports whether a message has fewer bytes of body than its Content-Length says,
// or a header that does not end.
func IsCut(data []byte) bool {
	m := scanWire(data)
	n, ok := m.contentLength()
	return !m.whole || ok && len(m.body) < n
}
