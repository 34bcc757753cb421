package network

import (
	"errors"
	"net/netip"
)

// ErrNoRouter says that a host has no default router for IPv4, or that this program
// cannot find it on the platform.
var ErrNoRouter = errors.New("no default router for IPv4 is known")

// Router is the default IPv4 router of a network that is a [Placer].
func Router(n Network) (router netip.Addr, err error) {
	p, ok := n.(Placer)
	if !ok {
		return netip.Addr{}, ErrNoRouter
	}
	err = p.Do(func() error {
		router, err = defaultRouter()
		return err
	})
	return router, err
}
