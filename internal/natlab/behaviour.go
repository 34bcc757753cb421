package natlab

import "errors"

// A Behaviour is what the site router's NAT does otherwise than usual, for IPv4 and UDP
// unless it says more. The zero value is a Linux router's.
type Behaviour struct {
	// Hairpin makes forwards work from inside too: what the inside host sends to the
	// router's WAN address comes back to it, from the router (RFC 4787 section 6,
	// with the internal address as the source). It is for TCP as well.
	Hairpin bool
	// HideSources has the router send what its forwards let in from its own LAN address, as
	// where masquerading is not limited to the WAN side. It is for TCP as well.
	HideSources bool
	// Filtering is whom the NAT lets in to a port from which the inside host has sent.
	Filtering Filtering
	// ShiftSources is added to source ports of the RTP range, 10000 to 20000, of outbound
	// flows: the same for every destination. 0 leaves them.
	ShiftSources uint16
}

// Filtering is a NAT's filtering behaviour (RFC 4787 section 5).
type Filtering string

// The filtering behaviours; "" is address and port dependent.
const (
	// EndpointIndependent lets everybody in.
	EndpointIndependent Filtering = "endpoint-independent"
	// AddressDependent lets in whoever has the address of a host that was sent to.
	AddressDependent Filtering = "address-dependent"
)

// shifted are the ports that ShiftSources is about.
var shifted = Ports{From: 10000, To: 20000}

func (b Behaviour) check() error {
	if int(shifted.To)+int(b.ShiftSources) > 65535 {
		return errors.New("the shifted source ports end beyond 65535")
	}
	return oneOf("filtering", b.Filtering, "", EndpointIndependent, AddressDependent)
}
