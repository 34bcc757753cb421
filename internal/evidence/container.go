package evidence

import "net/netip"

// A Container is what an end's machine shows of being a container: what it found is
// told, and no more. Its zero value says that it looked and found nothing.
type Container struct {
	// File is one that container engines leave in what they run, empty when there is none.
	File string `json:"file,omitempty"`
	// Bridges is how many bridges the end has itself, as the host of containers does.
	Bridges int `json:"bridges"`
	// Veths are its interfaces that are one end of a virtual pair whose other end is in
	// another network namespace, and have an IPv4 address.
	Veths []Veth `json:"veths"`
}

// A Veth is one end of a virtual pair.
type Veth struct {
	Name    string     `json:"name"`
	Address netip.Addr `json:"address"`
	// MAC is its hardware address, "02:42:ac:11:00:02".
	MAC string `json:"mac"`
}
