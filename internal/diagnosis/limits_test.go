package diagnosis_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// measured is a run over UDP whose inbound audio was measured as given, with limits.
// A negative delay is one of a sender that is 12 ms late itself, as far as it can tell.
// Clocks are compared with an error of 4 ms, the responder's being 2 s ahead.
func measured(limits func(*scenarios.Call), audio func(*rtpprobe.Received), delayMs float64) *evidence.Evidence {
	ev := diagnosistest.Site{Transports: udp()}.Run()
	ev.Clocks = []evidence.ClockSample{{At: diagnosistest.Started, OffsetMs: 2000, ErrorMs: 4}}
	calls(ev, func(c *evidence.Check, f *evidence.CallFacts) {
		call := *c.Call
		call.MinMOS = 0
		limits(&call)
		c.Call = &call
		out, in := f.Client.Media, f.Responder.Media
		out.Sent.Lateness = nil
		if delayMs < 0 {
			out.Sent.Lateness = &rtpprobe.LatenessUS{P99: 12_000, Max: 12_000}
		}
		delayMs := math.Abs(delayMs)
		out.Opened, in.Opened = diagnosistest.Started, diagnosistest.Started.Add(2*time.Second)
		out.Sent.Clock = &rtpprobe.MediaClock{Timestamp: 8000, AtMS: 1500}
		in.Received.Transit = &rtpprobe.Transit{SSRC: out.SSRC, Timestamp: 0, MinMS: 500 + delayMs, MeanMS: 500 + delayMs, MaxMS: 600 + delayMs}
		audio(&in.Received)
	})
	return ev
}

// TestLimits breaks each limit, and stays at its edge.
func TestLimits(t *testing.T) {
	none := func(*rtpprobe.Received) {}
	jitter := func(ms float64) func(*rtpprobe.Received) {
		return func(r *rtpprobe.Received) { r.JitterMS = &ms }
	}
	run := func(packets int64) func(*rtpprobe.Received) {
		return func(r *rtpprobe.Received) { *r.Lost, r.LossRuns, r.LongestLossRun = packets, 1, packets }
	}
	for name, row := range map[string]struct {
		limits  func(*scenarios.Call)
		audio   func(*rtpprobe.Received)
		delayMs float64
		want    string // in the evidence; empty where nothing is wrong
	}{
		"jitter":                  {func(c *scenarios.Call) { c.MaxJitterMs = 30 }, jitter(41), 20, "jitter of 41.0 ms, 11.0 ms more than the 30.0 ms"},
		"jitter at the edge":      {func(c *scenarios.Call) { c.MaxJitterMs = 30 }, jitter(30), 20, ""},
		"jitter of a late sender": {func(c *scenarios.Call) { c.MaxJitterMs = 30 }, jitter(41), -20, ""},
		"delay of a late sender":  {func(c *scenarios.Call) { c.MaxDelayMs = 150 }, none, -160, ""},
		"jitter, no limit":        {func(*scenarios.Call) {}, jitter(400), 20, ""},
		"jitter unknown":          {func(c *scenarios.Call) { c.MaxJitterMs = 30 }, func(r *rtpprobe.Received) { r.JitterMS = nil }, 20, ""},
		"run":                     {func(c *scenarios.Call) { c.MaxLossRunPackets = 3 }, run(5), 20, "5 packets in a row were lost at worst, 2 more than the 3"},
		"run at the edge":         {func(c *scenarios.Call) { c.MaxLossRunPackets = 3 }, run(3), 20, ""},
		"delay":                   {func(c *scenarios.Call) { c.MaxDelayMs = 150 }, none, 160, "160.0 ms on average, give or take 4.0 ms, at least 6.0 ms more than the 150.0 ms"},
		"delay, or its error":     {func(c *scenarios.Call) { c.MaxDelayMs = 150 }, none, 153, ""},
		"delay, no limit":         {func(*scenarios.Call) {}, none, 900, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := diagnosis.Diagnose(measured(row.limits, row.audio, row.delayMs))
			var told string
			for _, f := range d.Findings {
				if f.Code == "poor-audio" && f.Direction == scenarios.Inbound {
					told = strings.Join(f.Evidence, " ")
				}
			}
			if (told == "") != (row.want == "") || !strings.Contains(told, row.want) {
				t.Errorf("%q, want %q", told, row.want)
			}
			if want := map[bool]diagnosis.Verdict{true: diagnosis.Pass, false: diagnosis.Degraded}[row.want == ""]; d.Verdict != want {
				t.Errorf("%s, want %s", d.Verdict, want)
			}
		})
	}
}

// TestDelayIsUnknown changes one thing without which nobody knows the time on the way.
func TestDelayIsUnknown(t *testing.T) {
	media := func(change func(out, in *rtpprobe.Result)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) { change(f.Client.Media, f.Responder.Media) })
		}
	}
	for name, row := range map[string]struct {
		change func(*evidence.Evidence)
		known  bool
	}{
		"nothing":                  {func(*evidence.Evidence) {}, true},
		"clocks were not compared": {func(ev *evidence.Evidence) { ev.Clocks = nil }, false},
		"another sample agrees": {func(ev *evidence.Evidence) {
			ev.Clocks = append(ev.Clocks, evidence.ClockSample{At: diagnosistest.Started.Add(time.Minute), OffsetMs: 2010, ErrorMs: 4})
		}, true},
		"a clock was set": {func(ev *evidence.Evidence) {
			ev.Clocks = append(ev.Clocks, evidence.ClockSample{At: diagnosistest.Started.Add(time.Minute), OffsetMs: 2030, ErrorMs: 4})
		}, false},
		"set by much":     {func(ev *evidence.Evidence) { ev.Clocks[0].OffsetMs = 3000 }, false},
		"nothing was due": {media(func(out, _ *rtpprobe.Result) { out.Sent.Clock = nil }), false},
		"no times":        {media(func(_, in *rtpprobe.Result) { in.Received.Transit = nil }), false},
		"another stream":  {media(func(_, in *rtpprobe.Result) { in.Received.Transit.SSRC++ }), false},
	} {
		ev := measured(func(*scenarios.Call) {}, func(*rtpprobe.Received) {}, 20)
		row.change(ev)
		a := diagnosis.Diagnose(ev).Checks[1].Inbound
		if (a.OneWayDelayMs != nil) != row.known || (a.OneWayDelayErrorMs != nil) != row.known {
			t.Errorf("%s: %+v", name, a)
		}
		if row.known && (math.Abs(*a.OneWayDelayMs-20) > .01 || *a.OneWayDelayErrorMs < 4) {
			t.Errorf("%s: %v ± %v", name, *a.OneWayDelayMs, *a.OneWayDelayErrorMs)
		}
	}
	if a := diagnosis.Diagnose(measured(func(*scenarios.Call) {}, func(*rtpprobe.Received) {}, 20)).Checks[1].Outbound; a.OneWayDelayMs != nil {
		t.Errorf("outbound %+v", a)
	}
}
