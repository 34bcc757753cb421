package client_test

import (
	"slices"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestAudioStops cuts the media of a call, both ways, after some hundred packets.
func TestAudioStops(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 32400, To: 32499} })
	wire := networktest.New(network.Host{})
	media := 0
	wire.Silence(func(f networktest.Flow) bool {
		if f.Protocol != "udp" || f.Remote.Port() < 32400 || f.Remote.Port() > 32499 {
			return false
		}
		media++
		return media > 250
	})
	s := aCall(scenarios.Inbound, sipprobe.UDP, 5*time.Second)
	s.Checks[0].Call.PauseMs = 1000
	cfg := against(r, s)
	cfg.Network = wire
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	d := diagnosis.Diagnose(ev)
	var codes []string
	for _, f := range d.Findings {
		if f.Code == "local-fault" { // a machine that is busy with other tests
			continue
		}
		codes = append(codes, f.Code+" "+string(f.Direction))
	}
	if !slices.Equal(codes, []string{"audio-stops inbound", "audio-stops outbound"}) || d.Checks[0].Verdict != diagnosis.Fail {
		t.Errorf("%v, %+v", codes, d.Checks[0])
	}
}

// TestPause holds a call with a pause: nothing is sent in it, and audio goes on after.
func TestPause(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	s := aCall(scenarios.Inbound, sipprobe.UDP, 2*time.Second)
	s.Checks[0].Call.PauseMs = 3000
	ev := mustRun(t.Context(), t, against(r, s))
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Pass {
		t.Errorf("%s %+v", d.Verdict, d.Findings)
	}
	for name, end := range ends(ev.Checks[0]) {
		quiet, sent := 0, int64(0)
		for _, step := range end.Media.Steps {
			sent += step.Sent
			if sent > 0 && step.Sent == 0 && sent < end.Media.Sent.Packets {
				quiet++
			}
		}
		if sent != end.Media.Sent.Packets || quiet < 2 || quiet > 3 {
			t.Errorf("%s: %d of %d packets in %+v", name, sent, end.Media.Sent.Packets, end.Media.Steps)
		}
	}
}
