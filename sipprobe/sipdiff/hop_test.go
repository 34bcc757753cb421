package sipdiff_test

import (
	"strings"
	"testing"

	"bothways/sipprobe/sipdiff"
)

// TestHops holds which hop may do what.
func TestHops(t *testing.T) {
	const (
		none   = sipdiff.NotAllowed
		server = sipdiff.ByServer
		proxy  = sipdiff.ByProxy
	)
	hop := func(s string) string {
		s = strings.Replace(s, "Via: ", "Via: SIP/2.0/UDP 203.0.113.99;branch=z9hG4bKp\r\nVia: ", 1)
		return strings.Replace(s, "Max-Forwards: 70", "Max-Forwards: 69", 1)
	}
	answer := strings.Replace(strings.Replace(invite(), "INVITE sip:bob@203.0.113.10:5060;user=phone SIP/2.0", "SIP/2.0 200 OK", 1), "Max-Forwards: 70\r\n", "", 1)
	tests := []struct {
		name          string
		sent, arrived string
		want          map[string]sipdiff.Allowance
	}{
		{"received and rport", invite(), strings.Replace(invite(), ";rport", ";rport=5060;received=192.168.1.10", 1),
			map[string]sipdiff.Allowance{"Via[0] rport": server, "Via[0] received": server}},
		{"in the second Via", invite(), strings.Replace(invite(), "z9hG4bKb", "z9hG4bKb;received=10.0.0.1", 1), map[string]sipdiff.Allowance{"Via[1] received": none}},
		{"in a response", answer, strings.Replace(answer, ";rport", ";rport=5060", 1), map[string]sipdiff.Allowance{"Via[0] rport": none}},
		{"rport exchanged", strings.Replace(invite(), ";rport", ";rport=1", 1), strings.Replace(invite(), ";rport", ";rport=2", 1),
			map[string]sipdiff.Allowance{"Via[0] rport": none}},
		{"a proxy", invite(), strings.Replace(hop(invite()), ";rport", ";rport=5060;received=192.168.1.10", 1), map[string]sipdiff.Allowance{
			"Via[0]": proxy, "Max-Forwards": proxy, "Via[0] rport": proxy, "Via[0] received": proxy}},
		{"a proxy that records its route", invite(), strings.Replace(hop(invite()), "From:", "Record-Route: <sip:p.example.com;lr>\r\nP-Charging-Vector: x\r\nFrom:", 1),
			map[string]sipdiff.Allowance{"Via[0]": proxy, "Max-Forwards": proxy, "Record-Route[0]": proxy, "P-Charging-Vector": proxy}},
		{"a proxy that knows where the user is", invite(), strings.Replace(hop(invite()), "bob@203.0.113.10:5060", "bob@192.168.1.10:5060", 1),
			map[string]sipdiff.Allowance{"Via[0]": proxy, "Max-Forwards": proxy, "Request-URI host": proxy}},
		{"a proxy that meddles", invite(), strings.Replace(hop(invite()), "c=IN IP4 192.168.1.10", "c=IN IP4 192.168.1.11", 1),
			map[string]sipdiff.Allowance{"Via[0]": proxy, "Max-Forwards": proxy, "SDP session c= address": none}},
		{"a Via without a hop less", invite(), strings.Replace(hop(invite()), "Forwards: 69", "Forwards: 70", 1), map[string]sipdiff.Allowance{"Via[0]": none}},
		{"a hop less without a Via", invite(), strings.Replace(invite(), "Forwards: 70", "Forwards: 69", 1), map[string]sipdiff.Allowance{"Max-Forwards": none}},
		{"an answer through a proxy", answer, strings.Replace(answer, "Via: SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bKa.i1;rport\r\n", "", 1),
			map[string]sipdiff.Allowance{"Via[0]": proxy}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sipdiff.Compare([]byte(tt.sent), []byte(tt.arrived))
			if len(got) != len(tt.want) {
				t.Errorf("%d changes, want %d: %+v", len(got), len(tt.want), got)
			}
			for _, c := range got {
				if want, ok := tt.want[c.Field]; !ok || c.Allowed != want {
					t.Errorf("%+v: want allowed by %q (named %t)", c, want, ok)
				}
			}
		})
	}
}
