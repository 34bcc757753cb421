package scenarios

import "errors"

// A DSCP check sends RTP packets with different marks one way (the differentiated
// services code point of RFC 2474), and asks the other end how they arrived.
type DSCP struct {
	// Packets is how many packets of each mark are sent.
	Packets int `json:"packets"`
}

// DefaultMarkPackets is enough to tell marks that are dropped from packets that are lost.
const DefaultMarkPackets = 10

// dscp makes the check of marks, whose id is as written: it has no transport but UDP.
func (c fileCheck) dscp(base Check) ([]Check, error) {
	if len(c.Transports) > 0 {
		return nil, errors.New("transports: marks are sent over UDP")
	}
	base.ID, base.Transport, base.DSCP = c.ID, "udp", &DSCP{Packets: DefaultMarkPackets}
	return []Check{base}, nil
}
