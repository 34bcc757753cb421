package service

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// A talk is one exchange over a connection.
type talk struct {
	*Said
	name string
	conn net.Conn
	// read is what was heard so far since the start, or since TLS began.
	read bytes.Buffer
}

func (t *talk) converse() {
	switch t.Protocol {
	case HTTP:
		t.head()
	case XMPP:
		t.xmpp()
	case SIP:
		t.options("TCP")
	case TLS, HTTPS, SIPS:
		c := t.secure()
		if c == nil {
			return
		}
		t.Outcome, t.Line = Fits, tls.VersionName(c.ConnectionState().Version)
		switch t.Protocol {
		case HTTPS:
			t.head()
		case SIPS:
			t.Outcome = ""
			t.options("TLS")
		}
	}
}

// Read reads a bounded part of what the peer says.
func (t *talk) Read(b []byte) (int, error) {
	if t.read.Len() >= maxRead {
		return 0, io.EOF
	}
	n, err := t.conn.Read(b)
	t.read.Write(b[:n])
	return n, err
}

// head asks for the head of the first page. A TLS server that says nothing to it, since
// it wants a certificate of the client first, has answered the handshake all the same.
func (t *talk) head() {
	_, err := fmt.Fprintf(t.conn, "HEAD / HTTP/1.1\r\nHost: %s\r\nUser-Agent: bothways\r\nAccept: */*\r\nConnection: close\r\n\r\n", bracketed(t.name))
	if err == nil {
		var response *http.Response
		if response, err = http.ReadResponse(bufio.NewReader(t), &http.Request{Method: http.MethodHead}); err == nil {
			response.Body.Close()
			t.Outcome, t.Line = Fits, printable(response.Proto+" "+response.Status)
			t.Software = printable(response.Header.Get("Server"))
			return
		}
	}
	t.end(t.read.Bytes(), err)
}

// bracketed is a host as it stands in a URI: an IPv6 address in brackets.
func bracketed(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		return "[" + host + "]"
	}
	return host
}

// secure makes the handshake, and keeps the certificate; nil when it failed.
func (t *talk) secure() *tls.Conn {
	// Who is there is all that is asked; whether to trust it is for others to say.
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
	if _, err := netip.ParseAddr(t.name); err != nil {
		cfg.ServerName = t.name
	}
	t.read.Reset()
	c := tls.Client(&tapped{Conn: t.conn, t: t}, cfg)
	err := c.Handshake()
	heard := bytes.Clone(t.read.Bytes())
	t.read.Reset()
	if sent := c.ConnectionState().PeerCertificates; len(sent) > 0 {
		sum := sha256.Sum256(sent[0].Raw)
		t.CertificateSHA256, t.CertificateSubject = hex.EncodeToString(sum[:]), printable(sent[0].Subject.String())
	}
	if err != nil {
		if spokeTLS(heard) {
			t.Outcome, t.Line, t.Error = Fits, "TLS, refused: "+printable(err.Error()), err.Error()
		} else {
			t.end(heard, err)
		}
		return nil
	}
	t.conn = c
	return c
}

// tapped keeps what a handshake read.
type tapped struct {
	net.Conn
	t *talk
}

func (c *tapped) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if room := maxRead - c.t.read.Len(); room > 0 {
		c.t.read.Write(b[:min(n, room)])
	}
	return n, err
}

// spokeTLS reports whether what was heard begins as an alert or a handshake of TLS (RFC 8446 section 5.1).
func spokeTLS(b []byte) bool {
	return len(b) >= 3 && (b[0] == 21 || b[0] == 22) && b[1] == 3 && b[2] <= 4
}

var (
	streamHeader = regexp.MustCompile(`<(?:[a-zA-Z]+:)?stream\s[^>]*>`)
	streamID     = regexp.MustCompile(`\sid=(?:'([^'<]*)'|"([^"<]*)")`)
	featuresEnd  = regexp.MustCompile(`</(?:[a-zA-Z]+:)?features>|<(?:[a-zA-Z]+:)?features\s*/>|</(?:[a-zA-Z]+:)?stream>`)
	proceeds     = regexp.MustCompile(`<proceed[\s/>]|<failure[\s/>]|</(?:[a-zA-Z]+:)?stream>`)
)

// xmpp opens a stream, and begins TLS where that is offered.
func (t *talk) xmpp() {
	_, err := fmt.Fprintf(t.conn, "<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", t.name)
	if err == nil {
		err = t.until(featuresEnd)
	}
	header := streamHeader.FindString(t.read.String())
	if header == "" || !strings.Contains(t.read.String(), "http://etherx.jabber.org/streams") {
		t.end(t.read.Bytes(), err)
		return
	}
	t.Outcome, t.Line = Fits, "XMPP stream"
	if id := streamID.FindStringSubmatch(header); id != nil {
		t.Stream = printable(id[1] + id[2])
	}
	if !strings.Contains(t.read.String(), "urn:ietf:params:xml:ns:xmpp-tls") {
		io.WriteString(t.conn, "</stream:stream>")
		return
	}
	t.read.Reset()
	if _, err = io.WriteString(t.conn, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"); err == nil {
		err = t.until(proceeds)
	}
	if err == nil && strings.Contains(t.read.String(), "<proceed") {
		t.secure()
		t.Outcome = Fits // the stream was one, whatever became of TLS
	}
}

// until reads until something comes.
func (t *talk) until(what *regexp.Regexp) error {
	buf := make([]byte, 2048)
	for !what.Match(t.read.Bytes()) {
		if _, err := t.Read(buf); err != nil {
			return err
		}
	}
	return nil
}

// options asks by OPTIONS.
func (t *talk) options(via string) {
	q := newQuestion(via, addrPort(t.conn.LocalAddr()), t.Remote, t.name)
	t.read.Reset()
	_, err := t.conn.Write(q.request)
	for err == nil && !q.answers(t.Said, t.read.Bytes()) {
		_, err = t.Read(make([]byte, 2048))
	}
	t.end(t.read.Bytes(), err)
}

// A question is an OPTIONS with what tells its answer.
type question struct {
	request []byte
	token   string
}

func newQuestion(via string, local, remote netip.AddrPort, name string) question {
	q := question{token: strings.ToLower(rand.Text())}
	scheme := "sip"
	if via == "TLS" {
		scheme = "sips"
	}
	q.request = fmt.Appendf(nil, "OPTIONS %[1]s:%[2]s:%[3]d SIP/2.0\r\nVia: SIP/2.0/%[4]s %[5]s;branch=z9hG4bK%[6]s;rport\r\nMax-Forwards: 70\r\n"+
		"From: <%[1]s:bothways@%[5]s>;tag=%[7]s\r\nTo: <%[1]s:%[2]s>\r\nCall-ID: %[6]s\r\nCSeq: 1 OPTIONS\r\n"+
		"Contact: <%[1]s:bothways@%[5]s>\r\nUser-Agent: bothways\r\nAccept: application/sdp\r\nContent-Length: 0\r\n\r\n",
		scheme, bracketed(name), remote.Port(), via, local, q.token, q.token[:8])
	return q
}

// answers reports whether a final answer to the question was heard, and keeps it.
func (q question) answers(s *Said, heard []byte) bool {
	head, _, whole := bytes.Cut(heard, []byte("\r\n\r\n"))
	if !whole || !bytes.HasPrefix(head, []byte("SIP/2.0 ")) || !bytes.Contains(head, []byte(q.token)) {
		return false
	}
	s.Outcome, s.Line = Fits, line(head)
	for l := range strings.Lines(string(head)) {
		name, value, _ := strings.Cut(l, ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "server", "user-agent":
			s.Software = printable(strings.TrimSpace(value))
		}
	}
	return true
}
