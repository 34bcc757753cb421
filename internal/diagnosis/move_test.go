package diagnosis_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/sipprobe"
)

func TestMovesSayAfterWhat(t *testing.T) {
	for run, want := range map[string][]string{
		"audio-stops-after-hold":     {"until then 100 packets arrived at the responder; after the responder took the call back from hold it received 0 of 150"},
		"audio-stops-after-transfer": {"after the re-INVITE that moved the responder's media port it received 0 of 200"},
		"call-drops-by-session": {"26.7 s after the answer the responder hung up, as its session timer of 40 s wants it without a refresh (RFC 4028)",
			"the client had sent its UPDATE to refresh it, and it drew no answer"},
		"call-drops-by-reinvite": {"the re-INVITE that moved the responder's media port drew no answer in 8.0 s, 3.0 s after the answer of the call, and the responder hung up"},
	} {
		d := diagnosis.Diagnose(diagnosistest.Find(run))
		if len(d.Findings) == 0 {
			t.Errorf("%s: nothing found", run)
			continue
		}
		text := strings.Join(d.Findings[0].Evidence, "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in %s", run, w, text)
			}
		}
	}
}

// TestMovesAccuseNobodyWrongly changes one thing in runs whose audio or calls end early.
func TestMovesAccuseNobodyWrongly(t *testing.T) {
	held := func() *evidence.Evidence { return diagnosistest.HeldCall(150) }
	for _, row := range []struct {
		name    string
		run     func() *evidence.Evidence
		change  func(*evidence.CallFacts)
		verdict diagnosis.Verdict
		want    []string
	}{
		{"nothing changed", held, func(*evidence.CallFacts) {}, diagnosis.Fail, []string{"symptom audio-stops inbound proven"}},
		{"silent in the hold alone", func() *evidence.Evidence { return diagnosistest.HeldCall(0) }, func(*evidence.CallFacts) {}, diagnosis.Pass, nil},
		{"little missed", func() *evidence.Evidence { return diagnosistest.HeldCall(5) }, func(*evidence.CallFacts) {}, diagnosis.Pass, nil},
		{"missed here and there, and heard to the end", func() *evidence.Evidence { return diagnosistest.HeldCall(110) }, func(*evidence.CallFacts) {},
			diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"two ends that tell another story", held, func(f *evidence.CallFacts) { f.Client.Moments[1].What = evidence.UpdateMoment },
			diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"an end without a record of its end", held, func(f *evidence.CallFacts) { f.Responder.Moments = f.Responder.Moments[:3] },
			diagnosis.Degraded, []string{"symptom poor-audio inbound proven"}},
		{"held to the end", held, func(f *evidence.CallFacts) {
			f.Client.Media.Sent.Packets, f.Responder.Media.Received.Packets = 0, 0
			f.Client.Moments, f.Responder.Moments = f.Client.Moments[:2], f.Responder.Moments[:2]
		}, diagnosis.Pass, nil},
		{"an end that hung up before its session timer", diagnosistest.Expired, func(f *evidence.CallFacts) {
			f.Responder.Ended, f.Client.Moments = "hung up", f.Client.Moments[:1]
		}, diagnosis.Pass, nil},
		{"a re-INVITE that was refused", diagnosistest.Unanswered, func(f *evidence.CallFacts) {
			f.Responder.Ended = "hung up"
			m := &f.Responder.Moments[1]
			m.Outcome, m.Status = sipprobe.Refused, 488
		}, diagnosis.Fail, nil},
	} {
		ev := row.run()
		for i := range ev.Checks {
			if f := ev.Checks[i].CallFacts; f != nil && len(f.Client.Moments) > 0 {
				row.change(f)
			}
		}
		d := diagnosis.Diagnose(ev)
		if diff := cmp.Diff(row.want, findings(d)); diff != "" || d.Verdict != row.verdict {
			t.Errorf("%s: %s %s", row.name, d.Verdict, diff)
		}
	}
}

// TestStopBetweenMoves is laid at no move's door: audio had gone on for two seconds.
func TestStopBetweenMoves(t *testing.T) {
	ev := diagnosistest.HeldCall(130)
	for i := range ev.Checks {
		f := ev.Checks[i].CallFacts
		if f == nil || len(f.Client.Moments) == 0 {
			continue
		}
		last := 6_000.
		over := &f.Responder.Moments[3]
		over.AtMs, over.LastMs, f.Client.Moments[3].AtMs = 9_000, &last, 9_000
	}
	d := diagnosis.Diagnose(ev)
	if len(d.Findings) != 1 || !strings.Contains(d.Findings[0].Evidence[0], "2.0 s after the responder took the call back from hold it received 20 of 150") {
		t.Errorf("%v", d.Findings)
	}
}

// TestSwallowedReinvite blames a filter for what is lost of a kind of its own: initial
// INVITEs arrive on the same flow.
func TestSwallowedReinvite(t *testing.T) {
	for copies, want := range map[int]bool{5: true, 2: false} {
		d := diagnosis.Diagnose(diagnosistest.Swallowed(copies))
		got := false
		for _, f := range d.Findings {
			got = got || f.Code == "sip-alg-blocks" && strings.Contains(f.Evidence[0], "re-INVITE with SDP over UDP")
		}
		if got != want {
			t.Errorf("%d copies: %v", copies, findings(d))
		}
	}
}

func TestTimeline(t *testing.T) {
	var got *diagnosis.Timeline
	for _, c := range diagnosis.Diagnose(diagnosistest.Find("audio-stops-after-hold")).Checks {
		if c.Timeline != nil {
			got = c.Timeline
		}
	}
	if got == nil {
		t.Fatal("no timeline")
	}
	want := []diagnosis.Second{{50, 50}, {50, 50}, {0, 0}, {0, 0}, {50, 0}, {50, 0}, {50, 0}}
	if diff := cmp.Diff(want, got.Inbound); diff != "" {
		t.Error(diff)
	}
	var moves []string
	for _, e := range got.Events {
		if e.Move != "" {
			moves = append(moves, e.Move)
		}
	}
	if diff := cmp.Diff([]string{"the responder put the call on hold (a=sendonly)", "the responder took the call back from hold"}, moves); diff != "" {
		t.Error(diff)
	}
	for _, c := range diagnosis.Diagnose(diagnosistest.Find("clean")).Checks {
		if c.Timeline != nil {
			t.Errorf("%s: a timeline of a call in which nothing happened", c.ID)
		}
	}
}
