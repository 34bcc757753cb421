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
		check.ID, check.Port = c.ID+"-"+t, &Port{Number: uint16(number), Purpose: c.Purpose, Expect: expect}
		out = append(out, check)
	}
	return out, nil
}
