package lab_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestPairedFromInside runs through sites that nothing reaches, or little: the
// responder's own connection brings its ledger home, and what passes from inside is
// tested in the same run.
func TestPairedFromInside(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	tls := []natlab.Forward{{Proto: natlab.TCP, Ports: natlab.Port(5061)}}
	for _, row := range []struct {
		name     string
		topology natlab.Topology
		ipv6     bool
		passes   []sipprobe.Transport // inwards
	}{
		{"nothing forwarded", natlab.Topology{}, false, nil},
		{"nothing forwarded over ipv6", natlab.Topology{}, true, nil},
		{"carrier nat", natlab.Topology{Carrier: true, Forwards: tls}, false, nil},
		{"random ports", natlab.Topology{RandomPorts: true}, false, nil},
		{"tls forwarded", natlab.Topology{Forwards: tls}, false, []sipprobe.Transport{sipprobe.TLS}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			o, err := lab.Run(ctx, lab.Fault{Topology: row.topology, IPv6: row.ipv6, FromInside: true, Scenario: "trunk"},
				lab.Options{Overrides: scenarios.Overrides{Talk: 2 * time.Second}, Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			ev := o.Evidence
			if ev.Run.Interrupted != "" || ev.Responder == nil {
				t.Fatalf("interrupted %q, responder's ledger %v", ev.Run.Interrupted, ev.Responder != nil)
			}
			paired(t, ev, row.passes)
			for _, c := range ev.Checks {
				if c.Kind == scenarios.CallKind && c.Direction == scenarios.Outbound && c.Control == "" {
					established(t, c)
				}
			}
		})
	}
}

// paired holds what the evidence says of the pairing against what passes inwards.
func paired(t *testing.T, ev *evidence.Evidence, passes []sipprobe.Transport) {
	t.Helper()
	in := ev.Pairing.FromInside
	if in == nil || in.Exchange == nil || in.Exchange.Outcome != sipprobe.Accepted || len(ev.Pairing.Lost) != 0 || in.Redialled != 0 {
		t.Fatalf("%+v, lost %+v", in, ev.Pairing.Lost)
	}
	if !slices.Contains(ev.Responder.Addresses, in.Inside.Addr()) || in.Dialled != in.Local {
		t.Errorf("%+v", in)
	}
	if ev.Run.Address.Is4() && (in.Remote.Addr() != ev.Run.Address || in.Remote == in.Inside) {
		t.Errorf("the responder came from %s, the site is %s", in.Remote, ev.Run.Address)
	}
	if len(ev.Pairing.Attempts) != 3 {
		t.Errorf("%+v", ev.Pairing.Attempts)
	}
	for _, a := range ev.Pairing.Attempts {
		want := slices.Contains(passes, a.Transport)
		tr := ev.Responder.Trace(ev.Run.PairingToken(a.Transport), a.Transport)
		if a.Works() != want || (tr.ReceivedRequests > 0) != want || !ev.Responder.Listening(a.Transport) {
			t.Errorf("%s: works %v, %d requests arrived", a.Transport, a.Works(), tr.ReceivedRequests)
		}
	}
}

func established(t *testing.T, c evidence.Check) {
	t.Helper()
	if c.CallFacts == nil || c.CallFacts.Flow != "new" {
		t.Errorf("%s: %+v %q", c.ID, c.CallFacts, c.Skipped)
		return
	}
	for _, end := range []*evidence.CallEnd{c.CallFacts.Client, c.CallFacts.Responder} {
		if end == nil || !end.Established {
			t.Errorf("%s: %+v missing %q", c.ID, end, c.CallFacts.Missing)
		}
	}
}
