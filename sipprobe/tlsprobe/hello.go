package tlsprobe

import (
	"encoding/binary"
	"fmt"
	"net"
)

// maxHeard bounds what is kept of a server's first words: a hello fits many times.
const maxHeard = 32 << 10

// An ear keeps the first bytes that a connection brings.
type ear struct {
	net.Conn
	heard []byte
	sent  int64
}

// Read reads, and keeps the beginning.
func (e *ear) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	if room := maxHeard - len(e.heard); room > 0 {
		e.heard = append(e.heard, p[:min(n, room)]...)
	}
	return n, err
}

// Write writes, and counts.
func (e *ear) Write(p []byte) (int, error) {
	n, err := e.Conn.Write(p)
	e.sent += int64(n)
	return n, err
}

// words are what a server said first: its hello, or a fatal alert, or something strange.
type words struct {
	hello   *serverHello
	alert   *uint8
	strange bool
}

type serverHello struct {
	version, cipher uint16
}

// The types of records and messages that matter here (RFC 8446 sections 4, 5.1 and 6).
const (
	recordAlert       = 21
	recordHandshake   = 22
	messageHello      = 2
	extensionVersions = 43
	levelWarning      = 1
	closeNotify       = 0
)

// listen reads the first records of a server.
func listen(data []byte) words {
	var message []byte
	var warning *uint8
	for first := true; len(data) >= 5; first = false {
		kind, length := data[0], int(binary.BigEndian.Uint16(data[3:]))
		if data[1] != 3 || kind < 20 || kind > 24 {
			return words{strange: first}
		}
		body := data[5:min(len(data), 5+length)]
		data = data[min(len(data), 5+length):]
		switch kind {
		case recordAlert:
			switch {
			case len(body) != 2:
			case body[0] != levelWarning:
				return words{alert: &body[1]}
			case body[1] != closeNotify:
				warning = &body[1] // the last word, if nothing follows
			}
		case recordHandshake:
			message = append(message, body...)
			if hello, whole := readHello(message); whole {
				return words{hello: hello}
			}
		}
	}
	return words{alert: warning, strange: len(data) > 0 && len(message) == 0 && (data[0] < 20 || data[0] > 24)}
}

// readHello reads a ServerHello; whole is true when the message is all there, or is
// none.
func readHello(m []byte) (hello *serverHello, whole bool) {
	if len(m) < 4 {
		return nil, false
	}
	length := int(m[1])<<16 | int(m[2])<<8 | int(m[3])
	if m[0] != messageHello {
		return nil, true
	}
	if len(m) < 4+length {
		return nil, false
	}
	m = m[4 : 4+length]
	const fixed = 2 + 32 + 1 // version, random, length of the session's ID
	if len(m) < fixed || len(m) < fixed+int(m[fixed-1])+3 {
		return nil, true
	}
	h := &serverHello{version: binary.BigEndian.Uint16(m)}
	m = m[fixed+int(m[fixed-1]):]
	h.cipher = binary.BigEndian.Uint16(m)
	if v, ok := chosenVersion(m[3:]); ok {
		h.version = v
	}
	return h, true
}

// chosenVersion finds the version of TLS 1.3 and later, which is an extension.
func chosenVersion(m []byte) (uint16, bool) {
	if len(m) < 2 {
		return 0, false
	}
	for m = m[2:]; len(m) >= 4; {
		kind, length := binary.BigEndian.Uint16(m), int(binary.BigEndian.Uint16(m[2:]))
		m = m[4:]
		if len(m) < length {
			break
		}
		if kind == extensionVersions && length == 2 {
			return binary.BigEndian.Uint16(m), true
		}
		m = m[length:]
	}
	return 0, false
}

// alertName is an alert's name in RFC 8446 section 6 and its forerunners.
func alertName(code uint8) string {
	names := map[uint8]string{
		0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
		42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
		46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
		51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
		86: "inappropriate_fallback", 90: "user_canceled", 109: "missing_extension", 110: "unsupported_extension",
		112: "unrecognized_name", 115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
	}
	if name := names[code]; name != "" {
		return name
	}
	return fmt.Sprintf("alert %d", code)
}
