package pairing_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"bothways/internal/pairing"
	"bothways/scenarios"
)

func loadOrder(change func(*pairing.LoadBegin)) pairing.Order {
	s, err := scenarios.ManyCalls(1000, 50, 10*time.Second, "udp", scenarios.Outbound)
	if err != nil {
		panic(err)
	}
	b := &pairing.LoadBegin{Check: s.Checks[0], Port: 5060}
	change(b)
	return pairing.Order{Run: "abc", Seq: 1, Load: &pairing.LoadOrder{Begin: b}}
}

func TestLoadOrdersSurviveTheWire(t *testing.T) {
	for _, o := range []pairing.Order{
		loadOrder(func(*pairing.LoadBegin) {}),
		{Run: "abc", Seq: 2, Load: &pairing.LoadOrder{End: "load-out-udp"}},
	} {
		data := encoded(t, o)
		got, err := pairing.DecodeOrder(data)
		if err != nil || !reflect.DeepEqual(got, o) || len(data) > 700 {
			t.Errorf("%d bytes: got %+v, %v", len(data), got, err)
		}
	}
}

func TestLoadOrdersOutOfBounds(t *testing.T) {
	both := loadOrder(func(*pairing.LoadBegin) {})
	both.Load.End = "load-out-udp"
	for want, o := range map[string]pairing.Order{
		"bad name":           loadOrder(func(b *pairing.LoadBegin) { b.Check.ID = "x\r\ny" }),
		"bad name ":          {Run: "abc", Load: &pairing.LoadOrder{End: "x\r\ny"}},
		"begins, or it ends": both,
		"bad name  ":         {Run: "abc", Load: &pairing.LoadOrder{}},
		"not a load":         loadOrder(func(b *pairing.LoadBegin) { b.Check.Load = nil }),
		"no direction":       loadOrder(func(b *pairing.LoadBegin) { b.Check.Direction = "up" }),
		"sctp":               loadOrder(func(b *pairing.LoadBegin) { b.Check.Transport = "sctp" }),
		"calls: 2001":        loadOrder(func(b *pairing.LoadBegin) { b.Check.Load.Calls = 2001 }),
		"rate: 1000":         loadOrder(func(b *pairing.LoadBegin) { b.Check.Load.RateCPS = 1000 }),
		"each call lasts":    loadOrder(func(b *pairing.LoadBegin) { b.Check.Load.Call.TalkMs = 1 << 30 }),
	} {
		if _, err := pairing.DecodeOrder(encoded(t, o)); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
