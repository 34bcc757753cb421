package diagnosis_test

import (
	"net/netip"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// TestSourceHidden changes one thing in a run at a site that hides where calls come from.
func TestSourceHidden(t *testing.T) {
	addr := netip.MustParseAddr
	udpAttempt := func(ev *evidence.Evidence) *sipprobe.Exchange { return ev.Pairing.Attempts[0].Exchange }
	for name, row := range map[string]struct {
		change func(*evidence.Evidence)
		want   string // a piece of the evidence, empty where nothing is found
		needs  bool
	}{
		"nothing": {func(*evidence.Evidence) {}, "The client sent from 198.51.100.20, its own public address; at the responder it came from 192.168.1.1, an address that means nothing", false},
		"the router": {func(ev *evidence.Evidence) {
			ev.Responder.Gateway = &evidence.Gateway{Address: addr("192.168.1.1")}
		}, "192.168.1.1, the address of the site's own router", false},
		"no NAT at all": {func(ev *evidence.Evidence) {
			ev.Client.PublicAddress, *ev.Pairing.ClientBehindNAT = netip.Addr{}, false
		}, "", false},
		"a client with a private address": {func(ev *evidence.Evidence) {
			udpAttempt(ev).Local = netip.MustParseAddrPort("10.20.30.40:40000")
		}, "", true},
		"a client's NAT with another public address": {func(ev *evidence.Evidence) { ev.Client.PublicAddress = addr("198.51.100.99") }, "", true},
		"over a VPN":              {func(ev *evidence.Evidence) { ev.Run.Address = diagnosistest.Inside }, "", true},
		"seen over a proxy alone": {func(ev *evidence.Evidence) { udpAttempt(ev).Outcome = sipprobe.Silent }, "", true},
	} {
		ev := diagnosistest.Hidden()
		row.change(ev)
		f := named(ev, "source-hidden")
		if (f != nil) != (row.want != "") || f != nil && !strings.Contains(strings.Join(f.Evidence, " "), row.want) {
			t.Errorf("%s: %+v, want %q", name, f, row.want)
		}
		if got := needs(ev, "source-hidden"); (got != "") != row.needs {
			t.Errorf("%s: needs %q, want %t", name, got, row.needs)
		}
		if d := diagnosis.Diagnose(ev); f != nil && *d.ClientBehindNAT {
			t.Errorf("%s: the client is said to have a NAT of its own", name)
		}
	}
}

// TestSourceHiddenForgets: where the site hides the client, the client has no NAT that could
// have forgotten anything in its place.
func TestSourceHiddenForgets(t *testing.T) {
	ev := diagnosistest.BehindOwnNAT(diagnosistest.Idled(400_000, 400_000))
	ev.Client.PublicAddress = netip.MustParseAddr("192.168.1.1")
	if f := named(ev, "tcp-idle-short"); f == nil {
		t.Error("nobody forgot a connection")
	}
}
