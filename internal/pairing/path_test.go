package pairing_test

import (
	"reflect"
	"strings"
	"testing"

	"bothways/internal/pairing"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func sizeOrder(change func(*pairing.Size)) pairing.Order {
	s := &pairing.Size{Port: 5060, Check: scenarios.Check{
		ID: "size-out-tls", Kind: scenarios.SizeKind, Direction: scenarios.Outbound, Transport: "tls",
		Size: &scenarios.Size{Bytes: scenarios.DefaultSizes("tls")},
	}}
	change(s)
	return pairing.Order{Run: "abc", Seq: 1, Size: s}
}

func marksOrder(change func(*pairing.Marks)) pairing.Order {
	m := &pairing.Marks{ID: 1 << 31, Port: 10000, Check: scenarios.Check{
		ID: "dscp-out", Kind: scenarios.DSCPKind, Direction: scenarios.Outbound, Transport: "udp", DSCP: &scenarios.DSCP{Packets: 10},
	}}
	change(m)
	return pairing.Order{Run: "abc", Seq: 1, Marks: m}
}

func TestPathOrdersSurviveTheWire(t *testing.T) {
	for _, o := range []pairing.Order{
		sizeOrder(func(*pairing.Size) {}),
		sizeOrder(func(s *pairing.Size) { s.Check.Transport, s.Port = "udp", 0 }),
		marksOrder(func(*pairing.Marks) {}),
		marksOrder(func(m *pairing.Marks) { m.Check.Direction, m.Port = scenarios.Inbound, 0 }),
	} {
		data := encoded(t, o)
		got, err := pairing.DecodeOrder(data)
		if err != nil || !reflect.DeepEqual(got, o) || len(data) > 700 {
			t.Errorf("%d bytes: got %+v, %v", len(data), got, err)
		}
	}
}

func TestPathOrdersOutOfBounds(t *testing.T) {
	for want, o := range map[string]pairing.Order{
		"bad name":                 sizeOrder(func(s *pairing.Size) { s.Check.ID = "x\r\ny" }),
		"not an outbound check":    sizeOrder(func(s *pairing.Size) { s.Check.Direction = scenarios.Inbound }),
		"connection of their own":  sizeOrder(func(s *pairing.Size) { s.Port = 0 }),
		"sctp":                     sizeOrder(func(s *pairing.Size) { s.Check.Transport = "sctp" }),
		"is not between":           sizeOrder(func(s *pairing.Size) { s.Check.Size.Bytes = []int{400, 65000} }),
		"does not rise":            sizeOrder(func(s *pairing.Size) { s.Check.Size.Bytes = []int{400, 400} }),
		"not a check of marks":     marksOrder(func(m *pairing.Marks) { m.Check.DSCP = nil }),
		"not a check of marks ":    marksOrder(func(m *pairing.Marks) { m.Port = 0 }),
		"not a check of marks  ":   marksOrder(func(m *pairing.Marks) { m.Check.Direction = scenarios.Inbound }),
		"not a check of marks   ":  marksOrder(func(m *pairing.Marks) { m.Check.Direction = "up" }),
		"51 packets":               marksOrder(func(m *pairing.Marks) { m.Check.DSCP.Packets = 51 }),
		"0 packets":                marksOrder(func(m *pairing.Marks) { m.Check.DSCP.Packets = 0 }),
		"not an outbound check of": sizeOrder(func(s *pairing.Size) { s.Check.Size = nil }),
	} {
		if _, err := pairing.DecodeOrder(encoded(t, o)); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A part that was cut for a stream must still fit a datagram, and nothing of it be lost.
func TestRepliesFitAnotherTransport(t *testing.T) {
	r := pairing.Reply{Part: &pairing.Part{Ready: true, Total: 9000, Data: make([]byte, 9000)}}
	if got := r.Within(sipprobe.TCP); len(got.Part.Data) != 9000 {
		t.Errorf("%d bytes over TCP", len(got.Part.Data))
	}
	got := r.Within(sipprobe.UDP)
	if len(got.Part.Data) != pairing.PartBytes(sipprobe.UDP) || got.Part.Total != 9000 || len(r.Part.Data) != 9000 {
		t.Errorf("%d of %d bytes over UDP, of %d", len(got.Part.Data), got.Part.Total, len(r.Part.Data))
	}
}
