package network

import (
	"errors"
	"net"
	"net/netip"
	"os"
)

// ErrNoSigns says that this program cannot tell what a host's interfaces are, on this
// platform or of this network.
var ErrNoSigns = errors.New("what the interfaces are is not known")

// Signs are what a host shows of being a container.
type Signs struct {
	// File is one that container engines leave in the file system of what they run, empty
	// when there is none. Only [Host] has a file system of its own.
	File string
	// Bridges counts the host's own bridges.
	Bridges int
	// Veths are the ends of virtual pairs with an IPv4 address whose other end is in
	// another network namespace.
	Veths []Veth
}

// A Veth is one end of a virtual pair, with one of its IPv4 addresses.
type Veth struct {
	Name    string
	Address netip.Addr
	MAC     net.HardwareAddr
}

// ContainerSigns looks at the host of a network that is a [Placer]. The error is
// ErrNoSigns, with the reason.
func ContainerSigns(n Network) (s Signs, err error) {
	p, ok := n.(Placer)
	if !ok {
		return Signs{}, ErrNoSigns
	}
	err = p.Do(func() error {
		s, err = containerSigns()
		return err
	})
	if err != nil {
		return Signs{}, errors.Join(ErrNoSigns, err)
	}
	if _, own := n.(Host); own {
		s.File = engineFile(os.Stat)
	}
	return s, nil
}

// engineFile finds what Docker and Podman leave behind.
func engineFile(stat func(string) (os.FileInfo, error)) string {
	for _, name := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := stat(name); err == nil {
			return name
		}
	}
	return ""
}
