package client_test

import (
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestShippedComplaints runs the scenarios in which more happens than talk, against a
// responder on this machine, where nothing is wrong.
func TestShippedComplaints(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"audio-stops-on-hold", "no-audio-on-transfer", "drops-after-30s"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			passes(t, scenario(t, name, time.Second))
		})
	}
}

// TestMovesOverEveryTransport has each side move and refresh in calls of both directions.
func TestMovesOverEveryTransport(t *testing.T) {
	t.Parallel()
	s := scenarios.Scenario{Name: "moves"}
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, transport := range sipprobe.Transports() {
			moved := func(c *scenarios.Call) {
				c.Hangup = scenarios.ResponderSide
				c.Setup = scenarios.Setup{EarlyMediaMs: 500, RingMs: 200}
				c.Moves = []scenarios.Move{
					{AtMs: 1000, By: scenarios.ClientSide, Do: scenarios.UpdateMove, Media: scenarios.NewPortMedia},
					{AtMs: 2000, By: scenarios.ResponderSide, Do: scenarios.ReinviteMove, Media: scenarios.NewPortMedia},
					{AtMs: 3000, By: scenarios.ResponderSide, Do: scenarios.UpdateMove},
				}
			}
			s.Checks = append(s.Checks,
				callCheck("moved-"+string(d)+"-"+string(transport), d, transport, 5*time.Second, moved),
				callCheck("delayed-"+string(d)+"-"+string(transport), d, transport, 2*time.Second, func(c *scenarios.Call) { c.Setup.DelayedOffer = true }))
		}
	}
	passes(t, s)
}

// passes runs a scenario that must find nothing but that this machine is busy.
func passes(t *testing.T, s scenarios.Scenario) {
	t.Helper()
	ev := mustRun(t.Context(), t, against(startResponder(t, nil), s))
	whole(t, ev)
	d := diagnosis.Diagnose(ev)
	for _, f := range d.Findings {
		if f.Code != "local-fault" && f.Code != "poor-audio" {
			t.Errorf("%s %s: %v", f.Code, f.Direction, f.Evidence)
		}
	}
	for _, c := range d.Checks {
		if c.Verdict != diagnosis.Pass && c.Verdict != diagnosis.Degraded {
			t.Errorf("%s: %s, %s", c.ID, c.Verdict, c.Summary)
		}
	}
	for _, c := range ev.Checks {
		heardBothWays(t, c)
		for _, end := range c.CallFacts.Ends() {
			for _, m := range end.Moments {
				if !m.Took() {
					t.Errorf("%s: %+v", c.ID, m)
				}
			}
		}
	}
}
