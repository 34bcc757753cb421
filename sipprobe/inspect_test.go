package sipprobe_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"bothways/sipprobe"
)

// What two parsers could disagree about is taped and goes no further.
func TestInspection(t *testing.T) {
	ok := request("INFO", "a")
	swap := func(old, new string) string { return strings.Replace(ok, old, new, 1) }
	for name, row := range map[string]struct{ message, note string }{
		"good":                 {ok, ""},
		"folded":               {swap("From: ", "From:\r\n "), ""},
		"longer than declared": {ok + "trailing", ""},
		"keep-alive":           {"\r\n\r\n", "keep-alive"},
		"zeros":                {"\x00\x00\x00\x00", "keep-alive"},
		"lower case method":    {swap("INFO sip", "info sip"), "not a SIP/2.0 request"},
		"other version":        {swap("SIP/2.0\r\n", "SIP/2.1\r\n"), "not a SIP/2.0"},
		"other CSeq method":    {swap("1 INFO", "1 INVITE"), "another method"},
		"bare LF":              {swap("\r\nFrom", "\nFrom"), "CRLF"},
		"hidden field":         {swap("Max-Forwards", "X: y\nAuthorization: z\r\nMax-Forwards"), "CRLF"},
		"two Call-IDs":         {swap("Max-Forwards", "i: other\r\nMax-Forwards"), "more than one call-id"},
		"no branch":            {swap(";branch=z9hG4bKa", ""), "no branch"},
		"no Via":               {without(ok, "Via"), "no Via"},
		"no Call-ID":           {without(ok, "Call-ID"), "no Call-ID"},
		"no CSeq":              {without(ok, "CSeq"), "no CSeq"},
		"no To":                {without(ok, "To"), "no From or To"},
		"body cut short":       {swap("Content-Length: 0", "Content-Length: 10"), "incomplete"},
		"half a header":        {ok[:len(ok)/2], "does not end"},
		"stray ACK":            {strings.ReplaceAll(ok, "INFO", "ACK"), "no call"},
		"stray CANCEL":         {strings.ReplaceAll(ok, "INFO", "CANCEL"), "no call"},
		"status 42":            {"SIP/2.0 42 What" + ok[strings.Index(ok, "\r\n"):], "not a SIP/2.0 response"},
		"stray response":       {"SIP/2.0 200 OK" + ok[strings.Index(ok, "\r\n"):], "no request"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, tape := newMemory(), &sipprobe.Tape{}
				m.endpoint(t, serverAddr, sipprobe.EndpointConfig{Tape: tape, Serve: answer200})
				answers := m.node(peerAddr).say(serverAt, row.message)
				if (len(answers) == 1) != (row.note == "") {
					t.Errorf("answers %q", answers)
				}
				got := tape.Records("")[0]
				if string(got.Data) != row.message || !strings.Contains(got.Note, row.note) || row.note == "" && got.Note != "" {
					t.Errorf("noted %q, want %q", got.Note, row.note)
				}
			})
		})
	}
}

func TestIncoming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.endpoint(t, serverAddr, guarded(func(in *sipprobe.Incoming) {
			if !in.Authenticated() || in.User != "me" || in.Header("user-agent") != "x/1" || in.Header("none") != "" {
				t.Errorf("user %q, agent %q", in.User, in.Header("User-Agent"))
			}
			if in.Source.String() != clientAddr || in.Local != serverAt || in.ContentType != "a/b" || string(in.Body) != "body" {
				t.Errorf("%+v", in)
			}
			in.Reply(200, "OK", sipprobe.Body{Type: "c/d", Encoding: "gzip", Data: []byte("reply")})
		}))
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{Key: testKey, User: "me", Software: "x/1"})
		x := client.Message(t.Context(), sipprobe.Target{Peer: serverAt, Token: "a", Host: "site.example"}, "a/b", "", []byte("body"))
		if x.Outcome != sipprobe.Accepted || string(x.Body()) != "reply" {
			t.Errorf("%+v", x)
		}
		if start := firsts([]string{m.flights()[0].data})[0]; start != "MESSAGE sip:me@site.example SIP/2.0" {
			t.Error(start)
		}
		if (&sipprobe.Exchange{}).Body() != nil {
			t.Error("a body without an answer")
		}
	})
}

// flaky fails to read now and then, as sockets of Windows do after a refused datagram.
type flaky struct {
	*node
	n int
}

func (f *flaky) ReadFrom(b []byte) (int, net.Addr, error) {
	if f.n++; f.n%4 != 0 {
		return 0, nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	}
	return f.node.ReadFrom(b)
}

func TestErrorsOfOneReadAreSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: &flaky{node: m.node(serverAddr)}, Serve: answer200})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{})
		for _, token := range []string{"a", "b", "c"} {
			if x := client.Options(t.Context(), sipprobe.Target{Peer: serverAt, Token: token}); x.Outcome != sipprobe.Accepted {
				t.Errorf("%+v", x)
			}
		}
	})
}

func TestTransport(t *testing.T) {
	for _, tr := range sipprobe.Transports() {
		got, err := sipprobe.ParseTransport(tr.String())
		if err != nil || got != tr || tr.Reliable() == (tr == sipprobe.UDP) || tr.DefaultPort() != map[bool]uint16{true: 5061, false: 5060}[tr == sipprobe.TLS] {
			t.Errorf("%s: %v, %v, port %d", tr, got, err, tr.DefaultPort())
		}
	}
	if got, err := sipprobe.ParseTransport("sctp"); err == nil {
		t.Error(got)
	}
}
