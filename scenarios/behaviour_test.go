package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

const everyBehaviour = `name: x
title: A title
checks:
  - id: call
    kind: call
    direction: inbound
    transports: [tls]
    talk: 5s
    codec: opus
    srtp: true
    max_first_packet: 500ms
    expect_audio: inbound-only
    responder: {media_address: zero, latch: strict, probation: 8, source_port: other, rtcp: mux, ptime: 40, dtmf: "12#*D", srtp_key: wrong}
    client: {media_address: wrong, latch: always, rtcp: none, ptime: 30, gap: 2s, gap_by: comfort-noise}
`

func TestLoadBehaviours(t *testing.T) {
	got, err := scenarios.Load("x.yaml", strings.NewReader(everyBehaviour))
	if err != nil {
		t.Fatal(err)
	}
	want := &scenarios.Call{
		TalkMs: 5000, Codec: "opus", SRTP: true, MaxFirstPacketMs: 500, Expect: scenarios.InboundOnly,
		MaxLossPercent: scenarios.DefaultMaxLossPercent, MinMOS: scenarios.DefaultMinMOS,
		Responder: scenarios.Behaviour{MediaAddress: scenarios.ZeroAddress, Latch: scenarios.LatchStrict, Probation: 8, Rport: true,
			Audio: scenarios.ToneAudio, SourcePort: scenarios.OtherPort, RTCP: scenarios.RTCPMux, PtimeMs: 40, DTMF: "12#*D", SRTPKey: scenarios.WrongKey},
		Client: scenarios.Behaviour{MediaAddress: scenarios.WrongAddress, Latch: scenarios.LatchAlways, Rport: true, Audio: scenarios.ToneAudio,
			RTCP: scenarios.RTCPNone, PtimeMs: 30, GapMs: 2000, GapBy: scenarios.ComfortNoise},
	}
	call := got.Checks[0].Call
	if diff := cmp.Diff(want, call); diff != "" {
		t.Error(diff)
	}
	if !call.Opaque() || !call.Expected(scenarios.Inbound) || call.Expected(scenarios.Outbound) || call.Client.Ptime() != 30*time.Millisecond || call.Client.Gap() != 2*time.Second {
		t.Errorf("%+v", call)
	}
	if _, err := got.With(scenarios.Overrides{Talk: time.Second}); err == nil || !strings.Contains(err.Error(), "talk time must be at least") {
		t.Errorf("a talk time that is too short: %v", err)
	}
}

// TestUsualWordsSayNothing: what is usual may be written down, and changes nothing.
func TestUsualWordsSayNothing(t *testing.T) {
	const plain = "name: x\nchecks:\n  - {id: c, kind: call, direction: inbound}\n"
	wordy := strings.Replace(plain, "inbound}", "inbound, responder: {source_port: same, rtcp: next-port, answers_to: source, signalling_port: same, srtp_key: right}, client: {ptime: 20}}", 1)
	wordy = strings.Replace(wordy, "srtp_key: right", "latch: always", 1)
	one, err := scenarios.Load("x.yaml", strings.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	other, err := scenarios.Load("x.yaml", strings.NewReader(wordy))
	if err != nil {
		t.Fatal(err)
	}
	for i := range other.Checks {
		other.Checks[i].Call.Client.PtimeMs = 0
	}
	if diff := cmp.Diff(one, other); diff != "" {
		t.Error(diff)
	}
}

// TestLoadExplainsBehaviours changes one thing of a good file and looks for what a person needs to read.
func TestLoadExplainsBehaviours(t *testing.T) {
	for _, row := range []struct {
		from, to string
		want     []string
	}{
		{"media_address: zero", "media_address: none", []string{"responder.media_address", "public, private, zero, wrong"}},
		{"latch: always", "latch: once", []string{"client.latch", "never, first-packet, always, strict"}},
		{"probation: 8", "probation: 51", []string{"responder.probation: 51", "between 2 and 50"}},
		{"probation: 8", "probation: 1", []string{"responder.probation: 1", "between 2 and 50"}},
		{"latch: strict, probation: 8", "latch: always, keep_latch: true", []string{"responder.keep_latch", "belongs to latch: first-packet"}},
		{"latch: strict", "latch: never", []string{"responder.probation", "belongs to latch: strict"}},
		{"source_port: other", "source_port: 5000", []string{"responder.source_port", "same, other"}},
		{"rtcp: mux", "rtcp: yes", []string{"responder.rtcp", "next-port, mux, none, other-port"}},
		{"ptime: 40", "ptime: 10", []string{"responder.ptime: 10", "20, 30 or 40"}},
		{"ptime: 30", "ptime: 0", []string{"client.ptime: 0", "20, 30 or 40"}},
		{"\"12#*D\"", "12x", []string{"responder.dtmf", "0-9 * # A-D"}},
		{"\"12#*D\"", "12345678901234567", []string{"responder.dtmf", "up to 16"}},
		{"talk: 5s", "talk: 1s", []string{"talk time must be at least"}},
		{"gap: 2s", "gap: 100ms", []string{"client.gap: 100ms", "200ms"}},
		{"gap: 2s", "gap: 0s", []string{"client.gap", "leave it out"}},
		{"gap: 2s, ", "", []string{"client.gap_by", "belongs to a gap"}},
		{"gap: 2s", "gap: 4s", []string{"client.gap", "talk time must be at least 5.5s"}},
		{"gap: 2s", "gap: 2s, dtmf: \"1\"", []string{"client: dtmf and gap exclude each other"}},
		{"srtp_key: wrong", "srtp_key: none", []string{"responder.srtp_key", "right, wrong"}},
		{"srtp: true", "srtp: false", []string{"srtp_key: it belongs to srtp: true"}},
		{"[tls]", "[tls, udp]", []string{"srtp", "over TLS only", "transports: [tls]"}},
		{"max_first_packet: 500ms", "max_first_packet: 500", []string{"max_first_packet", "not a duration"}},
		{"max_first_packet: 500ms", "max_first_packet: 10ms", []string{"max_first_packet: 10ms", "between 50ms and 1m0s"}},
		{"expect_audio: inbound-only", "expect_audio: silence", []string{"expect_audio", "both-ways, inbound-only, outbound-only, no-audio"}},
		{"latch: always", "answers_to: port", []string{"client.answers_to", "source, via"}},
		{"latch: always", "signalling_port: 5061", []string{"client.signalling_port", "same, other"}},
		{"latch: always", "answers_to: via", []string{"for UDP only", "transports: [udp]"}},
		{"source_port: other", "signalling_port: other", []string{"for UDP only", "transports: [udp]"}},
		{"codec: opus", "codec: g729", []string{"codec", "pcmu, pcma, g722, opus"}},
	} {
		if !strings.Contains(everyBehaviour, row.from) {
			t.Fatalf("the file has no %q to change", row.from)
		}
		_, err := scenarios.Load("x.yaml", strings.NewReader(strings.Replace(everyBehaviour, row.from, row.to, 1)))
		if err == nil {
			t.Errorf("%s: no error", row.to)
			continue
		}
		for _, want := range row.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", row.to, err, want)
			}
		}
	}
	options := "name: x\nchecks:\n  - {id: o, kind: options, direction: inbound, srtp: true}\n"
	if _, err := scenarios.Load("x.yaml", strings.NewReader(options)); err == nil || !strings.Contains(err.Error(), "belongs to checks of kind call") {
		t.Error(err)
	}
}
