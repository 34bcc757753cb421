package scenarios

import "errors"

// nat makes the check of a NAT, whose id is as written: it is about UDP.
func (c fileCheck) nat(base Check) ([]Check, error) {
	if len(c.Transports) > 0 {
		return nil, errors.New("transports: a check of a NAT is UDP")
	}
	base.ID, base.Transport = c.ID, "udp"
	return []Check{base}, nil
}

// Has reports whether the scenario has a check of a kind.
func (s Scenario) Has(k Kind) bool {
	for _, c := range s.Checks {
		if c.Kind == k {
			return true
		}
	}
	return false
}
