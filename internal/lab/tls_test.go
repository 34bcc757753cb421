package lab_test

import (
	"testing"

	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/scenarios"
)

// TestAnInterceptorIsNoNAT: what the responder sees behind a box that opens TLS is the
// box; the client's own address is still known from UDP, and calls reach it there.
func TestAnInterceptorIsNoNAT(t *testing.T) {
	t.Parallel()
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	f, err := lab.Find("tls-intercepted")
	if err != nil {
		t.Fatal(err)
	}
	ev := lab.Try(t.Context(), f, lab.Options{Overrides: lab.Quickly(), Version: "test"}).Evidence
	if nat := ev.Pairing.ClientBehindNAT; nat == nil || *nat {
		t.Error("the client is taken to be behind a NAT of its own")
	}
	for _, c := range ev.Checks {
		if c.Kind == scenarios.CallKind && c.Direction == scenarios.Outbound && (c.CallFacts == nil || c.CallFacts.Flow != "new") {
			t.Errorf("%s: %+v", c.ID, c.CallFacts)
		}
	}
}
