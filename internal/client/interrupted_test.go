package client_test

import (
	"slices"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestALineThatIsInterrupted loses everything over UDP for a while, from the first audio of a call of a second on, as
// Wi-Fi does that changes its access point. Nothing is wrong with either direction.
func TestALineThatIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		d     scenarios.Direction
		lasts time.Duration
	}{{scenarios.Inbound, 3 * time.Second}, {scenarios.Outbound, 1500 * time.Millisecond}} {
		t.Run(string(row.d), func(t *testing.T) {
			t.Parallel()
			wire := networktest.New(network.Host{})
			r := startResponder(t, func(c *responder.Config) { c.Network = wire })
			cfg := against(r, aCall(row.d, sipprobe.UDP, time.Second))
			wire.Silence(interruption(portsOf(r)[sipprobe.UDP], row.lasts))
			d := diagnosis.Diagnose(mustRun(t.Context(), t, cfg))
			for _, f := range d.Findings {
				if f.Role == diagnosis.Cause && f.Code != "local-fault" || slices.Contains([]string{"no-audio", "one-way-audio"}, f.Code) {
					t.Errorf("%s: %q", f.Code, f.Evidence)
				}
			}
			if d.Verdict == diagnosis.Pass || d.Verdict == diagnosis.Fail {
				t.Errorf("%s: %s", d.Verdict, d.Checks[0].Summary)
			}
		})
	}
}

// interruption loses everything over UDP for a while, soon after the first packet that is no SIP.
func interruption(sip uint16, lasts time.Duration) func(networktest.Flow) bool {
	const soon = 60 * time.Millisecond
	var first time.Time
	return func(f networktest.Flow) bool {
		if f.Protocol != "udp" {
			return false
		}
		if first.IsZero() && f.Local.Port() != sip && f.Remote.Port() != sip {
			first = time.Now()
		}
		since := time.Since(first)
		return !first.IsZero() && since > soon && since < soon+lasts
	}
}
