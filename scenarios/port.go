package scenarios

import (
	"errors"
	"fmt"
)

// A Port is one TCP or UDP port beside SIP and audio, with what it is for. Inbound it
// is the responder's, outbound the client's.
type Port struct {
	Number uint16 `json:"number"`
	// Purpose is for people, empty when it was not given.
	Purpose string `json:"purpose,omitempty"`
	// Expect is what the port must be; empty is open.
	Expect Expectation `json:"expect,omitempty"`
	// Speaks is what a PBX speaks there, for when it holds the port itself; empty when
	// that is not known, and for outbound checks.
	Speaks Protocol `json:"speaks,omitempty"`
}

// speaksNothing keeps a port from being asked what its number stands for.
const speaksNothing = "none"

// usual is what is spoken at a port by its number, empty when that is anything.
func usual(t Transport, port uint16) Protocol {
	if t == "udp" {
		return map[uint16]Protocol{123: "ntp", 5060: "sip"}[port]
	}
	return map[uint16]Protocol{80: "http", 443: "https", 5060: "sip", 5061: "sips", 5222: "xmpp", 50080: "http", 50081: "https"}[port]
}

// speaks is the protocol of a port over a transport.
func (c fileCheck) speaks(base Check, port uint16) (Protocol, error) {
	closed := c.Expect == string(ExpectClosed)
	switch {
	case closed && c.Speaks != "":
		return "", errors.New("speaks: belongs to ports that must be open")
	case base.Direction == Outbound && c.Speaks != "":
		return "", errors.New("speaks: belongs to inbound checks; outbound it is the client that listens")
	case base.Direction == Outbound || closed || c.Speaks == speaksNothing:
		return "", nil
	case c.Speaks == "":
		return usual(base.Transport, port), nil
	}
	p, err := oneOf[Protocol]("speaks", c.Speaks, "", "http", "https", "xmpp", "tls", "sip", "sips", "ntp", speaksNothing)
	if udp := p == "ntp" || p == "sip" && base.Transport == "udp"; err == nil && udp != (base.Transport == "udp") {
		return "", fmt.Errorf("speaks: %s is not spoken over %s", p, base.Transport)
	}
	return p, err
}

// portChecks makes one check for each transport of a port, which must be named.
func (c fileCheck) portChecks(base Check) ([]Check, error) {
	if len(c.Transports) == 0 {
		return nil, errors.New("transports: want [tcp], [udp] or both, as the port's service has it")
	}
	number, ok := portOf(c.Port)
	if c.Port == "" {
		return nil, errors.New("port: is missing; want one port from 1 to 65535")
	}
	if !ok {
		return nil, fmt.Errorf("port: %s: want one port from 1 to 65535", quoted(c.Port))
	}
	expect, err := oneOf("expect", c.Expect, ExpectOpen, ExpectOpen, ExpectClosed)
	if err != nil {
		return nil, err
	}
	if expect == ExpectOpen {
		expect = "" // as every check that says nothing
	}
	var out []Check
	for _, t := range c.Transports {
		check := base
		if check.Transport, err = oneOf[Transport]("transports", t, "", "tcp", "udp"); err != nil {
			return nil, err
		}
		speaks, err := c.speaks(check, uint16(number))
		if err != nil {
			return nil, err
		}
		check.ID, check.Port = c.ID+"-"+t, &Port{Number: uint16(number), Purpose: c.Purpose, Expect: expect, Speaks: speaks}
		out = append(out, check)
	}
	return out, nil
}
