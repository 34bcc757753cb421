package network

import (
	"net/netip"
	"syscall"

	"golang.org/x/net/route"
)

// defaultRouter is that of the first default route.
func defaultRouter() (netip.Addr, error) {
	rib, err := route.FetchRIB(syscall.AF_INET, route.RIBTypeRoute, 0)
	if err != nil {
		return netip.Addr{}, err
	}
	messages, err := route.ParseRIB(route.RIBTypeRoute, rib)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, m := range messages {
		r, ok := m.(*route.RouteMessage)
		if !ok || r.Flags&syscall.RTF_GATEWAY == 0 || len(r.Addrs) <= syscall.RTAX_GATEWAY {
			continue
		}
		to, isTo := r.Addrs[syscall.RTAX_DST].(*route.Inet4Addr)
		via, isVia := r.Addrs[syscall.RTAX_GATEWAY].(*route.Inet4Addr)
		if isTo && isVia && to.IP == [4]byte{} {
			return netip.AddrFrom4(via.IP), nil
		}
	}
	return netip.Addr{}, ErrNoRouter
}
