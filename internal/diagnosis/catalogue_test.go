package diagnosis_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
)

// codes are the catalogue's contract: scripts match on them.
const codes = `
no-signalling transport-unreachable one-way-audio no-audio audio-stops audio-starts-late call-drops poor-audio

private-address-advertised wrong-address-advertised sip-alg-rewrites sip-alg-blocks alg-pins-media-to-signalling rport-ignored asymmetric-sip ack-lost

port-not-forwarded rtp-range-not-forwarded rtp-range-partly-forwarded odd-ports-not-forwarded forward-shifts-ports
forward-to-wrong-host port-exposed filtered-until-primed egress-filtered reply-path-lost port-in-use host-firewall

source-port-rewritten source-port-randomised source-address-varies source-hidden double-nat no-hairpin udp-binding-short
tcp-idle-short stale-nat-state fragments-dropped mtu-black-hole dscp-changed rate-limited ids-ban
source-changes-mid-call

silent-audio audio-looped latching-needed media-address-filtered asymmetric-rtp container-address

tls-intercepted tls-version-too-old certificate-expired certificate-not-yet-valid certificate-name-mismatch
certificate-untrusted certificate-chain-incomplete

local-fault peer-version-mismatch wrong-key
`

func TestCatalogueHoldsEveryCodeOnce(t *testing.T) {
	var got []string
	for _, e := range diagnosis.Catalogue() {
		got = append(got, e.Code)
	}
	if diff := cmp.Diff(strings.Fields(codes), got); diff != "" {
		t.Error(diff)
	}
}

func TestEntriesAreComplete(t *testing.T) {
	for i, e := range diagnosis.Catalogue() {
		role := diagnosis.Cause
		if i < 8 {
			role = diagnosis.Symptom
		}
		if e.Role != role || e.Title == "" || e.Means == "" || e.Proof == "" || len(e.Remedy) == 0 {
			t.Errorf("incomplete: %+v", e)
		}
		if all := e.Title + e.Means + e.Proof + strings.Join(e.Remedy, ""); strings.ContainsAny(all, "{}|") {
			t.Errorf("%s: a placeholder is left: %s", e.Code, all)
		}
	}
}

func TestLookup(t *testing.T) {
	if e, ok := diagnosis.Lookup("one-way-audio"); !ok || e.Code != "one-way-audio" || !e.Decided {
		t.Errorf("got %+v, %t", e, ok)
	}
	if _, ok := diagnosis.Lookup("one-way-radio"); ok {
		t.Error("found what is not there")
	}
}

func TestNearest(t *testing.T) {
	tests := map[string]string{
		"oneway-audio": "one-way-audio", "no-signaling": "no-signalling", "wrong-keys": "wrong-key", "zzzz": "", "": "",
	}
	for code, want := range tests {
		if got := diagnosis.Nearest(code); got != want {
			t.Errorf("nearest to %q is %q, want %q", code, got, want)
		}
	}
}
