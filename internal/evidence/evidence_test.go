package evidence_test

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

func message(sent bool, transport sipprobe.Transport, note, text string) sipprobe.Record {
	return sipprobe.Record{Sent: sent, Transport: transport, Note: note, Data: []byte(text)}
}

func TestTrace(t *testing.T) {
	run := evidence.Run{ID: "abc"}
	l := &evidence.Ledger{Tape: []sipprobe.Record{
		message(true, sipprobe.UDP, "", "INVITE x\r\nCall-ID: abc-call"),
		message(true, sipprobe.UDP, "not sent: no route", "INVITE x\r\nCall-ID: abc-call"),
		message(false, sipprobe.UDP, "not handled", "SIP/2.0 180 Ringing\r\nCall-ID: abc-call\r\n"),
		message(false, sipprobe.UDP, "", "BYE x\r\nCall-ID: abc-call;x"),
		message(true, sipprobe.UDP, "", "SIP/2.0 200 OK\r\nCall-ID: abc-call"),
		message(true, sipprobe.TCP, "", "INVITE x\r\nCall-ID: abc-call"),
		message(true, sipprobe.UDP, "", "INVITE x\r\nCall-ID: abc-call-latched"),
		message(true, sipprobe.UDP, "", "INVITE x\r\nCall-ID: abc-call2 abc-call."),
	}}
	want := evidence.Trace{SentRequests: 2, ReceivedRequests: 1, SentResponses: 1, ReceivedResponses: 1}
	if got := l.Trace(run.Token("call"), sipprobe.UDP); *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	if got := (*evidence.Ledger)(nil).Trace("abc", sipprobe.UDP); got != nil {
		t.Errorf("no ledger: %+v, want unknown", got)
	}
	if got := run.PairingToken(sipprobe.TLS); got != "abc-pair-tls" {
		t.Error(got)
	}
}

func TestListening(t *testing.T) {
	l := &evidence.Ledger{Sockets: []evidence.Socket{{Transport: sipprobe.UDP, Error: "in use"}, {Transport: sipprobe.TCP}}}
	if l.Listening(sipprobe.UDP) || !l.Listening(sipprobe.TCP) || (*evidence.Ledger)(nil).Listening(sipprobe.TCP) {
		t.Error("a socket that failed is taken for one that listens, or none for some")
	}
}

func TestEnds(t *testing.T) {
	end := &evidence.CallEnd{}
	for _, row := range []struct {
		facts *evidence.CallFacts
		want  int
	}{{nil, 0}, {&evidence.CallFacts{}, 0}, {&evidence.CallFacts{Responder: end}, 1}, {&evidence.CallFacts{Client: end, Responder: end}, 2}} {
		if got := len(row.facts.Ends()); got != row.want {
			t.Errorf("%+v: %d ends, want %d", row.facts, got, row.want)
		}
	}
}

func TestEvidenceSurvivesItsFile(t *testing.T) {
	behind := true
	ev := &evidence.Evidence{Schema: evidence.Schema, Run: evidence.Run{ID: "abc", Address: netip.MustParseAddr("2001:db8::1")},
		Pairing: evidence.Pairing{ClientBehindNAT: &behind},
		Checks:  []evidence.Check{{Control: "x", CallFacts: &evidence.CallFacts{Client: &evidence.CallEnd{Fault: "no port"}}}},
		Client:  evidence.Ledger{Tape: []sipprobe.Record{message(true, sipprobe.UDP, "", "bytes \xff\x00")}}}
	var file bytes.Buffer
	if err := ev.Write(&file); err != nil {
		t.Fatal(err)
	}
	got, err := evidence.Read(&file)
	if err != nil || !reflect.DeepEqual(got, ev) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, ev)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, row := range map[string]struct{ file, want string }{
		"nothing":      {"", "not evidence"},
		"no JSON":      {"hello", "not evidence"},
		"another form": {`{"schema":"bothways/report/v1"}`, `"bothways/report/v1"`},
		"cut":          {`{"schema":"bothways/evidence/v1","run":{`, "not evidence"},
	} {
		if _, err := evidence.Read(strings.NewReader(row.file)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}
