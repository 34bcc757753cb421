package client_test

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestAnACKThatComesLate loses the ACKs of a call of a second for as long, for which the responder waits to know when
// it may speak: the call is over before. Nobody has lost any audio.
func TestAnACKThatComesLate(t *testing.T) {
	t.Parallel()
	var ev *evidence.Evidence
	for try := 1; ; try++ {
		ev = withLateACK(t)
		end := ev.Checks[0].CallFacts.Responder
		if end != nil && end.Established && end.Media != nil && end.Media.Sent.Packets < 25 {
			break
		}
		if try == 3 { // a busy client hangs up late, and proves nothing
			t.Fatalf("the responder spoke in time: %+v", end)
		}
	}
	d := diagnosis.Diagnose(ev)
	if d.Verdict != diagnosis.Inconclusive || len(d.Findings) > 0 {
		t.Errorf("%s: %s %+v", d.Verdict, d.Checks[0].Summary, d.Findings)
	}
}

func withLateACK(t *testing.T) *evidence.Evidence {
	t.Helper()
	var first atomic.Pointer[time.Time]
	wire := networktest.New(network.Host{})
	wire.Rewrite(func(_ networktest.Flow, sent bool, data []byte) []byte {
		if sent || !bytes.HasPrefix(data, []byte("ACK ")) {
			return data
		}
		if first.CompareAndSwap(nil, new(time.Now())); time.Since(*first.Load()) < time.Second {
			return nil
		}
		return data
	})
	r := startResponder(t, func(c *responder.Config) { c.Network = wire })
	return mustRun(t.Context(), t, against(r, aCall(scenarios.Inbound, sipprobe.UDP, time.Second)))
}
