package diagnosis_test

import (
	"slices"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
)

// TestLoadLimits holds what is said of a limit against where it was planted.
func TestLoadLimits(t *testing.T) {
	for name, want := range map[string][2]string{
		"load-clean":       {"40 two-way calls at once, all with audio both ways.", "40 of 40 calls set up, 40 at once"},
		"load-state-table": {"Calls have no audio, beginning with call 21 of 40.", "inside hears nothing in 20 calls, the first is call 21"},
		"load-full-line":   {"Audio suffers when 40 of 40 calls are up.", "loss begins when 40 are up, at 2000 packets/s"},
		"load-refused":     {"Calls could not be set up, beginning with call 26 of 40.", "the first that was not is call 26 (status 503)"},
	} {
		d := diagnosis.Diagnose(diagnosistest.Find(name))
		if d.Summary != want[0] || !strings.Contains(d.Checks[0].Summary, want[1]) {
			t.Errorf("%s: %q, %q", name, d.Summary, d.Checks[0].Summary)
		}
	}
	in := diagnosis.Diagnose(diagnosistest.Find("load-clean")).Checks[0].Load.Inbound
	if in.PeakPPS != 2000 || in.PeakKbps != 2000*(188+28)*8/1000. || in.Alive != 40 || *in.LostPercent != 0 || *in.LatenessP99Ms != .06 {
		t.Errorf("%+v", in)
	}
}

// TestLoadAccusesNobodyWrongly changes one thing in runs of many calls.
func TestLoadAccusesNobodyWrongly(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, run string
		change    func(*evidence.LoadFacts)
		verdict   diagnosis.Verdict
		findings  int
	}{
		{"no record of the responder's", "load-state-table", func(f *evidence.LoadFacts) { f.Responder, f.Missing = nil, "lost" }, diagnosis.Inconclusive, 0},
		{"a responder that could not begin", "load-clean", func(f *evidence.LoadFacts) { f.Responder.Fault = "no socket" }, diagnosis.Inconclusive, 1},
		{"a call for which there was no socket", "load-refused", func(f *evidence.LoadFacts) { f.Client.Calls[30].Fault = "no media port" }, diagnosis.Inconclusive, 1},
		{"a few drops do not explain a full line", "load-full-line", func(f *evidence.LoadFacts) { *f.Responder.Calls[0].BufferDrops = 1 }, diagnosis.Degraded, 0},
		{"packets that were not taken", "load-clean", func(f *evidence.LoadFacts) {
			for i := range f.Client.Calls {
				f.Client.Calls[i].SendErrors = 5
			}
		}, diagnosis.Degraded, 1},
		{"loss of a late machine", "load-full-line", func(f *evidence.LoadFacts) { f.Client.Lateness.P99 = 70_000 }, diagnosis.Inconclusive, 1},
		{"no audio at all is not lateness", "load-state-table", func(f *evidence.LoadFacts) { f.Client.Lateness.P99 = 70_000 }, diagnosis.Fail, 1},
		{"what one call may lose", "load-clean", func(f *evidence.LoadFacts) {
			for i := range f.Responder.Calls {
				f.Responder.Calls[i].ReceivedPackets -= 7
			}
		}, diagnosis.Pass, 0},
		{"an end that placed nothing", "load-clean", func(f *evidence.LoadFacts) { f.Client.Calls = nil }, diagnosis.Inconclusive, 0},
		{"silence instead of the tone", "load-clean", func(f *evidence.LoadFacts) { f.Client.Calls[3].ToneHeardMs = 0 }, diagnosis.Degraded, 0},
		{"calls that were not placed", "load-clean", func(f *evidence.LoadFacts) {
			f.Client.Calls, f.Responder.Calls, f.Client.Stopped = f.Client.Calls[:30], f.Responder.Calls[:30], "too many calls could not be set up"
		}, diagnosis.Fail, 0},
	} {
		ev := diagnosistest.Find(row.run)
		row.change(ev.Checks[0].LoadFacts)
		d := diagnosis.Diagnose(ev)
		if d.Verdict != row.verdict || len(d.Findings) != row.findings {
			t.Errorf("%s: %s, %d findings; %s", row.name, d.Verdict, len(d.Findings), d.Checks[0].Summary)
		}
	}
}

// TestLoadThatSuffersForAMoment names no limit where as many calls had been, or were later, up without loss; nor is
// the one call that fails the beginning of many.
func TestLoadThatSuffersForAMoment(t *testing.T) {
	for _, row := range []struct {
		name string
		bad  []int // seconds
		want string
	}{
		{"as they are set up", []int{0, 1}, "Of 40 calls at once, some had poor audio."},
		{"in the middle", []int{2, 3}, "Of 40 calls at once, some had poor audio."},
		{"at the end", []int{4, 5}, "Of 40 calls at once, some had poor audio."},
		{"mostly", []int{1, 2, 3}, "Audio suffers when 40 of 40 calls are up."},
	} {
		ev := diagnosistest.Find("load-full-line")
		seconds := ev.Checks[0].LoadFacts.Responder.Seconds
		for i := range seconds {
			s := &seconds[i]
			s.ReceivedPackets, s.LostPackets = int64(50*s.Calls), 0
			if slices.Contains(row.bad, i) {
				s.ReceivedPackets, s.LostPackets = s.ReceivedPackets/2, s.ReceivedPackets/2
			}
		}
		if d := diagnosis.Diagnose(ev); d.Summary != row.want || d.Verdict != diagnosis.Degraded {
			t.Errorf("%s: %s, %q", row.name, d.Verdict, d.Summary)
		}
	}
	ev := diagnosistest.Find("load-clean")
	f := ev.Checks[0].LoadFacts
	f.Client.Calls[6].Established, f.Client.Calls[6].Outcome = false, "silent"
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Fail || d.Summary != "1 of 40 calls could not be set up, the first is call 7." {
		t.Errorf("%s, %q", d.Verdict, d.Summary)
	}
	ev = diagnosistest.Find("load-clean")
	r := &ev.Checks[0].LoadFacts.Responder.Calls[6]
	r.ReceivedPackets, r.ToneHeardMs = 0, 0
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Fail || d.Summary != "No audio in 1 of 40 calls, the first is call 7." {
		t.Errorf("%s, %q", d.Verdict, d.Summary)
	}
}

// TestLatenessIsSaid has the client's machine send late, by more and more.
func TestLatenessIsSaid(t *testing.T) {
	for _, row := range []struct {
		us                float64
		remarks, findings int
	}{{1_900, 0, 0}, {2_100, 1, 0}, {59_000, 1, 0}, {61_000, 0, 1}} {
		ev := diagnosistest.Find("clean")
		calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) { f.Client.Media.Sent.Lateness.P99 = row.us })
		d := diagnosis.Diagnose(ev)
		if len(d.Remarks) != row.remarks || len(d.Findings) != row.findings {
			t.Errorf("%v µs: remarks %+v, %d findings", row.us, d.Remarks, len(d.Findings))
		}
		if verdict := diagnosis.Pass; row.findings == 0 && d.Verdict != verdict {
			t.Errorf("%v µs: %s", row.us, d.Verdict)
		}
		for _, r := range d.Remarks {
			if r.Code != "local-fault" || !strings.Contains(r.Text, "client's own machine sent late: 1 % of its packets more than") {
				t.Errorf("%+v", r)
			}
		}
		for _, c := range d.Checks {
			if c.Inbound != nil && *c.Inbound.SenderLatenessP99Ms != row.us/1000 {
				t.Errorf("%s: %v", c.ID, *c.Inbound.SenderLatenessP99Ms)
			}
		}
	}
	ev := diagnosistest.LoadPath{LateMs: 5}.Run()
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Pass || len(d.Remarks) != 1 || !strings.Contains(d.Remarks[0].Text, "5.0 ms") {
		t.Errorf("%s, %+v", d.Verdict, d.Remarks)
	}
}

// TestLatenessThatMatters has jitter push a call below its limit, alone or with the
// lateness of its sender.
func TestLatenessThatMatters(t *testing.T) {
	for _, row := range []struct {
		name       string
		us, jitter float64
		want       string
	}{
		{"jitter of the path", 60, 250, "poor-audio"},
		{"a little lateness in much jitter", 20_000, 300, "poor-audio"},
		{"its sender's own", 50_000, 190, "poor-audio local-fault"},
		{"lateness without harm", 50_000, 20, ""},
	} {
		ev := diagnosistest.Find("clean")
		calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
			f.Client.Media.Sent.Lateness.P99 = row.us
			f.Responder.Media.Received.JitterMS = &row.jitter
		})
		var codes []string
		for _, f := range diagnosis.Diagnose(ev).Findings {
			codes = append(codes, f.Code)
		}
		if got := strings.Join(codes, " "); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
