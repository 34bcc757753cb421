package scenarios

import "errors"

// A Port is one TCP or UDP port beside SIP and audio, with what it is for. Inbound it
// is the responder's, outbound the client's.
type Port struct {
	Number uint16 `json:"number"`
	// Purpose is for people, empty when it was not given.
	Purpose string `json:"purpose,omitempty"`
}

// MaxPurposeBytes bounds a purpose, which stands in one line of a report.
const MaxPurposeBytes = 100

// portChecks makes one check for each transport of a port, which must be named.
func (c fileCheck) portChecks(base Check) ([]Check, error) {
	if len(c.Transports) == 0 {
		return nil, errors.New("transports: want [tcp], [udp] or both, as the port's service has it")
	}
	number, ok := portOf(c.Port)
	if !ok {
		return nil, errors.New("port: want one port from 1 to 65535")
	}
	if len(c.Purpose) > MaxPurposeBytes {
		return nil, errors.New("purpose: longer than 100 bytes")
	}
	var out []Check
	for _, t := range c.Transports {
		check := base
		var err error
		if check.Transport, err = oneOf[Transport]("transports", t, "", "tcp", "udp"); err != nil {
			return nil, err
		}
		check.ID, check.Port = c.ID+"-"+t, &Port{Number: uint16(number), Purpose: c.Purpose}
		out = append(out, check)
	}
	return out, nil
}
