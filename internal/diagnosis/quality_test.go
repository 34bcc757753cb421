package diagnosis_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// far is a run whose RTCP measured that round trip in its calls, with min_mos as given.
func far(t *testing.T, roundTripMs, minMOS float64) diagnosis.Diagnosis {
	t.Helper()
	ev := diagnosistest.Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	calls(ev, func(c *evidence.Check, f *evidence.CallFacts) {
		call := *c.Call
		call.MinMOS = minMOS
		c.Call = &call
		f.Client.Media.RTCP.RoundTripMS, f.Responder.Media.RTCP.RoundTripMS = &roundTripMs, nil
	})
	return diagnosis.Diagnose(ev)
}

func TestQuality(t *testing.T) {
	for _, row := range []struct {
		roundTrip, minMOS, r, mos float64
		verdict                   diagnosis.Verdict
	}{
		{20, 3.6, 93.2, 4.41, diagnosis.Pass},
		{1200, 3.6, 56.5, 2.9, diagnosis.Degraded},
		{1200, 0, 56.5, 2.9, diagnosis.Pass},
	} {
		d := far(t, row.roundTrip, row.minMOS)
		a := d.Checks[1].Inbound
		if d.Verdict != row.verdict || a.MOS == nil || math.Abs(*a.RFactor-row.r) > 1 || math.Abs(*a.MOS-row.mos) > .05 || *a.RoundTripMs != row.roundTrip || a.BurstRatio != nil {
			t.Errorf("%+v: %s, R %v, MOS %v", row, d.Verdict, *a.RFactor, *a.MOS)
		}
	}
	d := far(t, 1200, 3.6)
	if f := d.Findings[0]; f.Code != "poor-audio" || !strings.Contains(strings.Join(f.Evidence, " "), "estimated MOS 2.9") {
		t.Errorf("%+v", f)
	}
}

// What is not known is null.
func TestQualityIsUnknown(t *testing.T) {
	ev := diagnosistest.Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
		for _, end := range f.Ends() {
			if end.Invite != nil {
				end.Invite.RTTMs = nil
			}
		}
	})
	if a := diagnosis.Diagnose(ev).Checks[1].Inbound; a.MOS != nil || a.RFactor != nil || a.RoundTripMs != nil {
		t.Errorf("%+v", a)
	}
}

func TestBurstRatio(t *testing.T) {
	ev := diagnosistest.Site{Transports: []sipprobe.Transport{sipprobe.UDP}, Loss: 30}.Run()
	inbound(ev, func(f *evidence.CallFacts) {
		r := &f.Responder.Media.Received
		*r.Lost, r.LossRuns, r.LongestLossRun = 30, 6, 9
	})
	a := diagnosis.Diagnose(ev).Checks[1].Inbound
	if a.BurstRatio == nil || math.Abs(*a.BurstRatio-4.5) > .1 || *a.LongestLossRunPackets != 9 {
		t.Errorf("%+v", a)
	}
}

// TestARepeatedInviteIsNoRoundTrip: without RTCP the round trip is that of SIP, and not the time until an INVITE
// that was lost had been sent again.
func TestARepeatedInviteIsNoRoundTrip(t *testing.T) {
	for name, row := range map[string]struct {
		at   time.Duration
		want float64
	}{"a request was answered meanwhile": {0, 24}, "long before": {-time.Minute, 1512}} {
		ev := diagnosistest.Site{Transports: udp()}.Run()
		ev.Clocks = []evidence.ClockSample{{At: diagnosistest.Started.Add(row.at), ErrorMs: 12}}
		calls(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
			for _, end := range f.Ends() {
				end.Media.Opened = diagnosistest.Started
				if end.Invite != nil {
					end.Invite.RTTMs = new(1512.)
				}
			}
		})
		d := diagnosis.Diagnose(ev)
		if got := d.Checks[1].Inbound.RoundTripMs; got == nil || *got != row.want {
			t.Errorf("%s: not a round trip of %v ms", name, row.want)
		}
		if told := slices.Contains(findings(d), "symptom poor-audio inbound proven"); told != (row.want > 1000) {
			t.Errorf("%s: %v", name, findings(d))
		}
	}
}
