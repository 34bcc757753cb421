package evidence

import "net/netip"

// A Gateway is what the default router of an end said of itself when it was asked.
type Gateway struct {
	// Address is the router's own, on the end's network; invalid when none was found:
	// then Error says why, and nothing was asked.
	Address netip.Addr      `json:"address"`
	Error   string          `json:"error,omitempty"`
	Answers []GatewayAnswer `json:"answers"`
}

// A GatewayAnswer is the router's answer to one protocol's question for its WAN address.
type GatewayAnswer struct {
	Protocol GatewayProtocol `json:"protocol"`
	// Outcome is "told", "silent", "refused" (the router answered, and not with an
	// address) or "not-asked" (this machine could not).
	Outcome string `json:"outcome"`
	// WAN is the IPv4 address that the router says it has outside; invalid unless told.
	WAN   netip.Addr `json:"wan"`
	Error string     `json:"error,omitempty"`
}

// A GatewayProtocol is one in which routers can be asked for their WAN address.
type GatewayProtocol string

// The protocols.
const (
	NATPMP GatewayProtocol = "nat-pmp" // RFC 6886 section 3.2
	UPnP   GatewayProtocol = "upnp"    // WANIPConnection and WANPPPConnection, GetExternalIPAddress
	PCP    GatewayProtocol = "pcp"     // RFC 6887 sections 11 and 12; asked only of routers that refuse NAT-PMP
)
