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

func idleChecks() scenarios.Scenario {
	s := scenarios.Scenario{Name: "idle", Checks: []scenarios.Check{{
		ID: "binding", Kind: scenarios.BindingKind, Direction: scenarios.Outbound, Transport: "udp",
		Idle: &scenarios.Idle{LimitMs: 1000, StepsMs: []int{1000, 1500}, Traffic: scenarios.ExchangeTraffic},
	}}}
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, t := range []sipprobe.Transport{sipprobe.TCP, sipprobe.TLS} {
			s.Checks = append(s.Checks, scenarios.Check{ID: "idle-" + string(d) + "-" + string(t), Kind: scenarios.IdleKind, Direction: d,
				Transport: scenarios.Transport(t), Idle: &scenarios.Idle{LimitMs: 1000, StepsMs: []int{1000, 1500}}})
		}
	}
	return s
}

// TestIdle runs all kinds of idle times over a path that forgets nothing.
func TestIdle(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 32300, To: 32399} })
	ev := mustRun(t.Context(), t, against(r, idleChecks()))
	for _, c := range ev.Checks {
		f := c.IdleFacts
		if f == nil || f.Missing != "" || len(f.Bindings)+len(f.Connections) != 2 {
			t.Fatalf("%s: skipped %q, %+v", c.ID, c.Skipped, f)
		}
		for _, b := range f.Bindings {
			if b.Outside == nil || b.Inside == nil || b.Outside.Openers != 1 || b.Inside.Answers != 1 || b.Inside.Probes == 0 ||
				b.Outside.Mapped != b.Inside.Local || b.Outside.IdledMs < float64(b.IdleMs) {
				t.Errorf("%s: %+v, %+v", c.ID, b.Outside, b.Inside)
			}
		}
		far := ev.Responder
		if c.Direction == scenarios.Outbound {
			far = &ev.Client
		}
		for i, trial := range f.Connections {
			if trial.Connect.Result != "open" || trial.Second == nil || trial.Second.Outcome != sipprobe.Accepted || trial.EndedMs != nil {
				t.Errorf("%s: %+v", c.ID, trial)
			}
			_, second := ev.Run.ConnectionTokens(c.ID, i)
			if tr := far.Trace(second, sipprobe.Transport(c.Transport)); tr.ReceivedRequests == 0 {
				t.Errorf("%s: the far end saw %+v of %s", c.ID, tr, second)
			}
		}
	}
}

// TestIdleAgain interrupts the line for UDP while bindings are put to the test. What was dead
// by that below the limit is tried again, and accuses nobody.
func TestIdleAgain(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 32600, To: 32699} })
	wire := networktest.New(network.Host{})
	var opened time.Time
	sip := portsOf(r)[sipprobe.UDP]
	wire.Silence(func(f networktest.Flow) bool {
		if f.Protocol != "udp" || f.Remote.Port() == sip {
			return false
		}
		if opened.IsZero() {
			opened = time.Now()
		}
		since := time.Since(opened)
		return since > 700*time.Millisecond && since < 2500*time.Millisecond
	})
	s := idleChecks()
	s.Checks = s.Checks[:1]
	s.Checks[0].Idle.LimitMs = 1500
	cfg := against(r, s)
	cfg.Network = wire
	ev := mustRun(t.Context(), t, cfg)
	if len(ev.Checks) != 2 {
		t.Fatalf("%d checks", len(ev.Checks))
	}
	first, again := ev.Checks[0], ev.Checks[1]
	for i := range first.Idle.StepsMs {
		if alive := first.IdleFacts.Alive(i); alive == nil || *alive {
			t.Errorf("trial %d was not interrupted: %+v", i, first.IdleFacts.Bindings[i])
		}
	}
	if again.Control != first.ID || !slices.Equal(again.Idle.StepsMs, []int{1000}) {
		t.Errorf("%s is a control of %q with %v", again.ID, again.Control, again.Idle.StepsMs)
	}
	if alive := again.IdleFacts.Alive(0); alive == nil || !*alive {
		t.Errorf("tried again: %+v", again.IdleFacts.Bindings)
	}
	d := diagnosis.Diagnose(ev)
	if slices.ContainsFunc(d.Findings, func(f diagnosis.Finding) bool { return f.Code == "udp-binding-short" }) {
		t.Errorf("%+v", d.Findings)
	}
}
