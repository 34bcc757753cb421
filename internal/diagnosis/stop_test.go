package diagnosis_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
)

// TestStopsAccuseNobodyWrongly changes one thing in runs whose audio or calls end early.
func TestStopsAccuseNobodyWrongly(t *testing.T) {
	stopped := func() *evidence.Evidence { return diagnosistest.Stopped(150, 0) }
	for _, row := range []struct {
		name    string
		run     func() *evidence.Evidence
		change  func(*evidence.CallFacts)
		verdict diagnosis.Verdict
		want    []string
	}{
		{"the last second is missing", func() *evidence.Evidence { return diagnosistest.Stopped(250, 0) },
			func(*evidence.CallFacts) {}, diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"a receiver that had stopped listening", stopped,
			func(f *evidence.CallFacts) { f.Responder.Media.OpenMS = 3_100 }, diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"a sender whose machine refused packets", stopped, func(f *evidence.CallFacts) {
			f.Client.Media.Sent.Errors = []rtpprobe.ErrorCount{{Kind: "no-buffers", Count: 150}}
		}, diagnosis.Degraded, []string{"symptom poor-audio inbound proven", "cause local-fault  proven"}},
		{"evidence of a version that did not number packets", stopped,
			func(f *evidence.CallFacts) { f.Responder.Media.Received.LastSequence = nil },
			diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"a call that was ended by its caller", diagnosistest.Dropped, func(f *evidence.CallFacts) { f.Client.Ended = "hung up" },
			diagnosis.Fail, nil},
		{"a call that ended before the timer", diagnosistest.Dropped, func(f *evidence.CallFacts) {
			f.Client.Events[5].Time = f.Client.Events[1].Time.Add(9e9)
		}, diagnosis.Fail, nil},
		{"an end that did hang up", diagnosistest.TornDown, func(f *evidence.CallFacts) { f.Responder.Events[3].Sent = true },
			diagnosis.Pass, nil},
		{"a call that was over", diagnosistest.TornDown, func(f *evidence.CallFacts) {
			f.Client.Events[3].Time = f.Client.Events[1].Time.Add(40e9)
		}, diagnosis.Pass, nil},
	} {
		ev := row.run()
		for i := range ev.Checks {
			if f := ev.Checks[i].CallFacts; f != nil && f.Client.Lead != nil {
				row.change(f)
			}
		}
		d := diagnosis.Diagnose(ev)
		if diff := cmp.Diff(row.want, findings(d)); diff != "" || d.Verdict != row.verdict {
			t.Errorf("%s: %s %s", row.name, d.Verdict, diff)
		}
	}
}

// TestStopsBehindOwnNAT: what the client's own NAT may have forgotten in a pause accuses nobody.
func TestStopsBehindOwnNAT(t *testing.T) {
	for _, row := range []struct {
		name    string
		pauseMs int
		behind  bool
		verdict diagnosis.Verdict
		want    []string
	}{
		{"public", 60_000, false, diagnosis.Fail, []string{"symptom audio-stops outbound proven"}},
		{"behind a NAT", 60_000, true, diagnosis.Inconclusive, nil},
		{"behind a NAT, and a short pause", 6_000, true, diagnosis.Fail, []string{"symptom audio-stops outbound proven"}},
	} {
		ev := diagnosistest.Stopped(250, row.pauseMs)
		for i := range ev.Checks {
			f := ev.Checks[i].CallFacts
			if f == nil {
				continue
			}
			if f.Client.Lead != nil { // what goes in arrives
				whole := diagnosistest.Site{Transports: udp()}.Run().Checks[i].CallFacts.Responder.Media.Received
				f.Responder.Media.Received = whole
			}
			f.Responder.Media.Sent.FirstSequence = 1
			got, last, lastMS := int64(125), uint16(125), 2_500.
			in := &f.Client.Media.Received
			in.Packets, in.Expected, in.LastSequence, in.LastMS, in.ToneHeardMS = got, got, &last, &lastMS, lastMS
			f.Client.Media.OpenMS = 6_500 + float64(row.pauseMs)
		}
		if row.behind {
			diagnosistest.BehindOwnNAT(ev)
		}
		d := diagnosis.Diagnose(ev)
		if diff := cmp.Diff(row.want, findings(d)); diff != "" || d.Verdict != row.verdict {
			t.Errorf("%s: %s %s", row.name, d.Verdict, diff)
		}
	}
}

func TestStopsSayWhen(t *testing.T) {
	for run, want := range map[string][]string{
		"audio-stops":            {"after 3.0 s of audio the responder received none of the last 150 packets, and listened for 3.5 s more"},
		"audio-stops-at-pause":   {"after a pause of 60 s the responder received none of the last 125 packets"},
		"call-drops-without-ack": {"32 s after its answer the end that was called hung up", "it sent its 200 2 times", "the caller sent 2 ACKs"},
		"call-torn-down":         {"after 20 s each end received a BYE that the other had not sent"},
	} {
		text := strings.Join(diagnosis.Diagnose(diagnosistest.Find(run)).Findings[0].Evidence, "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in %s", run, w, text)
			}
		}
	}
}
