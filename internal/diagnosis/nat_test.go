package diagnosis_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

func TestNATsAreJudged(t *testing.T) {
	none := func(*evidence.NATFacts) {}
	own := func(n diagnosistest.NAT) diagnosistest.NAT {
		n.Direction = scenarios.Inbound
		return n
	}
	const clean = "mapping endpoint-independent, filtering address-and-port-dependent, ports preserved (once called port restricted cone); media ports: "
	tests := []struct {
		name    string
		nat     diagnosistest.NAT
		change  func(*evidence.NATFacts)
		verdict diagnosis.Verdict
		summary string
	}{
		{"two addresses", diagnosistest.NAT{}, none, diagnosis.Pass, clean + "forwarded, filtering endpoint-independent, ports preserved"},
		{"not forwarded", diagnosistest.NAT{Closed: true}, none, diagnosis.Pass, clean + "not forwarded, ports preserved"},
		{"hairpin", diagnosistest.NAT{Hairpin: "works"}, none, diagnosis.Pass,
			clean + "forwarded, filtering endpoint-independent, ports preserved; the public address works from inside"},
		{"one address", diagnosistest.NAT{OneAddress: true}, none, diagnosis.Pass,
			"mapping the same for all ports, by address unknown, filtering address-and-port-dependent, ports preserved; media ports: forwarded, " +
				"filtering the same for all ports, by address unknown, ports preserved; the client answers from one address only"},
		{"a second address that was not proven", diagnosistest.NAT{Unproven: "no answer"}, none, diagnosis.Pass,
			"mapping the same for all ports, by address unknown, filtering address-and-port-dependent, ports preserved; media ports: forwarded, " +
				"filtering the same for all ports, by address unknown, ports preserved; the client's second address 198.51.100.21 could not be used: no answer"},
		{"open to peers", diagnosistest.NAT{Filtering: natprobe.AddressDependent, Closed: true}, none, diagnosis.Pass,
			"mapping endpoint-independent, filtering address-dependent, ports preserved (once called restricted cone); media ports: not forwarded, ports preserved"},
		{"open to all", diagnosistest.NAT{Filtering: natprobe.EndpointIndependent, Closed: true}, none, diagnosis.Pass,
			"mapping endpoint-independent, filtering endpoint-independent, ports preserved (once called full cone); media ports: not forwarded, ports preserved"},
		{"symmetric", diagnosistest.NAT{Random: true, Closed: true}, none, diagnosis.Pass,
			"mapping address-and-port-dependent, filtering address-and-port-dependent, ports changed (once called symmetric); " +
				"media ports: not forwarded, ports changed"},
		{"none", diagnosistest.NAT{Absent: true}, none, diagnosis.Pass,
			"no NAT, filtering address-and-port-dependent; media ports: forwarded, filtering endpoint-independent"},
		{"no ledger of the client: who filters is unknown", diagnosistest.NAT{Closed: true}, func(f *evidence.NATFacts) { f.Heard = nil }, diagnosis.Pass,
			"mapping endpoint-independent, filtering unknown, ports preserved; media ports: not forwarded, ports preserved; too little came back to tell more"},
		{"no record of the responder", diagnosistest.NAT{}, func(f *evidence.NATFacts) { *f = evidence.NATFacts{Missing: "it was gone"} }, diagnosis.Inconclusive,
			"the responder's ledger is missing: it was gone"},
		{"nothing arrives", diagnosistest.NAT{Dead: true}, none, diagnosis.Inconclusive, "nothing arrived of what the responder sent"},
		{"nothing returns", diagnosistest.NAT{Dead: true}, func(f *evidence.NATFacts) { f.Heard.Arrivals = make([]natprobe.Arrival, 1) }, diagnosis.Inconclusive,
			"none of the responder's questions was answered"},
		{"the client's own", own(diagnosistest.NAT{OneAddress: true}), none, diagnosis.Pass,
			"the client's own side, for information; mapping the same for all ports, by address unknown, filtering address-and-port-dependent, ports preserved; " +
				"the site answers from one address only"},
		{"the client has none", own(diagnosistest.NAT{Absent: true, OneAddress: true}), none, diagnosis.Pass,
			"the client's own side, for information; no NAT, filtering address-and-port-dependent"},
		{"the client's own, hidden", own(diagnosistest.NAT{Dead: true}), none, diagnosis.Skipped,
			"the client's own NAT did not show: none of its questions was answered"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := diagnosistest.Tested(tt.nat)
			tt.change(last(ev).NATFacts)
			c := lastVerdict(diagnosis.Diagnose(ev))
			if c.Verdict != tt.verdict || c.Summary != tt.summary {
				t.Errorf("got  %s: %s\nwant %s: %s", c.Verdict, c.Summary, tt.verdict, tt.summary)
			}
		})
	}
}

// TestNATsAccuseNobodyWrongly changes one thing in a test of a NAT that would otherwise
// have a finding, or none, and says what must be left.
func TestNATsAccuseNobodyWrongly(t *testing.T) {
	facts := func(change func(*evidence.NATFacts)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) { change(last(ev).NATFacts) }
	}
	// forget takes the answers away that sockets had from a place on.
	forget := func(f *evidence.NATFacts, sockets int) {
		for i := range f.Sockets[:sockets] {
			for j := range f.Sockets[i].Exchanges {
				f.Sockets[i].Exchanges[j].Mapped = nil
			}
		}
	}
	vpn := []netip.Addr{diagnosistest.Public, netip.MustParseAddr("10.8.0.2")}
	const second = "cause media-address-filtered inbound proven"
	tests := []struct {
		name   string
		nat    diagnosistest.NAT
		change func(*evidence.Evidence)
		want   []string
	}{
		{"random", diagnosistest.NAT{Random: true}, facts(func(*evidence.NATFacts) {}), []string{"cause source-port-randomised outbound proven"}},
		{"random, but only on ports that carry no media", diagnosistest.NAT{Random: true}, facts(func(f *evidence.NATFacts) {
			f.Sockets = slices.DeleteFunc(f.Sockets, func(s evidence.NATSocket) bool { return s.Class == evidence.MediaPort })
		}), nil},
		{"random, as one socket shows", diagnosistest.NAT{Random: true}, facts(func(f *evidence.NATFacts) { forget(f, 1) }), nil},
		{"the client's own NAT is random", diagnosistest.NAT{Direction: scenarios.Inbound, Random: true}, facts(func(*evidence.NATFacts) {}), nil},
		{"moved, as one socket shows", diagnosistest.NAT{Moved: true}, facts(func(f *evidence.NATFacts) { forget(f, 1) }), nil},
		{"one of two sockets was moved", diagnosistest.NAT{}, facts(func(f *evidence.NATFacts) {
			for i, x := range f.Sockets[0].Exchanges {
				moved := netip.AddrPortFrom(x.Mapped.Addr(), 1024)
				f.Sockets[0].Exchanges[i].Mapped = &moved
			}
		}), nil},
		{"another address over a VPN", diagnosistest.NAT{Pool: vpn}, facts(func(*evidence.NATFacts) {}), nil},
		{"hairpin fails", diagnosistest.NAT{Hairpin: "dead"}, facts(func(*evidence.NATFacts) {}), []string{"cause no-hairpin  proven"}},
		{"the answer comes from the inside address", diagnosistest.NAT{Hairpin: "private"}, facts(func(*evidence.NATFacts) {}), []string{"cause no-hairpin  proven"}},
		{"hairpin fails, and so it does from outside", diagnosistest.NAT{Hairpin: "dead", Closed: true}, facts(func(*evidence.NATFacts) {}), nil},
		{"hairpin fails, and nobody knows of outside", diagnosistest.NAT{Hairpin: "dead"}, facts(func(f *evidence.NATFacts) { f.ColdHeard = nil }), nil},
		{"hairpin fails at an address of another line", diagnosistest.NAT{Hairpin: "dead"}, facts(func(f *evidence.NATFacts) {
			x := &f.Hairpin.Result.Exchanges[0]
			x.To = netip.AddrPortFrom(diagnosistest.Public2, x.To.Port())
		}), nil},
		{"hairpin fails, and the client was inside", diagnosistest.NAT{Hairpin: "dead"}, facts(func(f *evidence.NATFacts) {
			for i := range f.Cold {
				f.Cold[i].To = netip.AddrPortFrom(diagnosistest.Inside, f.Cold[i].Port)
			}
		}), nil},
		{"hairpin could not be sent", diagnosistest.NAT{Hairpin: "dead"}, facts(func(f *evidence.NATFacts) { f.Hairpin.Result.Exchanges[0].Sent = 0 }), nil},
		{"media from elsewhere is dropped", diagnosistest.NAT{SecondShut: true}, facts(func(*evidence.NATFacts) {}), []string{second}},
		{"media from anywhere is dropped", diagnosistest.NAT{SecondShut: true, Closed: true}, facts(func(*evidence.NATFacts) {}), nil},
		{"media from elsewhere arrives at one port", diagnosistest.NAT{SecondShut: true}, facts(func(f *evidence.NATFacts) {
			a := f.ColdHeard.Arrivals[0]
			a.From = netip.AddrPortFrom(diagnosistest.Outside2, a.From.Port())
			f.ColdHeard.Arrivals = append(f.ColdHeard.Arrivals, a)
		}), nil},
		{"media from elsewhere could not be sent", diagnosistest.NAT{SecondShut: true}, facts(func(f *evidence.NATFacts) {
			for i := range f.Cold {
				if f.Cold[i].Second {
					f.Cold[i].Sent = 1
				}
			}
		}), nil},
		{"ports that a NAT may remember", diagnosistest.NAT{SecondShut: true}, facts(func(f *evidence.NATFacts) {
			for i := range f.Sockets {
				f.Sockets[i].Fresh = false
			}
		}), nil},
		{"an address that has never reached the site", diagnosistest.NAT{SecondShut: true}, func(ev *evidence.Evidence) { ev.Pairing.Second.SeenAs = nil }, nil},
		{"a control does not count", diagnosistest.NAT{Random: true, Hairpin: "dead"}, func(ev *evidence.Evidence) { last(ev).Control = "another" }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := diagnosistest.Tested(tt.nat)
			tt.change(ev)
			wantFindings(t, diagnosis.Diagnose(ev), tt.want)
		})
	}
}

// TestSweepAndNATSayItOnce: what both show is one finding, with both in it.
func TestSweepAndNATSayItOnce(t *testing.T) {
	for name, row := range map[string]struct {
		sweep diagnosistest.Sweep
		nat   diagnosistest.NAT
		want  string
		from  int
	}{
		"random in both":                        {diagnosistest.Sweep{Sources: rtpprobe.SourcePortsRandomised}, diagnosistest.NAT{Random: true}, "source-port-randomised", 2},
		"moved in both":                         {diagnosistest.Sweep{Sources: rtpprobe.SourcePortsRewritten}, diagnosistest.NAT{Moved: true}, "source-port-rewritten", 2},
		"random in the sweep, moved in the NAT": {diagnosistest.Sweep{Sources: rtpprobe.SourcePortsRandomised}, diagnosistest.NAT{Moved: true}, "source-port-randomised", 1},
	} {
		row.sweep.Direction = scenarios.Outbound
		ev := diagnosistest.Site{Transports: udp(), Sweeps: []diagnosistest.Sweep{row.sweep}, NATs: []diagnosistest.NAT{row.nat}}.Run()
		d := diagnosis.Diagnose(ev)
		if len(d.Findings) != 1 || d.Findings[0].Code != row.want || len(d.Findings[0].Checks) != row.from {
			t.Errorf("%s: %+v", name, d.Findings)
		}
	}
}

// TestNATsNeedNoSIPOverUDP: a scenario of NATs alone says nothing of SIP, and does not
// claim that audio passed.
func TestNATsNeedNoSIPOverUDP(t *testing.T) {
	ev := diagnosistest.Site{Closed: udp(), Transports: udp(), NATs: []diagnosistest.NAT{{}}}.Run()
	ev.Checks, ev.Scenario.Checks = ev.Checks[len(ev.Checks)-1:], ev.Scenario.Checks[len(ev.Checks)-1:]
	d := diagnosis.Diagnose(ev)
	if want := "How the NATs behave was measured."; d.Verdict != diagnosis.Pass || d.Summary != want {
		t.Errorf("%s: %s %v, want %s", d.Verdict, d.Summary, findings(d), want)
	}
}

// TestHairpinNeedsTheSameAddress: a forward that was proven at one address of the site says
// nothing of another.
func TestHairpinNeedsTheSameAddress(t *testing.T) {
	ev := diagnosistest.Tested(diagnosistest.NAT{Hairpin: "dead"})
	x := &last(ev).NATFacts.Hairpin.Result.Exchanges[0]
	x.To = netip.AddrPortFrom(diagnosistest.Public2, x.To.Port())
	want := "a client that reaches the site at " + diagnosistest.Public2.String()
	if got := needs(ev, "no-hairpin"); !strings.HasPrefix(got, want) {
		t.Errorf("needs %q, want %q", got, want)
	}
}

// TestNATNeeds: what is not tested says what would test it.
func TestNATNeeds(t *testing.T) {
	for _, tt := range []struct {
		nat  diagnosistest.NAT
		want []string
	}{
		{diagnosistest.NAT{Hairpin: "works"}, nil},
		{diagnosistest.NAT{Hairpin: "works", OneAddress: true}, []string{"media-address-filtered"}},
		{diagnosistest.NAT{Hairpin: "works", Unproven: "no answer"}, []string{"media-address-filtered"}},
		{diagnosistest.NAT{Hairpin: "works", Closed: true}, []string{"no-hairpin", "media-address-filtered"}},
		{diagnosistest.NAT{}, []string{"no-hairpin"}},
		{diagnosistest.NAT{Dead: true, Hairpin: "works"}, []string{"source-port-rewritten", "source-port-randomised"}}, // calls show one address
	} {
		var got []string
		for _, n := range diagnosis.Diagnose(diagnosistest.Tested(tt.nat)).NotTested {
			ours := []string{"no-hairpin", "media-address-filtered", "source-port-rewritten", "source-port-randomised", "source-address-varies"}
			if slices.Contains(ours, n.Code) {
				got = append(got, n.Code)
			}
		}
		slices.SortFunc(got, func(a, b string) int { return slices.Index(tt.want, a) - slices.Index(tt.want, b) })
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.nat, diff)
		}
	}
}
