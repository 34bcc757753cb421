package client_test

import (
	"net/netip"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func rewritings() scenarios.Scenario {
	s := scenarios.Scenario{Name: "rewriting"}
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, t := range sipprobe.Transports() {
			s.Checks = append(s.Checks, scenarios.Check{
				ID: "rewriting-" + string(d) + "-" + string(t), Kind: scenarios.RewritingKind, Direction: d, Transport: scenarios.Transport(t),
			})
		}
	}
	return s
}

// TestRewriting shows every form over a path that leaves it alone: each must be
// answered, and stand on both tapes.
func TestRewriting(t *testing.T) {
	t.Parallel()
	r := startResponder(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 32200, To: 32299} })
	ev := mustRun(t.Context(), t, against(r, rewritings()))
	if d := diagnosis.Diagnose(ev); d.Verdict != diagnosis.Pass || len(d.Findings) > 0 {
		t.Errorf("%s %+v", d.Verdict, d.Findings)
	}
	for _, c := range ev.Checks {
		f := c.Rewriting
		if f == nil || f.Missing != "" || f.AsideMissing != "" {
			t.Fatalf("%s: skipped %q, %+v", c.ID, c.Skipped, f)
		}
		from, to := &ev.Client, ev.Responder
		if c.Direction == scenarios.Outbound {
			from, to = to, from
		}
		allArrived(t, from, to, f.Shown, sipprobe.Transport(c.Transport))
		if (f.Aside != nil) != (c.Transport == "udp") {
			t.Errorf("%s: aside %+v", c.ID, f.Aside)
		}
		allArrived(t, from, to, f.Aside, sipprobe.UDP)
		for _, shown := range f.Aside {
			if at := arrivedAt(to, shown.Token); c.Direction == scenarios.Inbound && (at.Port() < 32200 || at.Port() > 32299) {
				t.Errorf("%s arrived at %v", shown.Token, at)
			}
		}
	}
}

func allArrived(t *testing.T, from, to *evidence.Ledger, shown []sipprobe.Shown, over sipprobe.Transport) {
	t.Helper()
	for _, s := range shown {
		sent, arrived := from.Trace(s.Token, over), to.Trace(s.Token, over)
		if s.Copies != 1 || s.Status/100 != 4 || s.Error != "" || sent.SentRequests != 1 || arrived.ReceivedRequests != 1 || sent.ReceivedResponses != 1 {
			t.Errorf("%+v: sent %+v, arrived %+v", s, sent, arrived)
		}
	}
}

func arrivedAt(l *evidence.Ledger, token string) netip.AddrPort {
	for _, r := range l.Tape {
		if !r.Sent && l.Trace(token, r.Transport).ReceivedRequests > 0 {
			if one := (&evidence.Ledger{Tape: []sipprobe.Record{r}}).Trace(token, r.Transport); one.ReceivedRequests == 1 {
				return r.Local
			}
		}
	}
	return netip.AddrPort{}
}
