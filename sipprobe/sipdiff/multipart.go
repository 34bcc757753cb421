package sipdiff

import (
	"bytes"
	"strconv"
	"strings"
)

// maxDepth is how many multipart bodies are looked for inside each other.
const maxDepth = 4

// A multipart is a body of parts (RFC 2046 section 5.1).
type multipart struct {
	before []byte // what stands before the first part
	parts  []part
	after  []byte // the closing delimiter and what follows it; empty without one
}

// A part is one part with the delimiter line before it.
type part struct {
	delimiter []byte
	headers   []Header
	end       []byte
	body      Body
}

// boundary is the boundary parameter of a Content-Type, empty without one.
func boundary(tail string) string {
	for _, f := range params("", tail) {
		if f.Name == "boundary" {
			return strings.Trim(f.Value, `"`)
		}
	}
	return ""
}

// parseMultipart cuts a body at its delimiter lines; nil when there is no boundary or
// no part.
func parseMultipart(data []byte, boundary string, depth int) *multipart {
	if boundary == "" {
		return nil
	}
	var m multipart
	var starts []int // where each delimiter line begins
	delimiter, closing := []byte("--"+boundary), -1
	for at := 0; at < len(data); {
		line, _ := cutLine(data[at:])
		if rest, ok := bytes.CutPrefix(bytes.TrimRight(line, " \t\r\n"), delimiter); ok {
			if string(rest) == "--" {
				closing = at
				break
			}
			if len(rest) == 0 {
				starts = append(starts, at)
			}
		}
		at += len(line)
	}
	if len(starts) == 0 {
		return nil
	}
	end := len(data)
	if closing >= 0 {
		end, m.after = closing, data[closing:]
	}
	m.before = data[:starts[0]]
	for i, from := range starts {
		to := end
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		m.parts = append(m.parts, parsePart(data[from:to], depth))
	}
	return &m
}

func parsePart(data []byte, depth int) part {
	var p part
	var rest []byte
	p.delimiter, rest = cutLine(data)
	p.headers, p.end, rest = parseHeaders(rest)
	p.body = parseBody(p.headers, rest, depth+1)
	return p
}

func (m *multipart) appendTo(out []byte) []byte {
	out = append(out, m.before...)
	for _, p := range m.parts {
		out = append(out, p.delimiter...)
		out = appendHeaders(out, p.headers)
		out = append(out, p.end...)
		out = p.body.appendTo(out)
	}
	return append(out, m.after...)
}

func (m *multipart) fields(prefix string) []Field {
	var out []Field
	for i, p := range m.parts {
		label := partLabel(prefix, i)
		for _, it := range itemize(p.headers) {
			it.label = label + it.label
			out = append(out, it.full("")...)
		}
		out = append(out, p.body.fields(label)...)
	}
	return out
}

func partLabel(prefix string, i int) string { return prefix + "part[" + strconv.Itoa(i) + "] " }
