//go:build !linux && !windows && !darwin

package network

import "net/netip"

// defaultRouter is not known here.
func defaultRouter() (netip.Addr, error) { return netip.Addr{}, ErrNoRouter }
