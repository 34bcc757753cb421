package diagnosis_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

const (
	pins     = "cause alg-pins-media-to-signalling inbound proven"
	filtered = "cause media-address-filtered inbound proven"
)

// TestMediaFromSecond changes one thing in a run with media from a second address, and
// says which of the two causes must be left.
func TestMediaFromSecond(t *testing.T) {
	tls, clear := []sipprobe.Transport{sipprobe.TLS}, []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP}
	second := func(change func(*evidence.CallFacts)) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			calls(ev, func(c *evidence.Check, f *evidence.CallFacts) {
				if c.FromSecond() {
					change(f)
				}
			})
		}
	}
	none := func(*evidence.Evidence) {}
	for _, tt := range []struct {
		name   string
		run    diagnosistest.Second
		change func(*evidence.Evidence)
		want   []string
	}{
		{"an ALG over UDP and TCP", diagnosistest.Second{Pinned: clear}, none, []string{pins}},
		{"the range is not forwarded, and a helper opens it", diagnosistest.Second{Pinned: clear, Barred: tls},
			shutOverTLS, []string{pins}},
		{"a filter", diagnosistest.Second{Pinned: sipprobe.Transports()}, none, []string{filtered}},
		{"a filter, and an ALG that opens for the call", diagnosistest.Second{Pinned: tls}, none, []string{filtered}},
		{"over TLS alone", diagnosistest.Second{Pinned: tls, Over: tls}, none, []string{filtered}},
		{"the NAT was tested, and no TLS", diagnosistest.Second{Pinned: clear, Over: clear, Site: nats(diagnosistest.NAT{})}, none, []string{pins}},
		{"the NAT was tested, and filters", diagnosistest.Second{Pinned: clear, Over: clear, Site: nats(diagnosistest.NAT{SecondShut: true})}, none, []string{filtered}},

		{"nothing to tell an ALG by", diagnosistest.Second{Pinned: clear, Over: clear}, none, nil},
		{"the first address does not get in either", diagnosistest.Second{Pinned: clear}, second(func(f *evidence.CallFacts) {
			*f.Responder.Cold.ControlPackets = 0
		}), nil},
		{"nothing was sent from the first", diagnosistest.Second{Pinned: clear}, second(func(f *evidence.CallFacts) {
			f.Client.Control = nil
		}), nil},
		{"some gets in from the second", diagnosistest.Second{Pinned: clear}, second(func(f *evidence.CallFacts) {
			f.Responder.Cold.Packets = max(f.Responder.Cold.Packets, 3)
		}), nil},
		{"the client could not send from the second", diagnosistest.Second{Pinned: sipprobe.Transports()}, second(func(f *evidence.CallFacts) {
			f.Client.Lead.Packets, f.Client.Media.Sent.Packets = 0, 0
			f.Client.Media.Sent.Errors = []rtpprobe.ErrorCount{{Kind: "not-permitted", Count: 300}}
		}), nil},
		{"the SDP led nowhere", diagnosistest.Second{Pinned: clear, Site: diagnosistest.Site{Private: true}}, none, nil},
		{"the site may have sent to the first before", diagnosistest.Second{Pinned: sipprobe.Transports()}, shutOverTLS, nil},
		{"the run ended before the responder listened", diagnosistest.Second{Pinned: sipprobe.Transports()}, second(func(f *evidence.CallFacts) {
			f.Responder.Cold = nil
		}), nil},
		{"nobody's address matters", diagnosistest.Second{Barred: sipprobe.Transports()}, none, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ev := tt.run.Run()
			tt.change(ev)
			var got []string
			for _, f := range findings(diagnosis.Diagnose(ev)) {
				if f == pins || f == filtered || slices.Contains([]string{pins[:len(pins)-6] + "likely", filtered[:len(filtered)-6] + "likely"}, f) {
					got = append(got, f)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func nats(n diagnosistest.NAT) diagnosistest.Site {
	return diagnosistest.Site{NATs: []diagnosistest.NAT{n}}
}

// shutOverTLS shuts the media ports of ordinary calls over TLS until the site has sent.
func shutOverTLS(ev *evidence.Evidence) {
	calls(ev, func(c *evidence.Check, f *evidence.CallFacts) {
		if !c.FromSecond() && c.Transport == "tls" && f.Responder.Cold != nil {
			f.Responder.Cold.Packets = 0
			f.Responder.Media.Received.Packets = 250
		}
	})
}

// TestSecondNeeds: what is not tested says what would test it.
func TestSecondNeeds(t *testing.T) {
	clear := []sipprobe.Transport{sipprobe.UDP, sipprobe.TCP}
	unproven := func(ev *evidence.Evidence) {
		ev.Pairing.Second.SeenAs, ev.Pairing.Second.Error = nil, "udp: no answer"
	}
	for _, tt := range []struct {
		name   string
		run    diagnosistest.Second
		change func(*evidence.Evidence)
		want   map[string]string
	}{
		{"clean", diagnosistest.Second{}, nil, map[string]string{}},
		{"no address", diagnosistest.Second{Over: []sipprobe.Transport{}}, func(ev *evidence.Evidence) { ev.Pairing.Second = nil }, map[string]string{
			"alg-pins-media-to-signalling": "calls with media from a second outside address: bothways run --second-address",
			"media-address-filtered":       "a test of the site's NAT (scenario nat), or calls over TLS, from two outside addresses: bothways run --second-address",
		}},
		{"unproven", diagnosistest.Second{Over: []sipprobe.Transport{}}, unproven, map[string]string{
			"alg-pins-media-to-signalling": "a second outside address that reaches the site's SIP ports; 198.51.100.21 did not: udp: no answer",
			"media-address-filtered":       "a second outside address that reaches the site's SIP ports; 198.51.100.21 did not: udp: no answer",
		}},
		{"no control", diagnosistest.Second{Pinned: clear, Over: clear}, nil, map[string]string{
			"alg-pins-media-to-signalling": "the same call over TLS, which no ALG can read",
			"media-address-filtered":       "a test of the site's NAT (scenario nat), or calls over TLS, from two outside addresses: bothways run --second-address",
		}},
		{"a filter", diagnosistest.Second{Pinned: sipprobe.Transports()}, nil, map[string]string{
			"alg-pins-media-to-signalling": "a site without a filter of addresses, which hides what an ALG does",
		}},
		{"nothing gets in", diagnosistest.Second{Barred: sipprobe.Transports()}, nil, map[string]string{
			"alg-pins-media-to-signalling": "media that gets in at the site, from whichever address",
			"media-address-filtered":       "a test of the site's NAT (scenario nat), or calls over TLS, from two outside addresses: bothways run --second-address",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ev := tt.run.Run()
			if tt.change != nil {
				tt.change(ev)
			}
			got := make(map[string]string)
			for _, n := range diagnosis.Diagnose(ev).NotTested {
				if n.Code == "alg-pins-media-to-signalling" || n.Code == "media-address-filtered" {
					got[n.Code] = n.Needs
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
