package lab_test

import (
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// seen is how a NAT behaves.
type seen struct{ mapping, filtering natprobe.Behaviour }

// natsOf are the NATs of faults: on ports that no forward is for, on media ports, and
// the client's own.
func natsOf(fault string) (free, media, own seen, ok bool) {
	const (
		none, unknown = natprobe.NoTranslation, natprobe.Unknown
		all, peers    = natprobe.EndpointIndependent, natprobe.AddressDependent
		pairs         = natprobe.AddressAndPortDependent
	)
	row, ok := map[string][3]seen{
		"nat-clean":          {{all, pairs}, {all, all}, {none, unknown}},
		"nat-ipv6":           {{none, pairs}, {none, all}, {none, all}},
		"nat-one-to-one":     {{all, all}, {all, all}, {none, unknown}},
		"nat-not-forwarded":  {{all, pairs}, {all, pairs}, {}},
		"nat-open-to-all":    {{all, all}, {all, all}, {none, unknown}},
		"nat-open-to-peers":  {{all, peers}, {all, all}, {none, unknown}},
		"nat-random-ports":   {{pairs, pairs}, {pairs, pairs}, {none, unknown}},
		"nat-moved-ports":    {{all, pairs}, {all, pairs}, {none, unknown}},
		"nat-hairpin":        {{all, pairs}, {all, all}, {none, all}},
		"nat-of-the-client":  {{all, pairs}, {all, all}, {all, pairs}},
		"nat-second-dropped": {{unknown, pairs}, {unknown, unknown}, {none, unknown}},
	}[fault]
	return row[0], row[1], row[2], ok
}

// natsAsBuilt holds what was measured of real NATs against what they do.
func natsAsBuilt(t *testing.T, o lab.Outcome) {
	t.Helper()
	free, media, own, ok := natsOf(o.Fault.Name)
	if !ok {
		return
	}
	of := func(p *diagnosis.NATPorts) (s seen) {
		if p != nil {
			s = seen{p.Mapping.Behaviour, p.Filtering.Behaviour}
		}
		return s
	}
	for _, c := range o.Diagnosis.Checks {
		switch {
		case c.NAT == nil:
			t.Errorf("%s: %s %s", c.ID, c.Verdict, c.Summary)
		case c.Direction == scenarios.Inbound && of(c.NAT.Media) != own:
			t.Errorf("the client's own: %v, want %v", of(c.NAT.Media), own)
		case c.Direction == scenarios.Outbound && (of(c.NAT.Free) != free || of(c.NAT.Media) != media):
			t.Errorf("free %v, want %v; media %v, want %v", of(c.NAT.Free), free, of(c.NAT.Media), media)
		}
	}
}

// TestPublicAddressIsNotTheClientsToTell: without a word of the responder's operator the
// public address is not tried from inside.
func TestPublicAddressIsNotTheClientsToTell(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	t.Parallel()
	f, err := lab.Find("nat-no-hairpin")
	if err != nil {
		t.Fatal(err)
	}
	f.PublicAddress, f.Expect, f.Verdict = false, nil, "pass"
	o := lab.Try(t.Context(), f, lab.Options{Overrides: lab.Quickly(), Version: "test"})
	if o.Err != nil {
		t.Fatal(o.Err)
	}
	if h := o.Evidence.Checks[0].NATFacts.Hairpin; h != nil || !o.OK() {
		t.Errorf("%+v, false %v", h, o.False)
	}
}
