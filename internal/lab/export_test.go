package lab

import (
	"net/netip"
	"strings"

	"bothways/internal/natlab"
	"bothways/internal/network"
	"bothways/scenarios"
)

// OnHost is a host of the lab as the two programs see their machine.
func OnHost(h *natlab.Host) network.Network { return host{h} }

// SIPFaults lists what middleboxes do to SIP.
func SIPFaults() []Fault { return sipFaults() }

// PrintMatrix prints the table of a matrix.
var PrintMatrix = printMatrix

// Blocking are rules that drop what a check of the vendor's scenarios sends.
func Blocking(c scenarios.Check) []natlab.Rule {
	proto, last := natlab.TCP, 0
	if c.Transport == "udp" {
		proto = natlab.UDP
	}
	for i, name := range vendorNames {
		if name == c.Server.Host {
			last = firstVendor + i
		}
	}
	if n := strings.TrimPrefix(c.ID, "connect-"); n != c.ID {
		last = firstTrunk + int(n[0]-'1')
	}
	rules := []natlab.Rule{toVendor("blocked", proto, last, c.Server.Port, natlab.Drop)}
	if c.Server.Host == sixthName {
		rules = append(rules, toVendor("blocked6", proto, last, c.Server.Port, natlab.Drop))
		rules[1].Destination = netip.PrefixFrom(vendorSixth, vendorSixth.BitLen())
	}
	return rules
}

// Scenario is a scenario that ships, or one of the lab's own.
var Scenario = scenario
