package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

func aPort(keys string) string {
	return fmt.Sprintf("name: x\nchecks:\n  - {id: p, kind: port, direction: inbound%s}\n", keys)
}

func TestLoadPorts(t *testing.T) {
	got, err := scenarios.Load("x.yaml", strings.NewReader(aPort(", transports: [tcp, udp], port: 3090, purpose: links, optional: true")))
	if err != nil {
		t.Fatal(err)
	}
	var want []scenarios.Check
	for _, transport := range []string{"tcp", "udp"} {
		want = append(want, scenarios.Check{
			ID: "p-" + transport, Kind: scenarios.PortKind, Direction: scenarios.Inbound, Transport: scenarios.Transport(transport),
			Optional: true, Purpose: "links", Port: &scenarios.Port{Number: 3090, Purpose: "links"},
		})
	}
	if diff := cmp.Diff(want, got.Checks); diff != "" {
		t.Error(diff)
	}
}

// TestLoadSpeaks: what is spoken at a port is told by its number, unless the file says so.
func TestLoadSpeaks(t *testing.T) {
	for keys, want := range map[string]scenarios.Protocol{
		"transports: [tcp], port: 80": "http", "transports: [tcp], port: 443": "https", "transports: [tcp], port: 5222": "xmpp",
		"transports: [tcp], port: 5060": "sip", "transports: [udp], port: 5060": "sip", "transports: [tcp], port: 5061": "sips",
		"transports: [tcp], port: 50080": "http", "transports: [tcp], port: 50081": "https", "transports: [udp], port: 123": "ntp",
		"transports: [udp], port: 443": "", "transports: [tcp], port: 3090": "", "transports: [tcp], port: 8443, speaks: https": "https",
		"transports: [tcp], port: 443, speaks: none": "", "transports: [tcp], port: 443, speaks: tls": "tls",
	} {
		got, err := scenarios.Load("x.yaml", strings.NewReader(aPort(", "+keys)))
		if err != nil || got.Checks[0].Port.Speaks != want {
			t.Errorf("%s: %+v %v", keys, got.Checks, err)
		}
	}
	outbound := strings.Replace(aPort(", transports: [tcp], port: 443"), "inbound", "outbound", 1)
	if got, err := scenarios.Load("x.yaml", strings.NewReader(outbound)); err != nil || got.Checks[0].Port.Speaks != "" {
		t.Errorf("%+v %v", got.Checks, err)
	}
	for text, want := range map[string]string{
		aPort(", transports: [tcp], port: 443, speaks: gopher"):                                       `speaks: "gopher" is none of http`,
		aPort(", transports: [udp], port: 443, speaks: https"):                                        "speaks: https is not spoken over udp",
		aPort(", transports: [tcp], port: 443, speaks: ntp"):                                          "speaks: ntp is not spoken over tcp",
		strings.Replace(aPort(", transports: [tcp], port: 1, speaks: tls"), "inbound", "outbound", 1): "belongs to inbound",
		strings.Replace(aPort(", speaks: tls"), "kind: port", "kind: options", 1):                     "speaks: belongs to checks of kind port",
	} {
		if _, err := scenarios.Load("x.yaml", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestLoadExplainsPorts writes checks of ports that cannot be.
func TestLoadExplainsPorts(t *testing.T) {
	for keys, want := range map[string]string{
		", port: 443":                                                                 "transports: want [tcp], [udp] or both",
		", transports: [], port: 443":                                                 "transports: want [tcp]",
		", transports: [tls], port: 443":                                              `transports: "tls" is none of tcp, udp`,
		", transports: [tcp, tcp], port: 443":                                         "twice",
		", transports: [tcp]":                                                         "port: is missing; want one port from 1 to 65535",
		", transports: [tcp], port: 0":                                                ": want one port from 1 to 65535",
		", transports: [tcp], port: 65536":                                            ": want one port from 1 to 65535",
		`, transports: [tcp], port: "443-444"`:                                        ": want one port from 1 to 65535",
		", transports: [tcp], port: https":                                            ": want one port from 1 to 65535",
		", transports: [tcp], port: 443, ports: 1-9":                                  "belongs to checks of kind sweep",
		", transports: [tcp], port: 443, rate: 10":                                    "belongs to checks of kind sweep",
		", transports: [tcp], port: 443, talk: 1s":                                    "belongs to checks of kind call",
		", transports: [tcp], port: 443, porpuse: web":                                "porpuse",
		`, transports: [tcp], port: 443, purpose: "` + strings.Repeat("x", 201) + `"`: "purpose: longer than 200",
	} {
		_, err := scenarios.Load("x.yaml", strings.NewReader(aPort(keys)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.yaml") {
			t.Errorf("%s: %v, want %q", keys, err, want)
		}
	}
	for _, other := range []string{"options", "call", "sweep"} {
		for _, key := range []string{"port: 443", "expect: closed"} {
			text := strings.Replace(aPort(", "+key), "kind: port", "kind: "+other, 1)
			if _, err := scenarios.Load("x.yaml", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "belongs to checks of kind port") {
				t.Errorf("%s with %s: %v", other, key, err)
			}
		}
	}
}
