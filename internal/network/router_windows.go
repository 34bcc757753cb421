package network

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

// defaultRouter is that of the adapter with the lowest metric.
func defaultRouter() (netip.Addr, error) {
	size := uint32(16 << 10)
	for range 4 { // adapters may come while they are listed
		buffer := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buffer[0]))
		err := windows.GetAdaptersAddresses(windows.AF_INET, windows.GAA_FLAG_INCLUDE_GATEWAYS, 0, first, &size)
		if err == windows.ERROR_BUFFER_OVERFLOW {
			continue
		}
		if err != nil {
			return netip.Addr{}, err
		}
		return nearestRouter(first)
	}
	return netip.Addr{}, ErrNoRouter
}

func nearestRouter(first *windows.IpAdapterAddresses) (netip.Addr, error) {
	var best netip.Addr
	var lowest uint32
	for a := first; a != nil; a = a.Next {
		if a.OperStatus != windows.IfOperStatusUp || a.FirstGatewayAddress == nil {
			continue
		}
		router, ok := netip.AddrFromSlice(a.FirstGatewayAddress.Address.IP())
		if router = router.Unmap(); ok && router.Is4() && (!best.IsValid() || a.Ipv4Metric < lowest) {
			best, lowest = router, a.Ipv4Metric
		}
	}
	if !best.IsValid() {
		return best, ErrNoRouter
	}
	return best, nil
}
