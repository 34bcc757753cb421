package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

func aTLS(keys string) string {
	return fmt.Sprintf("name: x\nchecks:\n  - {id: s, kind: tls, direction: inbound%s}\n", keys)
}

func TestLoadTLS(t *testing.T) {
	for _, row := range []struct {
		keys string
		want scenarios.TLS
	}{
		{"", scenarios.TLS{MinVersion: "1.2", Trust: scenarios.TrustAny}},
		{`, port: 443, server_name: pbx.example.com, min_version: "1.3", min_days_left: 14, trust: public`,
			scenarios.TLS{Port: 443, ServerName: "pbx.example.com", MinVersion: "1.3", MinDaysLeft: 14, Trust: scenarios.TrustPublic}},
		{`, server_name: "2001:db8::1", min_version: 1.1`, scenarios.TLS{ServerName: "2001:db8::1", MinVersion: "1.1", Trust: scenarios.TrustAny}},
	} {
		got, err := scenarios.Load("x.yaml", strings.NewReader(aTLS(row.keys)))
		if err != nil {
			t.Errorf("%s: %v", row.keys, err)
			continue
		}
		want := scenarios.Check{ID: "s", Kind: scenarios.TLSKind, Direction: scenarios.Inbound, Transport: "tls", TLS: &row.want}
		if diff := cmp.Diff([]scenarios.Check{want}, got.Checks); diff != "" {
			t.Error(diff)
		}
	}
}

// TestLoadExplainsTLS writes checks that cannot be, and looks for what a person needs to read.
func TestLoadExplainsTLS(t *testing.T) {
	for keys, want := range map[string]string{
		", transports: [tls]":               "transports: a tls check has none",
		", talk: 1s":                        "belongs to checks of kind call",
		`, ports: "443"`:                    "belongs to checks of kind sweep",
		", port: 0":                         "port: 0 is not between 1 and 65535; leave it out",
		", port: 65536":                     "port: 65536",
		", port: https":                     "https is not between 1 and 65535",
		`, server_name: "pbx example"`:      "neither a host name nor an address",
		`, server_name: "https://pbx.test"`: "neither a host name nor an address",
		`, server_name: "müller.example"`:   "xn--",
		`, min_version: "1.4"`:              `min_version: "1.4" is none of 1.0, 1.1, 1.2, 1.3, as in "1.2"`,
		`, min_version: TLSv1.2`:            "min_version",
		", min_days_left: -1":               "min_days_left: -1 is not between 0 and 3650",
		", min_days_left: 5000":             "min_days_left: 5000",
		", trust: mine":                     `trust: "mine" is none of any, public`,
	} {
		_, err := scenarios.Load("x.yaml", strings.NewReader(aTLS(keys)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", keys, err, want)
		}
	}
	for text, want := range map[string]string{
		strings.Replace(aTLS(""), "inbound", "outbound", 1):                                 "tls checks are inbound",
		"name: x\nchecks:\n  - {id: s, kind: options, direction: inbound, trust: public}\n": "belongs to checks of kind tls",
	} {
		if _, err := scenarios.Load("x.yaml", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
