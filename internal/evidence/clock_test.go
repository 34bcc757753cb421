package evidence_test

import (
	"math"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// An asking is one request and its answer: when it was sent, how long each way took and
// the responder between them.
type asking struct {
	at, there, thinking, back time.Duration
	cseq                      int
	again                     bool // the request was sent twice
}

// compared are the samples of a run whose responder's clock is ahead by so much.
func compared(ahead time.Duration, all ...asking) []evidence.ClockSample {
	start := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	ev := evidence.Evidence{Run: evidence.Run{ID: "abc"}, Responder: &evidence.Ledger{}}
	put := func(tape *[]sipprobe.Record, at time.Duration, sent bool, text string) {
		r := message(sent, sipprobe.UDP, "", text)
		r.Time = start.Add(at)
		*tape = append(*tape, r)
	}
	for _, a := range all {
		put(&ev.Client.Tape, a.at, true, invite(a.cseq))
		if a.again {
			put(&ev.Client.Tape, a.at+time.Second, true, invite(a.cseq))
		}
		put(&ev.Responder.Tape, a.at+a.there+ahead, false, invite(a.cseq))
		put(&ev.Responder.Tape, a.at+a.there+a.thinking+ahead, true, ok(a.cseq, "t"))
		put(&ev.Client.Tape, a.at+a.there+a.thinking+a.back, false, ok(a.cseq, "t"))
	}
	return ev.ClockSamples()
}

func TestClockSamples(t *testing.T) {
	const ms = time.Millisecond
	slow, quick := asking{at: 0, there: 60 * ms, thinking: 300 * ms, back: 20 * ms, cseq: 1}, asking{at: time.Second, there: 11 * ms, back: 9 * ms, cseq: 2}
	later := asking{at: 25 * time.Second, there: 5 * ms, back: 5 * ms, cseq: 3}
	for name, row := range map[string]struct {
		all  []asking
		want []float64 // offset and error of each
	}{
		"one":             {[]asking{slow}, []float64{5020, 40.1}},
		"the better one":  {[]asking{slow, quick}, []float64{5001, 10.1}},
		"in any order":    {[]asking{quick, slow}, []float64{5001, 10.1}},
		"of each while":   {[]asking{later, quick}, []float64{5001, 10.1, 5000, 5.1}},
		"sent twice":      {[]asking{{there: 10 * ms, back: 10 * ms, cseq: 1, again: true}}, nil},
		"a clock was set": {[]asking{{there: 10 * ms, back: -30 * ms, cseq: 1}}, nil},
		"nothing":         {nil, nil},
	} {
		got := compared(5*time.Second, row.all...)
		if len(got) != len(row.want)/2 {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for i, s := range got {
			if math.Abs(s.OffsetMs-row.want[2*i]) > .01 || math.Abs(s.ErrorMs-row.want[2*i+1]) > .01 {
				t.Errorf("%s: %+v, want %v", name, s, row.want)
			}
			if math.Abs(s.OffsetMs-5000) > s.ErrorMs {
				t.Errorf("%s: the clock is 5000 ms ahead, and not within %+v", name, s)
			}
		}
	}
}

// TestClockNeedsBothTapes: what was dropped from a tape may be a first copy.
func TestClockNeedsBothTapes(t *testing.T) {
	if got := (&evidence.Evidence{}).ClockSamples(); got != nil {
		t.Errorf("%+v", got)
	}
}
