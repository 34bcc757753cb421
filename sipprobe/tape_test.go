package sipprobe_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
)

func TestTapeIsBounded(t *testing.T) {
	tape := &sipprobe.Tape{MaxBytes: 10_000}
	for i := range 1000 {
		tape.Add(sipprobe.Record{Data: fmt.Appendf(nil, "message %04d", i)})
	}
	got := tape.Records("")
	if n := len(got); n == 0 || n > 60 || n+tape.Dropped() != 1000 {
		t.Fatalf("%d records, %d dropped", n, tape.Dropped())
	}
	for i, r := range got {
		if want := fmt.Sprintf("message %04d", tape.Dropped()+i); string(r.Data) != want {
			t.Fatalf("record %d is %q, want %q", i, r.Data, want)
		}
	}
	tape.Add(sipprobe.Record{Data: make([]byte, 20_000)})
	if n := len(tape.Records("")); n != 1 {
		t.Errorf("%d records beside one that is too large", n)
	}
	var none *sipprobe.Tape
	none.Add(sipprobe.Record{})
	if none.Records("") != nil || none.Dropped() != 0 {
		t.Error("a nil tape recorded")
	}
}

func TestTapeFiltersAndCopies(t *testing.T) {
	tape, data := &sipprobe.Tape{}, []byte("one token-1")
	tape.Add(sipprobe.Record{Data: data})
	tape.Add(sipprobe.Record{Data: []byte("two")})
	data[0] = 'X'
	got := tape.Records("token-1")
	if len(got) != 1 || string(got[0].Data) != "one token-1" {
		t.Errorf("%+v", got)
	}
}

// TestTapeKnowsWhatARunLost: a tape that has long been full is whole for who comes now.
func TestTapeKnowsWhatARunLost(t *testing.T) {
	tape := &sipprobe.Tape{MaxBytes: 10_000}
	fill := func(n int, text string) {
		for range n {
			tape.Add(sipprobe.Record{Data: []byte(text)})
		}
	}
	fill(1000, "stranger")
	fill(1, "run-1")
	fill(5, "stranger")
	place := tape.Place("run-1")
	if n := len(tape.Records("run-1")); tape.Dropped() == 0 || n != 1 || tape.DroppedFrom(place) != 0 {
		t.Errorf("%d of the run, %d lost in all, %d since it began", n, tape.Dropped(), tape.DroppedFrom(place))
	}
	if next := tape.Place("run-2"); next != place+6 {
		t.Errorf("a run that is not there begins at %d, want %d", next, place+6)
	}
	fill(100, "stranger")
	if n := len(tape.Records("run-1")); n != 0 || tape.DroppedFrom(place) == 0 {
		t.Errorf("%d of the run, %d lost since it began", n, tape.DroppedFrom(place))
	}
	var none *sipprobe.Tape
	if none.Place("run-1") != 0 || none.DroppedFrom(0) != 0 {
		t.Error("a nil tape has a place")
	}
}

func TestRecordJSON(t *testing.T) {
	for _, data := range []string{"OPTIONS sip:x SIP/2.0\r\n<&>\u2028\x00", "\xff\xfe\r\n\x00binary", "\ufffd", ""} {
		want := sipprobe.Record{
			Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Transport: sipprobe.TLS, Local: netip.MustParseAddrPort("[::1]:1"),
			Remote: netip.MustParseAddrPort("192.0.2.1:2"), Sent: true, Data: []byte(data), Note: "n",
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got sipprobe.Record
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if string(got.Data) != data {
			t.Errorf("%q became %q in %s", data, got.Data, text)
		}
		got.Data = want.Data
		if d := cmp.Diff(want, got, comparable); d != "" {
			t.Error(d)
		}
	}
	var r sipprobe.Record
	if err := json.Unmarshal([]byte(`{"time": 5}`), &r); err == nil {
		t.Error("bad JSON was taken")
	}
}

// A broken socket sends nothing.
type broken struct{ net.PacketConn }

func (broken) WriteTo([]byte, net.Addr) (int, error) { return 0, errors.New("network is down") }

func TestFailedSendIsNoted(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tape := &sipprobe.Tape{}
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: broken{conn}, Tape: tape})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x := e.Options(t.Context(), sipprobe.Target{Peer: serverAt, Token: "a"})
	if x.Outcome != sipprobe.NotSent {
		t.Errorf("%+v", x)
	}
	if r := tape.Records("a"); len(r) != 1 || r[0].Note != "not sent: network is down" {
		t.Errorf("%+v", r)
	}
}
