package sipprobe

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
)

// A stateless is a response built from the request's own bytes (RFC 3261 section
// 8.2.6), with received and rport as RFC 3581 section 4 asks. The To tag is derived
// from the request, so that retransmissions get the same one.
type stateless struct {
	message  wireMessage
	from     netip.AddrPort
	status   string // "401 Unauthorized"
	header   string // one more field; empty leaves it out
	software string // Server; empty leaves it out
	// terse saves what a datagram can do without: long names, the reason, and the
	// Content-Length.
	terse bool
}

// shortForms are the compact names of what a response repeats (RFC 3261 section 7.3.3).
var shortForms = map[string]string{"via": "v", "from": "f", "to": "t", "call-id": "i"}

func (s stateless) bytes() []byte {
	var b bytes.Buffer
	status := s.status
	if s.terse {
		status = status[:len("401 ")]
	}
	fmt.Fprintf(&b, "SIP/2.0 %s\r\n", status)
	top := true
	for _, f := range s.message.fields {
		switch f.name {
		case "via":
			if top {
				f.raw = []byte("Via: " + viaReceived(f.value, s.from))
			}
			top = false
		case "to":
			if tagOf(f.value) == "" {
				f.raw = append(bytes.Clone(f.raw), ";tag="+statelessTag(s.message)...)
			}
		case "from", "call-id", "cseq":
		default:
			continue
		}
		s.field(&b, f)
	}
	if s.header != "" {
		b.WriteString(s.header + "\r\n")
	}
	if s.software != "" {
		b.WriteString("Server: " + s.software + "\r\n")
	}
	if !s.terse {
		b.WriteString("Content-Length: 0\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

func (s stateless) field(b *bytes.Buffer, f wireField) {
	if name, ok := shortForms[f.name]; ok && s.terse {
		_, value, _ := strings.Cut(string(f.raw), ":")
		b.WriteString(name + ":" + strings.TrimLeft(value, " \t"))
	} else {
		b.Write(f.raw)
	}
	b.WriteString("\r\n")
}
