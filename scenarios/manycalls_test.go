package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"bothways/scenarios"
)

func TestManyCalls(t *testing.T) {
	t.Parallel()
	s, err := scenarios.ManyCalls(1000, 50, 10*time.Second, "udp", scenarios.Outbound)
	if err != nil || len(s.Checks) != 1 {
		t.Fatal(s, err)
	}
	c := s.Checks[0]
	if c.ID != "load-out-udp" || c.Kind != scenarios.LoadKind || c.Load.Call.Talk() != 30*time.Second || c.Load.Length() != 50*time.Second {
		t.Errorf("%+v %+v", c, c.Load)
	}
	if err := scenarios.CheckLoad(*c.Load); err != nil {
		t.Error(err)
	}
}

func TestLoadsOutOfBounds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		calls, cps int
		hold       time.Duration
		want       string
	}{
		{0, 20, time.Second, "calls: 0"},
		{2001, 200, time.Second, "calls: 2001"},
		{10, 0, time.Second, "rate: 0"},
		{10, 201, time.Second, "rate: 201"},
		{10, 20, 0, "talk: 0s"},
		{10, 20, time.Hour, "talk: 1h0m0s"},
		{2000, 1, time.Second, "longer than"},
	} {
		if _, err := scenarios.ManyCalls(row.calls, row.cps, row.hold, "udp", scenarios.Inbound); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%+v: %v", row, err)
		}
	}
	s, _ := scenarios.ManyCalls(10, 10, time.Second, "udp", scenarios.Inbound)
	l := *s.Checks[0].Load
	l.Call.TalkMs *= 2
	if scenarios.CheckLoad(l) == nil {
		t.Error("a call may last longer than its load")
	}
}
