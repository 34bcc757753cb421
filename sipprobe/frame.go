package sipprobe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxMessageBytes bounds one SIP message on a stream. A longer one ends the connection.
const MaxMessageBytes = 32 << 10

var (
	errTooLong  = errors.New("message longer than 32 KiB")
	errNoLength = errors.New("no usable Content-Length on a stream (RFC 3261 section 18.3)")
	errNotSIP   = errors.New("not SIP")
)

// A framer cuts a byte stream into whole SIP messages (RFC 3261 section 18.3).
// sipgo reads streams too, but takes a segment of a lone CRLF in the middle of a
// message for a keep-alive; middleboxes do re-segment, so it only ever sees
// whole messages.
type framer struct {
	r     io.Reader
	buf   []byte
	chunk [4096]byte
	pong  func() error // answers a CRLF CRLF keep-alive (RFC 5626 section 3.5.1)
}

// next returns one message; the slice is the caller's. Data that cannot be framed
// comes back together with the error.
func (f *framer) next() ([]byte, error) {
	for {
		if err := f.skipKeepAlives(); err != nil {
			return nil, err
		}
		n := 0
		if !f.maybeKeepAlive() {
			var err error
			if n, err = frameLength(f.buf); err != nil {
				return bytes.Clone(f.buf), err
			}
		}
		if n > 0 && len(f.buf) >= n {
			msg := bytes.Clone(f.buf[:n])
			f.drop(n)
			return msg, nil
		}
		if err := f.fill(); err != nil {
			return bytes.Clone(f.buf), err
		}
	}
}

func (f *framer) fill() error {
	n, err := f.r.Read(f.chunk[:])
	f.buf = append(f.buf, f.chunk[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

func (f *framer) drop(n int) { f.buf = append(f.buf[:0], f.buf[n:]...) }

const ping = "\r\n\r\n"

// maybeKeepAlive reports whether what is there could become a ping.
func (f *framer) maybeKeepAlive() bool { return strings.HasPrefix(ping, string(f.buf)) }

// skipKeepAlives drops CRLFs between messages; two in a row are a ping.
func (f *framer) skipKeepAlives() error {
	for !f.maybeKeepAlive() || len(f.buf) == len(ping) {
		switch {
		case bytes.HasPrefix(f.buf, []byte(ping)):
			f.drop(len(ping))
			if err := f.pong(); err != nil {
				return err
			}
		case bytes.HasPrefix(f.buf, []byte("\r\n")):
			f.drop(2)
		default:
			return nil
		}
	}
	return nil
}

// frameLength returns how many bytes the first message takes, 0 when the header is not complete yet.
func frameLength(buf []byte) (int, error) {
	end := bytes.Index(buf, []byte("\r\n\r\n"))
	if end < 0 {
		if len(buf) > MaxMessageBytes {
			return 0, errTooLong
		}
		return 0, startError(buf)
	}
	m := scanWire(buf[:end+4])
	if !m.isResponse() && m.method() == "" {
		return 0, errNotSIP
	}
	body, ok := m.contentLength()
	if !ok {
		return 0, errNoLength
	}
	if n := end + 4 + body; n <= MaxMessageBytes {
		return n, nil
	}
	return 0, fmt.Errorf("%w: Content-Length %d", errTooLong, body)
}

// startError recognises a peer that speaks something else (HTTP, TLS, noise) by its
// first word or its first line, instead of waiting for a header that never ends.
func startError(buf []byte) error {
	line, _, whole := cutLine(buf)
	word, _, ended := bytes.Cut(line, []byte(" "))
	if !strings.HasPrefix("SIP/2.0", string(word)) && !isToken(string(word)) {
		return errNotSIP
	}
	if whole || ended && len(word) == 0 {
		if m := (wireMessage{start: line}); !m.isResponse() && m.method() == "" {
			return errNotSIP
		}
	}
	return nil
}
