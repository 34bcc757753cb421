package network

import "golang.org/x/sys/unix"

func forbidFragments(fd uintptr, v4 bool) error {
	if v4 {
		return unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO)
	}
	return unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO)
}

func pathMTU(fd uintptr, v4 bool) *int {
	level, option := unix.IPPROTO_IPV6, unix.IPV6_MTU
	if v4 {
		level, option = unix.IPPROTO_IP, unix.IP_MTU
	}
	n, err := unix.GetsockoptInt(int(fd), level, option)
	if err != nil {
		return nil
	}
	return &n
}
