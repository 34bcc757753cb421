package network

import "golang.org/x/sys/windows"

// The options of ws2ipdef.h that golang.org/x/sys does not name.
const (
	ipDontFragment   = 14
	ipv6DontFragment = 14
)

func forbidFragments(fd uintptr, v4 bool) error {
	if v4 {
		return windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_IP, ipDontFragment, 1)
	}
	return windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_IPV6, ipv6DontFragment, 1)
}

func pathMTU(uintptr, bool) *int { return nil }
