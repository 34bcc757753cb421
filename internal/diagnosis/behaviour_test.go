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
	"bothways/scenarios"
	"bothways/sipprobe"
)

// changed changes the calls of a run.
func changed(ev *evidence.Evidence, change func(*evidence.Check, *evidence.CallFacts)) *evidence.Evidence {
	calls(ev, change)
	return ev
}

func codesOf(d diagnosis.Diagnosis) (out []string) {
	for _, f := range d.Findings {
		out = append(out, f.Code)
	}
	return out
}

// TestBehaviourRuns holds what is found where a side misbehaves on a good path, and that nothing else is.
func TestBehaviourRuns(t *testing.T) {
	for run, row := range map[string]struct {
		want    []string
		verdict diagnosis.Verdict
		says    string // of a check
	}{
		"audio-starts-late": {[]string{"audio-starts-late"}, diagnosis.Degraded, "inside hears nothing in the first 2.5 s after the answer (at most 500.0 ms)"},
		"wrong-address":     {[]string{"one-way-audio", "wrong-address-advertised"}, diagnosis.Fail, "inside hears nothing (0 of 0 packets arrived)"},
		"zero-address":      {[]string{"one-way-audio", "wrong-address-advertised"}, diagnosis.Fail, "inside hears nothing (0 of 0 packets arrived)"},
		"asymmetric-rtp":    {[]string{"one-way-audio", "audio-stops", "asymmetric-rtp"}, diagnosis.Fail, "inside hears nothing any more after 1.0 s of audio"},
		"srtp-wrong-key":    {[]string{"silent-audio"}, diagnosis.Fail, "inside cannot decrypt the audio that arrives: its SRTP key is not the sender's"},
		"digits-lost":       {nil, diagnosis.Fail, "the digits 12# did not reach inside by RFC 4733: 1 arrived, while audio did"},
	} {
		t.Run(run, func(t *testing.T) {
			d := diagnosis.Diagnose(diagnosistest.Find(run))
			if diff := cmp.Diff(row.want, codesOf(d)); diff != "" || d.Verdict != row.verdict {
				t.Error(d.Verdict, diff)
			}
			if !slices.ContainsFunc(d.Checks, func(c diagnosis.CheckVerdict) bool { return strings.Contains(c.Summary, row.says) }) {
				t.Errorf("no check says %q: %+v", row.says, d.Checks)
			}
		})
	}
}

// TestFirstPacket changes a run whose audio starts late.
func TestFirstPacket(t *testing.T) {
	ms := func(n float64) *float64 { return &n }
	for name, row := range map[string]struct {
		change func(*evidence.Check, *evidence.CallFacts)
		want   bool
	}{
		"late":       {func(*evidence.Check, *evidence.CallFacts) {}, true},
		"no limit":   {func(c *evidence.Check, _ *evidence.CallFacts) { c.Call.MaxFirstPacketMs = 0 }, false},
		"in time":    {func(c *evidence.Check, _ *evidence.CallFacts) { c.Call.MaxFirstPacketMs = 2600 }, false},
		"unknown":    {func(_ *evidence.Check, f *evidence.CallFacts) { f.Responder.FirstPacketMs = nil }, false},
		"before":     {func(_ *evidence.Check, f *evidence.CallFacts) { f.Responder.FirstPacketMs = ms(-20) }, false},
		"held back":  {func(_ *evidence.Check, f *evidence.CallFacts) { f.Client.Cold = &evidence.Cold{WaitedMs: 2500} }, false},
		"one ledger": {func(_ *evidence.Check, f *evidence.CallFacts) { f.Client = nil }, false},
		"a sender that stood still when the answer came": {func(_ *evidence.Check, f *evidence.CallFacts) {
			f.Responder.Events = []sipprobe.Event{
				{Time: diagnosistest.Started, Sent: true, What: "200"},
				{Time: diagnosistest.Started.Add(1500 * time.Millisecond), Sent: true, What: "200"},
				{Time: diagnosistest.Started.Add(2400 * time.Millisecond), What: "ACK"},
				{Time: diagnosistest.Started.Add(8 * time.Second), Sent: true, What: "200"},
			}
		}, false},
		"an answer that was sent once": {func(_ *evidence.Check, f *evidence.CallFacts) {
			f.Responder.Events = []sipprobe.Event{
				{Time: diagnosistest.Started, Sent: true, What: "200"},
				{Time: diagnosistest.Started.Add(2400 * time.Millisecond), What: "ACK"},
				{Time: diagnosistest.Started.Add(8 * time.Second), Sent: true, What: "200"},
			}
		}, true},
		"a sender that saw the ACK late": {func(_ *evidence.Check, f *evidence.CallFacts) {
			f.Client.Cold = &evidence.Cold{WaitedMs: 1000}
			f.Client.Events = []sipprobe.Event{
				{Time: diagnosistest.Started, Sent: true, What: "200"},
				{Time: diagnosistest.Started.Add(1500 * time.Millisecond), What: "ACK"},
			}
		}, false},
		"a sender that stood still": {func(_ *evidence.Check, f *evidence.CallFacts) {
			f.Client.Media.Sent.Lateness = &rtpprobe.LatenessUS{P50: 10, P99: 20, Max: 2_300_000}
		}, false},
		"a sender that was late": {func(_ *evidence.Check, f *evidence.CallFacts) {
			f.Client.Media.Sent.Lateness = &rtpprobe.LatenessUS{P50: 10, P99: 20, Max: 300_000}
		}, true},
		"the far end": {func(_ *evidence.Check, f *evidence.CallFacts) {
			f.Responder.FirstPacketMs, f.Client.FirstPacketMs = ms(1), ms(1700)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			ev := changed(diagnosistest.StartsLate(), row.change)
			if f := named(ev, "audio-starts-late"); (f != nil) != row.want {
				t.Errorf("%+v", f)
			}
		})
	}
	f := named(diagnosistest.StartsLate(), "audio-starts-late")
	if want := "the first 125 packets of the client, 2.5 s of audio, did not arrive"; !strings.Contains(f.Evidence[0], want) {
		t.Error(f.Evidence)
	}
}

// TestWrongAddress changes a run whose responder names an address that is not its own.
func TestWrongAddress(t *testing.T) {
	wrong := netip.MustParseAddr("192.0.2.254")
	heardAll := func(f *evidence.CallFacts) {
		f.Client.Media.Sent.Packets, f.Responder.Media.Received.Packets, f.Responder.Media.Received.ToneHeardMS = 250, 250, 5000
	}
	for name, row := range map[string]struct {
		change func(*evidence.Evidence)
		want   bool
	}{
		"wrong":           {func(*evidence.Evidence) {}, true},
		"its own address": {func(ev *evidence.Evidence) { ev.Responder.Addresses = append(ev.Responder.Addresses, wrong) }, false},
		"dialled":         {func(ev *evidence.Evidence) { ev.Run.Address = wrong }, false},
		"seen": {func(ev *evidence.Evidence) {
			changed(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
				f.Client.Media.Received.Sources[0].Address = netip.AddrPortFrom(wrong, 12000)
			})
		}, false},
		"it works, by that address": {func(ev *evidence.Evidence) {
			changed(ev, func(_ *evidence.Check, f *evidence.CallFacts) { heardAll(f) })
		}, false},
		"it works by latching": {func(ev *evidence.Evidence) {
			changed(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
				heardAll(f)
				at := netip.AddrPortFrom(diagnosistest.Public, 12000)
				f.Client.Media.LatchedTo = &at
			})
		}, true},
		"private": {func(ev *evidence.Evidence) {
			changed(ev, func(_ *evidence.Check, f *evidence.CallFacts) {
				a := netip.MustParseAddrPort("192.168.1.10:12000")
				f.Responder.Advertised = &a
			})
		}, false},
		"no ledger": {func(ev *evidence.Evidence) { ev.Responder = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Misaddressed(wrong)
			row.change(ev)
			if f := named(ev, "wrong-address-advertised"); (f != nil) != row.want {
				t.Errorf("%+v", f)
			}
			if f := named(ev, "wrong-address-advertised"); f != nil && f.Confidence != diagnosis.Likely {
				t.Errorf("it may be another address of the site, and is %s", f.Confidence)
			}
			if f := named(ev, "rtp-range-not-forwarded"); f != nil {
				t.Errorf("the path is accused: %+v", f)
			}
		})
	}
}

// TestWrongAddressForSure: no address at all, or one that the scenario has planted, leaves no doubt.
func TestWrongAddressForSure(t *testing.T) {
	planted := changed(diagnosistest.Misaddressed(netip.MustParseAddr("192.0.2.254")), func(c *evidence.Check, _ *evidence.CallFacts) {
		c.Call.Responder.MediaAddress = scenarios.WrongAddress
	})
	for _, ev := range []*evidence.Evidence{planted, diagnosistest.Misaddressed(netip.IPv6Unspecified())} {
		if f := named(ev, "wrong-address-advertised"); f == nil || f.Confidence != diagnosis.Proven {
			t.Errorf("%+v", f)
		}
	}
}

// TestAsymmetric changes a run whose client follows the responder to where it does not listen.
func TestAsymmetric(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*evidence.CallFacts)
		want   bool
	}{
		"followed":              {func(*evidence.CallFacts) {}, true},
		"one port":              {func(f *evidence.CallFacts) { f.Responder.Media.Sent.From = nil }, false},
		"not followed":          {func(f *evidence.CallFacts) { f.Client.Media.LatchedTo = nil }, false},
		"followed to the right": {func(f *evidence.CallFacts) { f.Client.Media.LatchedTo = f.Responder.Advertised }, false},
		"it works": {func(f *evidence.CallFacts) {
			in := &f.Responder.Media.Received
			in.Packets, in.LastSequence, in.ToneHeardMS = 250, nil, 5000
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			ev := changed(diagnosistest.Asymmetric(), func(_ *evidence.Check, f *evidence.CallFacts) { row.change(f) })
			if f := named(ev, "asymmetric-rtp"); (f != nil) != row.want {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestSRTPKey tells a key that is wrong from a line that loses packets.
func TestSRTPKey(t *testing.T) {
	d := diagnosis.Diagnose(diagnosistest.WrongSRTPKey())
	if text := strings.Join(d.Findings[0].Evidence, " "); !strings.Contains(text, "the key in the client's SDP is not the SRTP key that the client encrypts with") {
		t.Error(text)
	}
	few := changed(diagnosistest.Site{}.Run(), func(_ *evidence.Check, f *evidence.CallFacts) { f.Responder.Media.Received.Unauthenticated = 3 })
	if d := diagnosis.Diagnose(few); len(d.Findings) != 0 {
		t.Errorf("%+v", d.Findings)
	}
	lost := changed(diagnosistest.Site{InShut: true}.Run(), func(c *evidence.Check, _ *evidence.CallFacts) { c.Call.SRTP = true })
	if f := named(lost, "silent-audio"); f != nil {
		t.Errorf("%+v", f)
	}
}

// TestWhatIsNoFault holds that behaviours which are none of the path's faults accuse nobody.
func TestWhatIsNoFault(t *testing.T) {
	for name, change := range map[string]func(*evidence.Check, *evidence.CallFacts){
		"a gap": func(c *evidence.Check, f *evidence.CallFacts) {
			c.Call.Client.GapMs = 3000
			gap := 3020.0
			f.Client.Media.Sent.SuppressedMS, f.Client.Media.Sent.Packets = 3000, 100
			in := &f.Responder.Media.Received
			in.Packets, in.Expected, in.ToneHeardMS, in.MaxGapMS = 100, 100, 2000, &gap
		},
		"a codec that nobody listens to": func(c *evidence.Check, f *evidence.CallFacts) {
			c.Call.Codec = "opus"
			for _, end := range f.Ends() {
				end.Media.Received.OpaqueMS, end.Media.Received.ToneHeardMS = 5000, 0
			}
		},
		"probation": func(c *evidence.Check, f *evidence.CallFacts) {
			c.Call.Responder.Latch, c.Call.TalkMs = scenarios.LatchStrict, 1000
			f.Client.Media.Sent.Packets = 50
			in := &f.Responder.Media.Received
			in.Packets, in.StrictDropped, in.ToneHeardMS = 47, 3, 940
		},
		"no RTCP":             func(_ *evidence.Check, f *evidence.CallFacts) { f.Client.Media.RTCP = rtpprobe.Reports{} },
		"another source port": func(_ *evidence.Check, f *evidence.CallFacts) { f.Responder.Media.Sent.From = f.Responder.Advertised },
	} {
		t.Run(name, func(t *testing.T) {
			d := diagnosis.Diagnose(changed(diagnosistest.Site{Transports: udp()}.Run(), change))
			if d.Verdict != diagnosis.Pass || len(d.Findings) != 0 {
				t.Errorf("%s: %v, %+v", d.Verdict, codesOf(d), d.Checks)
			}
		})
	}
	opaque := diagnosis.Diagnose(changed(diagnosistest.Site{Transports: udp()}.Run(), func(c *evidence.Check, f *evidence.CallFacts) {
		c.Call.Codec = "g722"
		f.Client.Media.Received.OpaqueMS, f.Responder.Media.Received.OpaqueMS = 5000, 5000
	}))
	if c := opaque.Checks[1]; c.Inbound.ToneHeardMs != nil || c.Inbound.MOS != nil || !strings.Contains(c.Summary, "nobody listens to g722") {
		t.Errorf("%+v: %s", c.Inbound, c.Summary)
	}
}

// TestExpectations changes a run in which one call of four fails by design.
func TestExpectations(t *testing.T) {
	for name, row := range map[string]struct {
		change  func(ev *evidence.Evidence, c *evidence.Check)
		verdict diagnosis.Verdict
		check   diagnosis.Verdict
		says    string
	}{
		"as expected": {func(*evidence.Evidence, *evidence.Check) {}, diagnosis.Pass, diagnosis.Pass,
			"as expected: inside hears nothing (0 of 300 packets arrived); outside hears the other end"},
		"not expected": {func(_ *evidence.Evidence, c *evidence.Check) { c.Call.Expect = "" }, diagnosis.Fail, diagnosis.Fail, "inside hears nothing"},
		"worse": {func(_ *evidence.Evidence, c *evidence.Check) {
			r := &c.CallFacts.Client.Media.Received
			r.Packets, r.ToneHeardMS = 0, 0
		}, diagnosis.Fail, diagnosis.Fail, "outside hears nothing"},
		"better": {func(_ *evidence.Evidence, c *evidence.Check) {
			r := &c.CallFacts.Responder.Media.Received
			r.Packets, r.ToneHeardMS = 300, 6000
		}, diagnosis.Degraded, diagnosis.Degraded, "something on the path mends it"},
		"on one network": {func(ev *evidence.Evidence, c *evidence.Check) {
			ev.Run.Address = diagnosistest.Inside
			c.CallFacts.Responder.Cold.Packets = 50
			latching := ev.Checks[4].CallFacts.Responder
			latching.Cold.Packets, latching.Media.Received.Packets = 50, 300
			r := &c.CallFacts.Responder.Media.Received
			r.Packets, r.ToneHeardMS = 300, 6000
		}, diagnosis.Pass, diagnosis.Pass, "there is nothing to tell here"},
		"one ledger": {func(_ *evidence.Evidence, c *evidence.Check) { c.CallFacts.Responder = nil }, diagnosis.Inconclusive, diagnosis.Inconclusive, "missing"},
	} {
		t.Run(name, func(t *testing.T) {
			ev := diagnosistest.Behaviours()
			row.change(ev, &ev.Checks[3])
			d := diagnosis.Diagnose(ev)
			if c := d.Checks[3]; c.Verdict != row.check || !strings.Contains(c.Summary, row.says) || d.Verdict != row.verdict {
				t.Errorf("run %s %v, check %s: %s", d.Verdict, codesOf(d), c.Verdict, c.Summary)
			}
			if name == "as expected" && slices.Contains(codesOf(d), "one-way-audio") {
				t.Error("a call that fails by design is a symptom")
			}
		})
	}
}

func TestDifferences(t *testing.T) {
	var got []string
	for _, d := range diagnosis.Diagnose(diagnosistest.Behaviours()).Differences {
		got = append(got, d.String())
	}
	want := []string{
		"responder media_address: with public audio goes both ways, with private inside hears nothing, as long as client latch: never (public-strict, private-strict; no difference in 1 other pair)",
		"client latch: with first-packet audio goes both ways, with never inside hears nothing, as long as responder media_address: private (private-latching, private-strict; no difference in 1 other pair)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, run := range []string{"clean", "rtp-not-forwarded", "private-address-strict"} {
		if d := diagnosis.Diagnose(diagnosistest.Find(run)).Differences; len(d) != 0 {
			t.Errorf("%s: %+v", run, d)
		}
	}
}
