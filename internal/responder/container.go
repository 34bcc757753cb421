package responder

import (
	"bothways/internal/evidence"
	"bothways/internal/network"
)

// containerOf is what the host shows of being a container; nil where that is not known.
func containerOf(n network.Network) *evidence.Container {
	seen, err := network.ContainerSigns(n)
	if err != nil {
		return nil
	}
	out := &evidence.Container{File: seen.File, Bridges: seen.Bridges}
	for _, v := range seen.Veths {
		out.Veths = append(out.Veths, evidence.Veth{Name: v.Name, Address: v.Address, MAC: v.MAC.String()})
	}
	return out
}
