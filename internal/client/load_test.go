package client_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func manyCalls(t *testing.T, calls int, transport sipprobe.Transport, d scenarios.Direction) scenarios.Scenario {
	t.Helper()
	s, err := scenarios.ManyCalls(calls, 50, time.Second, scenarios.Transport(transport), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLoad holds many calls at once, either way and over each transport: both ends have
// a record of each, and the tapes hold the first ones.
func TestLoad(t *testing.T) {
	t.Parallel()
	const calls = evidence.TapedCalls + 5
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, transport := range sipprobe.Transports() {
			t.Run(string(d)+"-"+string(transport), func(t *testing.T) {
				t.Parallel()
				r := startResponder(t, nil)
				ev := mustRun(t.Context(), t, against(r, manyCalls(t, calls, transport, d)))
				whole(t, ev)
				f := ev.Checks[0].LoadFacts
				if f == nil || f.Client == nil || f.Responder == nil || f.Missing != "" {
					t.Fatalf("skipped %q, %+v", ev.Checks[0].Skipped, f)
				}
				for name, end := range map[string]*evidence.LoadEnd{"client": f.Client, "responder": f.Responder} {
					complete(t, name, end, calls)
				}
				token := ev.Run.LoadToken(ev.Checks[0].ID, evidence.TapedCalls)
				beyond := ev.Run.LoadToken(ev.Checks[0].ID, evidence.TapedCalls+1)
				for name, tape := range map[string][]sipprobe.Record{"client": ev.Client.Tape, "responder": ev.Responder.Tape} {
					if !taped(tape, token) || taped(tape, beyond) {
						t.Errorf("the %s's tape holds the last of the first calls: %t, the next one: %t", name, taped(tape, token), taped(tape, beyond))
					}
				}
				for _, p := range ev.Passages() {
					if strings.HasPrefix(p.Token, "load-") && len(p.Arrivals) != 1 {
						t.Errorf("%s of %s arrived %d times", p.Name(), p.Token, len(p.Arrivals))
					}
				}
			})
		}
	}
}

func taped(tape []sipprobe.Record, token string) bool {
	for _, r := range tape {
		if strings.Contains(string(r.Data), "Call-ID: "+token+"\r\n") {
			return true
		}
	}
	return false
}

// mostOfACall is how many of the 75 packets of a call a busy machine gets out before its end.
const mostOfACall = 45

// complete fails the test unless an end's record holds so many calls with audio.
func complete(t *testing.T, name string, end *evidence.LoadEnd, calls int) {
	t.Helper()
	if len(end.Calls) != calls || end.Lateness == nil || end.Stopped != "" || len(end.Seconds) == 0 {
		t.Errorf("%s: %d calls, %+v", name, len(end.Calls), end.Lateness)
	}
	for i, c := range end.Calls {
		if c.Number != i+1 || !c.Established || c.SentPackets < mostOfACall || c.ReceivedPackets < mostOfACall || c.ToneHeardMs < mostOfASecond || c.Fault != "" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	most := 0
	var sent int64
	for _, s := range end.Seconds {
		most, sent = max(most, s.Calls), sent+s.SentPackets
	}
	if most != calls || sent < int64(calls*mostOfACall) {
		t.Errorf("%s: at most %d calls at once, %d packets", name, most, sent)
	}
}

// TestLoadIsRefused has responders that do not take as many.
func TestLoadIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, want string
		change     func(*responder.Config)
	}{
		{"by its bound", "at most 10 calls at once, for all clients", func(c *responder.Config) { c.MaxLoadCalls = 10 }},
		{"by nothing at all", "at most 0 calls", func(c *responder.Config) { c.MaxLoadCalls = -1 }},
		{"by its media ports", "room for 5 calls, not for 11", func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 32500, To: 32509} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := startResponder(t, row.change)
			ev := mustRun(t.Context(), t, against(r, manyCalls(t, 11, sipprobe.UDP, scenarios.Inbound)))
			if c := ev.Checks[0]; !strings.Contains(c.Skipped, row.want) || c.LoadFacts != nil {
				t.Errorf("skipped %q, want %q", c.Skipped, row.want)
			}
			if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Inconclusive {
				t.Errorf("verdict %s", d.Verdict)
			}
		})
	}
}

// TestLoadIsReleased has a responder with room for one load at a time: the next one may
// come once the first is over.
func TestLoadIsReleased(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.MaxLoadCalls = 3 })
	for range 2 {
		ev := mustRun(t.Context(), t, against(r, manyCalls(t, 3, sipprobe.UDP, scenarios.Inbound)))
		if c := ev.Checks[0]; c.Skipped != "" {
			t.Error(c.Skipped)
		}
	}
}

// TestStoppedLoad stops the client while the calls are up: what was measured is kept, and
// the responder has nothing left of it.
func TestStoppedLoad(t *testing.T) {
	t.Parallel()
	r := startResponder(t, nil)
	s, err := scenarios.ManyCalls(10, 50, time.Minute, "udp", scenarios.Inbound)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cfg := against(r, s)
	cfg.Progress = func(e client.Event) {
		if e.Name == "check-progress" && strings.HasPrefix(e.Text, "10 of") {
			time.AfterFunc(500*time.Millisecond, cancel)
		}
	}
	ev := mustRun(ctx, t, cfg)
	f := ev.Checks[0].LoadFacts
	if ev.Run.Interrupted != "stopped by the user" || f == nil || f.Client == nil || f.Responder == nil || len(f.Client.Calls) != 10 || len(f.Responder.Calls) != 10 {
		t.Fatalf("%q, skipped %q, %+v", ev.Run.Interrupted, ev.Checks[0].Skipped, f)
	}
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Inconclusive {
		t.Errorf("verdict %s: %s", d.Verdict, d.Summary)
	}
}
