package call_test

import (
	"context"
	"testing"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func manyOf(t *testing.T, calls, cps int) *call.Many {
	t.Helper()
	s, err := scenarios.ManyCalls(calls, cps, time.Second, "udp", scenarios.Inbound)
	if err != nil {
		t.Fatal(err)
	}
	return call.NewMany(*s.Checks[0].Load)
}

// TestManyStops has every call from the 31st on refused: it was enough after twenty.
func TestManyStops(t *testing.T) {
	t.Parallel()
	m := manyOf(t, 200, 200)
	told := 0
	start := time.Now()
	m.Place(t.Context(), func(_ context.Context, number int) evidence.CallEnd {
		refused := &sipprobe.Exchange{Outcome: sipprobe.Refused, Status: 503}
		return evidence.CallEnd{Established: number <= 30, Invite: refused}
	}, func(calls int) { told = calls })
	end := m.Close()
	if n := len(end.Calls); n < 50 || n > 60 || told != n || end.Stopped == "" {
		t.Errorf("%d calls, %d told, stopped %q", n, told, end.Stopped)
	}
	if took := time.Since(start); took < 49*5*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	for i, c := range end.Calls {
		if c.Number != i+1 || c.Established != (i < 30) || c.Status != 503 || c.Outcome != "refused" {
			t.Errorf("%+v", c)
		}
	}
}

// TestManyEnds ends with its context: no call begins after that, and none after Close.
func TestManyEnds(t *testing.T) {
	t.Parallel()
	m := manyOf(t, 1000, 100)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	m.Place(ctx, func(ctx context.Context, _ int) evidence.CallEnd {
		<-ctx.Done()
		return evidence.CallEnd{Established: true}
	}, func(int) {})
	next := m.Next()
	if end := m.Close(); len(end.Calls) == 0 || len(end.Calls) == 1000 || len(end.Calls) != next-1 || end.Lateness != nil {
		t.Errorf("%d calls, %+v", len(end.Calls), end.Lateness)
	}
	if m.Begin(next) {
		t.Error("a call began after the end")
	}
}

func TestManyBegin(t *testing.T) {
	t.Parallel()
	m := manyOf(t, 2, 1)
	for number, want := range map[int]bool{0: false, -1: false, 3: false, 2: true} {
		if m.Begin(number) != want {
			t.Errorf("%d: begins %t", number, !want)
		}
	}
	if m.Begin(2) || m.Next() != 1 {
		t.Errorf("it may begin twice, or the next is %d", m.Next())
	}
	m.Done(2, evidence.CallEnd{})
	if end := m.Close(); len(end.Calls) != 1 || end.Calls[0].Number != 2 {
		t.Errorf("%+v", end.Calls)
	}
}
