package diagnosis_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/resolve"
)

// TestNames: what is noted of a name, and whether that is split DNS.
func TestNames(t *testing.T) {
	six, cdn := netip.MustParseAddr("2001:db8::10"), netip.MustParseAddr("203.0.113.99")
	yes, no := true, false
	for _, tt := range []struct {
		name            string
		outside, inside *resolve.Resolution
		split           *bool
		want            []string // one piece of each note
	}{
		{"the same", diagnosistest.Named(diagnosistest.Public), diagnosistest.Named(diagnosistest.Public), &no, nil},
		{"split", diagnosistest.Named(diagnosistest.Public), diagnosistest.Named(diagnosistest.Inside), &yes,
			[]string{"Inside, pbx.example.com leads to 192.168.1.10, outside to 203.0.113.10 (split DNS)."}},
		{"split in one family", diagnosistest.Named(diagnosistest.Public, six), diagnosistest.Named(diagnosistest.Inside, six), &yes,
			[]string{"(split DNS)", "also leads to 2001:db8::10"}},
		{"one family inside", diagnosistest.Named(diagnosistest.Public, six), diagnosistest.Named(six), &no, []string{"also leads to 2001:db8::10"}},
		{"in turn", diagnosistest.Named(diagnosistest.Public, cdn), diagnosistest.Named(cdn), &no, []string{"also leads to 203.0.113.99"}},
		{"two public addresses", diagnosistest.Named(diagnosistest.Public), diagnosistest.Named(cdn), &yes, []string{"the two ends are told different addresses"}},
		{"nowhere inside", diagnosistest.Named(diagnosistest.Public), diagnosistest.Named(), nil, []string{"leads nowhere (no such name)"}},
		{"the machine itself inside", diagnosistest.Named(diagnosistest.Public), diagnosistest.Named(netip.MustParseAddr("127.0.1.1")), nil,
			[]string{"leads to that machine itself (127.0.1.1)"}},
		{"not asked inside", diagnosistest.Named(diagnosistest.Public), nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := diagnosis.Diagnose(diagnosistest.ByName(diagnosistest.Site{}.Run(), tt.outside, tt.inside))
			n := got.Names
			if n == nil || (n.Split == nil) != (tt.split == nil) || n.Split != nil && *n.Split != *tt.split || len(n.Notes) != len(tt.want) || len(got.Findings) != 0 {
				t.Fatalf("%+v", n)
			}
			for i, want := range tt.want {
				if !strings.Contains(n.Notes[i], want) {
					t.Errorf("%q, want %q", n.Notes[i], want)
				}
			}
		})
	}
	if n := diagnosis.Diagnose(diagnosistest.Site{}.Run()).Names; n != nil {
		t.Errorf("of an address: %+v", n)
	}
}

// TestHairpinByName ties a missing way back in to what the name leads to inside.
func TestHairpinByName(t *testing.T) {
	itself := diagnosistest.Tested(diagnosistest.NAT{Hairpin: "dead"})
	diagnosistest.ByName(itself, diagnosistest.Named(diagnosistest.Public), diagnosistest.Named(netip.MustParseAddr("127.0.1.1")))
	if f := named(itself, "no-hairpin"); f == nil || strings.Contains(strings.Join(f.Evidence, " "), "what dials the name there") {
		t.Errorf("what a machine calls itself says nothing of others: %+v", f)
	}
	for want, inside := range map[string]*resolve.Resolution{
		"what dials the name there meets this":                 diagnosistest.Named(diagnosistest.Public),
		"what dials the name there does not need the way back": diagnosistest.Named(diagnosistest.Inside),
	} {
		found := 0
		for _, r := range diagnosistest.Runs() {
			if r.Evidence.Responder == nil {
				continue
			}
			plain := diagnosis.Diagnose(r.Evidence)
			if !slices.ContainsFunc(plain.Findings, func(f diagnosis.Finding) bool { return f.Code == "no-hairpin" }) {
				continue
			}
			for _, f := range diagnosis.Diagnose(diagnosistest.ByName(r.Evidence, diagnosistest.Named(diagnosistest.Public), inside)).Findings {
				if f.Code == "no-hairpin" && strings.Contains(strings.Join(f.Evidence, " "), want) {
					found++
				}
			}
		}
		if found == 0 {
			t.Errorf("no run says %q", want)
		}
	}
}
