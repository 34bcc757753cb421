package diagnosis_test

import (
	"net/netip"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
)

// TestWithin: a client that was not outside has not tested the router, and is told so.
func TestWithin(t *testing.T) {
	addr := netip.MustParseAddr
	at := func(a netip.Addr) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { ev.Run.Address = a }
	}
	from := func(a string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			for i := range ev.Pairing.Attempts {
				x := ev.Pairing.Attempts[i].Exchange
				x.Local = netip.AddrPortFrom(addr(a), x.Local.Port())
			}
		}
	}
	for name, row := range map[string]struct {
		site   diagnosistest.Site
		change func(*evidence.Evidence)
		want   string
	}{
		"outside":                     {diagnosistest.Site{}, func(*evidence.Evidence) {}, ""},
		"behind a NAT of its own":     {diagnosistest.Site{ClientNAT: true}, func(*evidence.Evidence) {}, ""},
		"at the inside address":       {diagnosistest.Site{}, at(diagnosistest.Inside), "192.168.1.10, a private address"},
		"by a VPN":                    {diagnosistest.Site{}, at(addr("fd00::10")), "fd00::10, a private address"},
		"over loopback":               {diagnosistest.Site{}, at(addr("127.0.0.1")), ""},
		"by the public address":       {diagnosistest.Site{ClientNAT: true}, func(ev *evidence.Evidence) { ev.Client.PublicAddress = diagnosistest.Public }, "the site's own public address"},
		"by a router without masking": {diagnosistest.Site{}, from("192.168.1.77"), "its own private address, 192.168.1.77"},
		"embedded":                    {diagnosistest.Site{}, func(ev *evidence.Evidence) { at(diagnosistest.Inside)(ev); ev.Run.Embedded = true }, ""},
		"never paired":                {diagnosistest.Site{Off: true}, at(diagnosistest.Inside), ""},
	} {
		ev := row.site.Run()
		row.change(ev)
		d := diagnosis.Diagnose(ev)
		if (d.Within == "") != (row.want == "") || !strings.Contains(d.Within, row.want) {
			t.Errorf("%s: %q, want %q", name, d.Within, row.want)
		}
		if told := strings.Contains(d.Summary, "the router was not tested"); d.Verdict == diagnosis.Pass && told != (row.want != "") {
			t.Errorf("%s: %s", name, d.Summary)
		}
		if told := strings.Contains(d.Summary, "no router was tested"); d.Verdict == diagnosis.Pass && told != ev.Run.Embedded {
			t.Errorf("%s: %s", name, d.Summary)
		}
	}
}
