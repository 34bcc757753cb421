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

// TestPlaceUnknown: a client that came from behind a NAT, by a private address, may have been
// inside.
func TestPlaceUnknown(t *testing.T) {
	for name, row := range map[string]struct {
		own, seen, at string
		want          bool
	}{
		"inside, or hidden":           {"192.168.1.77", "192.168.1.1", "203.0.113.10", true},
		"behind a NAT of its own":     {"192.168.1.77", "198.51.100.20", "203.0.113.10", false},
		"without a NAT":               {"192.168.1.77", "192.168.1.77", "203.0.113.10", false},
		"over a VPN":                  {"192.168.1.77", "10.8.0.1", "10.8.0.5", false},
		"a public address, as proven": {"198.51.100.20", "192.168.1.1", "203.0.113.10", false},
	} {
		ev := diagnosistest.Hidden()
		for i := range ev.Pairing.Attempts {
			x := ev.Pairing.Attempts[i].Exchange
			x.Local = netip.AddrPortFrom(netip.MustParseAddr(row.own), x.Local.Port())
		}
		ev.Client.PublicAddress, ev.Run.Address = netip.MustParseAddr(row.seen), netip.MustParseAddr(row.at)
		d := diagnosis.Diagnose(ev)
		if got := len(d.Remarks) > 0 && d.Remarks[0].Code == "source-hidden"; got != row.want {
			t.Errorf("%s: %+v", name, d.Remarks)
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
