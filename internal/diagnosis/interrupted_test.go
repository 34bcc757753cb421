package diagnosis_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// short is a run with calls of one second: nothing of the site's audio arrives, and of the client's 45 packets of
// 100, with a hole of so many in a row.
func short(hole int64) *evidence.Evidence {
	ev := diagnosistest.Site{OutShut: true, Transports: udp()}.Run()
	calls(ev, func(c *evidence.Check, f *evidence.CallFacts) {
		call := *c.Call
		call.TalkMs = 1000
		c.Call = &call
		lost := int64(55)
		f.Responder.Media.Sent.Packets, f.Client.Media.Sent.Packets = 50, 100
		r := &f.Responder.Media.Received
		r.Packets, r.ToneHeardMS, r.Lost, r.LossRuns, r.LongestLossRun = 45, 900, &lost, 1+(55-hole)/10, hole
	})
	return ev
}

// TestAnInterruptionIsNoDeadDirection: where the line carried nothing either way for as long as one end spoke, and
// went on after it, nobody knows what that direction does otherwise.
func TestAnInterruptionIsNoDeadDirection(t *testing.T) {
	for name, row := range map[string]struct {
		hole    int64
		verdict diagnosis.Verdict
		want    []string
		summary string
	}{
		"nothing either way for 1.1 s": {55, diagnosis.Inconclusive, []string{"symptom poor-audio inbound proven"},
			"the line was interrupted: for 1.1 s nothing arrived either way, which is about as long as the responder spoke"},
		"a hole of 0.4 s the other way": {20, diagnosis.Fail,
			[]string{"symptom one-way-audio outbound proven", "symptom poor-audio inbound proven"},
			"inside hears the other end; outside hears nothing (0 of 50 packets arrived)"},
	} {
		d := diagnosis.Diagnose(short(row.hole))
		if diff := cmp.Diff(row.want, findings(d)); diff != "" || d.Verdict != row.verdict || d.Checks[1].Summary != row.summary {
			t.Errorf("%s: %s, %q %s", name, d.Verdict, d.Checks[1].Summary, diff)
		}
	}
}

// TestAnInterruptionIsTold: loss in one piece is told from loss here and there.
func TestAnInterruptionIsTold(t *testing.T) {
	const words = "as when a line is interrupted and not when it is full"
	for name, longest := range map[string]int64{"one piece": 110, "half of it in one piece": 60, "here and there": 2} {
		ev := diagnosistest.Site{Loss: 110, Transports: udp()}.Run()
		inbound(ev, func(f *evidence.CallFacts) {
			lost := int64(110)
			r := &f.Responder.Media.Received
			r.Lost, r.LossRuns, r.LongestLossRun = &lost, 110/longest, longest
		})
		d := diagnosis.Diagnose(ev)
		if got := strings.Contains(strings.Join(d.Findings[0].Evidence, " "), words); got != (longest == 110) {
			t.Errorf("%s: %q", name, d.Findings[0].Evidence)
		}
	}
}

// TestBothDirectionsStop: audio that stops both ways at one time is said to, and other audio is not.
func TestBothDirectionsStop(t *testing.T) {
	for name, apartMs := range map[string]float64{"at one time": 100, "one after the other": 1500} {
		ev := diagnosistest.Stopped(100, 0)
		inbound(ev, func(f *evidence.CallFacts) {
			in := &f.Client.Media.Received
			last, lastMS := f.Responder.Media.Sent.FirstSequence+99, 2000.
			in.Packets, in.Expected, in.LastSequence, in.LastMS, in.ToneHeardMS = 100, 100, &last, &lastMS, 2000
			f.Client.Media.OpenMS = f.Responder.Media.OpenMS - *f.Responder.Media.Received.LastMS + lastMS - apartMs
		})
		d := diagnosis.Diagnose(ev)
		told := strings.Contains(strings.Join(d.Findings[0].Evidence, " "), "the audio the other way stopped at the same time")
		if d.Findings[0].Code != "audio-stops" || told != (apartMs < 500) {
			t.Errorf("%s: %s %q", name, d.Findings[0].Code, d.Findings[0].Evidence)
		}
	}
}

// TestALineInterruptedAtTheBeginningIsNotShut: nothing got in while the responder listened, and what it sent
// then was lost at first as well.
func TestALineInterruptedAtTheBeginningIsNotShut(t *testing.T) {
	shut := []string{"cause rtp-range-not-forwarded inbound likely"}
	for name, row := range map[string]struct {
		lost, destinations int
		refused            int64
		want               []string
	}{
		"the first packets of the site are lost too": {15, 1, 0, []string{"symptom poor-audio inbound proven", "symptom poor-audio outbound proven"}},
		"they arrive":                       {0, 1, 0, shut},
		"they had gone elsewhere before":    {15, 2, 0, append([]string{"symptom poor-audio outbound proven"}, shut...)},
		"they were not let go there before": {15, 1, 15, append([]string{"symptom poor-audio outbound proven"}, shut...)},
	} {
		ev := diagnosistest.Site{ColdShut: true, Transports: udp()}.Run()
		inbound(ev, func(f *evidence.CallFacts) {
			begin(f.Client, f.Responder, 50)
			begin(f.Responder, f.Client, row.lost)
			f.Client.Media.Received.Packets -= int64(row.lost)
			sent := &f.Responder.Media.Sent
			if row.refused > 0 {
				sent.RefusedDestinations = []rtpprobe.Destination{{Address: sent.Destinations[0].Address, Packets: row.refused}}
			}
			for len(sent.Destinations) < row.destinations {
				sent.Destinations = append(sent.Destinations, sent.Destinations[0])
			}
		})
		if diff := cmp.Diff(row.want, findings(diagnosis.Diagnose(ev))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// begin has the audio of one end begin at the other so many packets late.
func begin(from, to *evidence.CallEnd, late int) {
	from.Media.Sent.FirstSequence = 65_530
	to.Media.Received.FirstSequence = new(from.Media.Sent.FirstSequence + uint16(late))
}

// TestAnEndThatWasLeftBehind: the responder goes on to send to where the client was before its NAT moved it.
func TestAnEndThatWasLeftBehind(t *testing.T) {
	for name, follows := range map[string]bool{"it is left behind": false, "it is followed": true} {
		ev := diagnosistest.Stopped(250, 0)
		inbound(ev, func(f *evidence.CallFacts) {
			in := &f.Responder.Media.Received
			*in.LastSequence, in.Packets = f.Client.Media.Sent.FirstSequence+299, 300
			before := in.Sources[0]
			after := before
			before.LastMS, after.FirstMS, before.Packets, after.Packets = 2000, 2020, 100, 200
			after.Address = netip.AddrPortFrom(before.Address.Addr(), 61_234)
			in.Sources = []rtpprobe.Source{before, after}
			f.Responder.Media.LatchedTo = &before.Address
			if follows {
				f.Responder.Media.LatchedTo = &after.Address
			}
			got := &f.Client.Media.Received
			got.Packets, got.LastSequence, got.LastMS = 100, new(f.Responder.Media.Sent.FirstSequence+99), new(2000.)
			f.Client.Media.OpenMS = 6000
		})
		d := diagnosis.Diagnose(ev)
		text := strings.Join(d.Findings[0].Evidence, " ")
		if d.Findings[0].Code != "audio-stops" || strings.Contains(text, "and the responder went on to send to the former") == follows {
			t.Errorf("%s: %s %s", name, d.Findings[0].Code, text)
		}
	}
}

// TestALineInterruptedAtTheEnd: calls of which nothing arrives, and whose BYE was lost before another copy arrived.
func TestALineInterruptedAtTheEnd(t *testing.T) {
	const summary = "the line was interrupted when the call was over (the BYE took 1.5 s), and so little inbound audio tells nothing; let it last longer"
	for name, row := range map[string]struct {
		transport sipprobe.Transport
		lost      int   // copies of the BYE
		packets   int64 // of audio that were sent
		verdict   diagnosis.Verdict
	}{
		"two BYEs were lost":                  {sipprobe.UDP, 2, 50, diagnosis.Inconclusive},
		"no BYE was lost":                     {sipprobe.UDP, 0, 50, diagnosis.Fail},
		"longer than a line is interrupted":   {sipprobe.UDP, 2, 250, diagnosis.Fail},
		"over a connection, which hides it":   {sipprobe.TCP, 0, 50, diagnosis.Inconclusive},
		"over a connection, for five seconds": {sipprobe.TCP, 0, 250, diagnosis.Fail},
	} {
		ev := diagnosistest.Site{InShut: true, OutShut: true, Transports: []sipprobe.Transport{row.transport}}.Run()
		calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
			f.Client.Media.Sent.Packets, f.Responder.Media.Sent.Packets = row.packets, row.packets
			f.Client.Events = []sipprobe.Event{
				{Time: diagnosistest.Started, Sent: true, What: "BYE"},
				{Time: diagnosistest.Started.Add(1500 * time.Millisecond), What: "200"},
			}
		})
		for _, tape := range []*[]sipprobe.Record{&ev.Client.Tape, &ev.Responder.Tape} {
			for _, r := range slices.Clone(*tape) {
				if r.Sent && strings.HasPrefix(string(r.Data), "BYE ") {
					*tape = append(*tape, slices.Repeat([]sipprobe.Record{r}, row.lost)...)
				}
			}
		}
		d := diagnosis.Diagnose(ev)
		if got := d.Checks[1]; got.Verdict != row.verdict || (got.Summary == summary) != (row.verdict == diagnosis.Inconclusive) {
			t.Errorf("%s: %s, %q", name, got.Verdict, got.Summary)
		}
		if told := slices.Contains(findings(d), "symptom no-audio  proven"); told != (row.verdict == diagnosis.Fail) {
			t.Errorf("%s: %v", name, findings(d))
		}
	}
}
