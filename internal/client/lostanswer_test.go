package client_test

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestALostAnswerHoldsNoAudioBack loses the first 200 of a call: the caller speaks half a second later, when it
// comes again, and no audio was held back.
func TestALostAnswerHoldsNoAudioBack(t *testing.T) {
	t.Parallel()
	var lost atomic.Bool
	wire := networktest.New(network.Host{})
	wire.Rewrite(func(_ networktest.Flow, sent bool, data []byte) []byte {
		if sent && bytes.HasPrefix(data, []byte("SIP/2.0 200")) && bytes.Contains(data, []byte(" INVITE\r\n")) && !lost.Swap(true) {
			return nil
		}
		return data
	})
	r := startResponder(t, func(c *responder.Config) { c.Network = wire })
	call := callCheck("call", scenarios.Inbound, sipprobe.UDP, time.Second, func(c *scenarios.Call) { c.MaxFirstPacketMs = 400 })
	ev := mustRun(t.Context(), t, against(r, scenarios.Scenario{Name: "first", Checks: []scenarios.Check{call}}))
	end := ev.Checks[0].CallFacts.Responder
	if end == nil || end.FirstPacketMs == nil || *end.FirstPacketMs < 400 {
		t.Fatalf("no answer was lost: %+v", end)
	}
	d := diagnosis.Diagnose(ev)
	for _, f := range d.Findings {
		if f.Code == "audio-starts-late" {
			t.Errorf("%q", f.Evidence)
		}
	}
	if got := d.Checks[0].Inbound.FirstPacketMs; got == nil || *got > 400 {
		t.Errorf("the first packet came %v ms after the first answer, and that is reported", *end.FirstPacketMs)
	}
}
