package sipdiff

import (
	"bytes"
	"strconv"
	"strings"
)

// A Message is a SIP message as bytes with names. The zero value is an empty one.
type Message struct {
	// Lead holds line ends before the start line (RFC 3261 section 7.5).
	Lead []byte
	// Start is the start line with its line end.
	Start []byte
	// Headers are the header lines in order, each with its folded lines.
	Headers []Header
	// End is the empty line after the headers; nil when the message ends before it.
	End []byte
	// Body is everything after End.
	Body Body
}

// A Header is one header line, or several that are folded into one.
type Header struct {
	// Name is the canonical name: "Via" for "v" and "VIA"; empty for a line without a colon.
	Name string
	// Raw is the line as it stands, with its line end.
	Raw []byte
	// lead is Raw up to the value, value what follows it, without the line end.
	lead, value string
}

// Value is the header's value as written, folding and inner spaces included, without
// blanks around it.
func (h Header) Value() string { return h.value }

// A Body is what follows the headers, all of it, whatever Content-Length says.
type Body struct {
	// Raw holds all bytes.
	Raw []byte
	// Declared is the value of Content-Length, -1 when there is none or it cannot be read.
	Declared int
	// lines are those of an SDP body, parts those of a multipart one; at most one is set.
	lines []sdpLine
	parts *multipart
}

// Beyond counts the bytes after those that Content-Length declares, 0 without it.
func (b Body) Beyond() int {
	if b.Declared < 0 {
		return 0
	}
	return max(len(b.Raw)-b.Declared, 0)
}

// Short counts the bytes that Content-Length declares and that are not there.
func (b Body) Short() int { return max(b.Declared-len(b.Raw), 0) }

// Parse names the parts of a message. It takes any bytes, keeps references to them
// and never fails.
func Parse(data []byte) Message {
	var m Message
	rest := data
	for {
		line, after := cutLine(rest)
		if len(line) == 0 || len(trimEnd(line)) > 0 {
			break
		}
		m.Lead = data[:len(m.Lead)+len(line)]
		rest = after
	}
	m.Start, rest = cutLine(rest)
	m.Headers, m.End, rest = parseHeaders(rest)
	m.Body = parseBody(m.Headers, rest, 0)
	return m
}

// Bytes puts the message together again from its parts: what Parse was given.
func (m Message) Bytes() []byte {
	out := append([]byte(nil), m.Lead...)
	out = append(out, m.Start...)
	out = appendHeaders(out, m.Headers)
	out = append(out, m.End...)
	return m.Body.appendTo(out)
}

func appendHeaders(out []byte, headers []Header) []byte {
	for _, h := range headers {
		out = append(out, h.Raw...)
	}
	return out
}

func (b Body) appendTo(out []byte) []byte {
	switch {
	case b.lines != nil:
		for _, l := range b.lines {
			out = append(out, l.raw...)
		}
	case b.parts != nil:
		out = b.parts.appendTo(out)
	default:
		out = append(out, b.Raw...)
	}
	return out
}

// IsResponse reports whether the start line is a status line.
func (m Message) IsResponse() bool { return bytes.HasPrefix(m.Start, []byte("SIP/")) }

// Value is the value of the first header with this canonical name, empty without one.
func (m Message) Value(name string) string { return firstValue(m.Headers, name) }

func firstValue(headers []Header, name string) string {
	for _, h := range headers {
		if h.Name == name {
			return h.value
		}
	}
	return ""
}

// cutLine returns the first line with its line end, and what follows. A carriage
// return alone ends no line.
func cutLine(data []byte) (line, rest []byte) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		return data, nil
	}
	return data[:i+1], data[i+1:]
}

// trimEnd is the line without its line end.
func trimEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

// parseHeaders reads header lines up to an empty one.
func parseHeaders(data []byte) (headers []Header, end, body []byte) {
	for len(data) > 0 {
		line, rest := cutLine(data)
		if len(trimEnd(line)) == 0 {
			return headers, line, rest
		}
		n := len(line)
		for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
			line, rest = cutLine(rest)
			n += len(line)
		}
		headers = append(headers, newHeader(data[:n]))
		data = data[n:]
	}
	return headers, nil, nil
}

func newHeader(raw []byte) Header {
	text := string(trimEnd(raw))
	h := Header{Raw: raw, value: strings.Trim(text, " \t\r\n")}
	if i := strings.IndexByte(text, ':'); i >= 0 && raw[0] != ' ' && raw[0] != '\t' {
		h.Name = canonical(strings.TrimRight(text[:i], " \t\r\n"))
		h.value = strings.Trim(text[i+1:], " \t\r\n")
		h.lead = text[:len(text)-len(strings.TrimLeft(text[i+1:], " \t\r\n"))]
	}
	return h
}

// end is what stands after the value: blanks and the line end.
func (h Header) end() string { return string(h.Raw[min(len(h.lead)+len(h.value), len(h.Raw)):]) }

func parseBody(headers []Header, raw []byte, depth int) Body {
	b := Body{Raw: raw, Declared: -1}
	if n, err := strconv.ParseUint(firstValue(headers, "Content-Length"), 10, 31); err == nil {
		b.Declared = int(n)
	}
	if len(raw) == 0 {
		return b
	}
	kind, params, _ := strings.Cut(firstValue(headers, "Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch {
	case kind == "application/sdp", kind == "" && bytes.HasPrefix(raw, []byte("v=")):
		b.lines = parseSDP(raw)
	case strings.HasPrefix(kind, "multipart/") && depth < maxDepth:
		b.parts = parseMultipart(raw, boundary(params), depth)
	}
	return b
}
