package pairing_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	data, err := pairing.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func terms(d rtpprobe.SweepDirection) rtpprobe.SweepTerms {
	return rtpprobe.SweepTerms{ID: 1 << 31, Direction: d, Window: 3}
}

// scattered are n ports, none next to another, as a spread of lost ones is at its worst.
func scattered(n int) (s rtpprobe.PortSet) {
	random := rand.New(rand.NewPCG(1, 2))
	for port := uint16(10000); s.Len() < n; port += uint16(2 + random.IntN(60)) {
		s.Add(port)
	}
	return s
}

func TestOrdersSurviveTheWire(t *testing.T) {
	check := scenarios.Check{ID: "call-in-udp", Kind: scenarios.CallKind, Call: &scenarios.Call{TalkMs: 5000, Codec: "pcma"}}
	for name, order := range map[string]pairing.Order{
		"alive":  {Run: "abc", Seq: 1},
		"hello":  {Run: "abc", Hello: &pairing.Hello{}},
		"expect": {Run: "abc", Seq: 2, Expect: &pairing.Expect{Check: check, ColdMs: 1000}},
		"reach":  {Run: "abc", Seq: 3, Reach: &pairing.Reach{Check: "x", Transport: sipprobe.TLS, Port: 5061}},
		"call":   {Run: "abc", Seq: 4, Call: &pairing.Call{Check: check, Port: 5060}},
		"fetch":  {Run: "abc", Seq: 5, Fetch: &pairing.Fetch{Call: "x", Offset: 450}},
		"sweep":  {Run: "abc", Seq: 6, Fetch: &pairing.Fetch{Sweep: &pairing.SweepPart{ID: 1 << 31, Window: 7}, HoldMs: 1000}},
		"listen": {Run: "abc", Seq: 7, Sweep: &pairing.SweepOrder{Listen: &pairing.Listen{Terms: terms(rtpprobe.SweepInbound), Ports: scattered(200), Prime: 40000, RatePPS: 876}}},
		"source": {Run: "abc", Seq: 8, Sweep: &pairing.SweepOrder{Source: &pairing.Source{Ports: 16}}},
		"send":   {Run: "abc", Seq: 9, Sweep: &pairing.SweepOrder{Send: &pairing.Send{Terms: terms(rtpprobe.SweepOutbound), Ports: scattered(32), ProbeBytes: 200}}},
		"finish": {Run: "abc", Seq: 10, Sweep: &pairing.SweepOrder{Finish: true}},
		"end":    {Run: "abc", Seq: 11, End: true},
	} {
		t.Run(name, func(t *testing.T) {
			data := encoded(t, order)
			if len(data) > 700 {
				t.Errorf("%d bytes are too many for a datagram", len(data))
			}
			got, err := pairing.DecodeOrder(data)
			if err != nil || !reflect.DeepEqual(got, order) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestOrdersOutOfBounds(t *testing.T) {
	long := strings.Repeat("a", 65)
	for name, row := range map[string]struct {
		data []byte
		want string
	}{
		"empty":      {nil, "EOF"},
		"not gzip":   {[]byte(`{"run":"abc"}`), "gzip"},
		"not json":   {encoded(t, "x"), "cannot unmarshal"},
		"bomb":       {encoded(t, pairing.Order{Run: strings.Repeat("a", 1<<20)}), "too large"},
		"no run":     {encoded(t, pairing.Order{}), "bad run id"},
		"long run":   {encoded(t, pairing.Order{Run: long}), "bad run id"},
		"header":     {encoded(t, pairing.Order{Run: "a", Fetch: &pairing.Fetch{Call: "x\r\nVia: y"}}), "bad name"},
		"long check": {encoded(t, pairing.Order{Run: "a", Reach: &pairing.Reach{Check: long}}), "bad name"},
		"no check":   {encoded(t, pairing.Order{Run: "a", Expect: &pairing.Expect{}}), "bad name"},
		"hold":       {encoded(t, pairing.Order{Run: "a", Fetch: &pairing.Fetch{HoldMs: 1001}}), "hold time"},
		"no ports":   {encoded(t, pairing.Order{Run: "a", Sweep: &pairing.SweepOrder{Listen: &pairing.Listen{Terms: terms(rtpprobe.SweepInbound)}}}), "needs ports"},
		"direction":  {encoded(t, pairing.Order{Run: "a", Sweep: &pairing.SweepOrder{Send: &pairing.Send{}}}), "direction"},
		"prime":      {encoded(t, pairing.Order{Run: "a", Sweep: &pairing.SweepOrder{Listen: &pairing.Listen{Terms: terms(rtpprobe.SweepInbound), Ports: scattered(200), Prime: 9, RatePPS: 99}}}), "to prime"},
		"ranges":     {encoded(t, pairing.Order{Run: "a", Sweep: &pairing.SweepOrder{Send: &pairing.Send{Terms: terms(rtpprobe.SweepOutbound), Ports: scattered(201)}}}), "more than 200"},
	} {
		t.Run(name, func(t *testing.T) {
			if o, err := pairing.DecodeOrder(row.data); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %+v, err = %v, want %q", o, err, row.want)
			}
		})
	}
}

func TestPartsFitOneDatagram(t *testing.T) {
	for _, transport := range sipprobe.Transports() {
		n := pairing.PartBytes(transport)
		part := make([]byte, n)
		for i := range part {
			part[i] = byte(i * i) // as good as compressed
		}
		body := encoded(t, pairing.Reply{Part: &pairing.Part{Ready: true, Total: 1 << 20, Data: part}})
		limit := sipprobe.MaxMessageBytes - 2048
		if transport == sipprobe.UDP {
			limit = 1300 - 600
		}
		if len(body) > limit {
			t.Errorf("%s: a part of %d bytes makes a body of %d, over %d", transport, n, len(body), limit)
		}
	}
}

func TestProtocolOf(t *testing.T) {
	for contentType, want := range map[string]int{
		pairing.ContentType: pairing.Protocol, " application/vnd.bothways.v17+json": 17,
		"application/sdp": 0, "": 0, "application/vnd.bothways.vx+json": 0,
	} {
		if got := pairing.ProtocolOf(contentType); got != want {
			t.Errorf("%q: %d, want %d", contentType, got, want)
		}
	}
}

func TestTimesFitTogether(t *testing.T) {
	if pairing.Lease < 4*pairing.KeepAlive || pairing.Lease > 8*time.Second {
		t.Errorf("a lease of %v: too short for lost signs of life every %v, or too long to be idle in 10 s", pairing.Lease, pairing.KeepAlive)
	}
}

func TestMediaKeysDiffer(t *testing.T) {
	a, b, c := pairing.MediaKey("k", "run1"), pairing.MediaKey("k", "run2"), pairing.MediaKey("l", "run1")
	if bytes.Equal(a, b) || bytes.Equal(a, c) || !bytes.Equal(a, pairing.MediaKey("k", "run1")) {
		t.Error("media keys do not depend on key and run alone")
	}
}

func FuzzDecodeOrder(f *testing.F) {
	f.Add(encoded(f, pairing.Order{Run: "abc", Seq: 1}))
	f.Add(encoded(f, pairing.Order{Run: "abc", Reach: &pairing.Reach{Check: "x"}}))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := pairing.DecodeOrder(data)
		if err == nil && (o.Run == "" || len(o.Run) > 16) {
			t.Errorf("%+v", o)
		}
	})
}
