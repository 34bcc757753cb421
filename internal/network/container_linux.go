package network

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// containerSigns asks the kernel for the interfaces of the thread's own network
// namespace: /sys shows those of the namespace that it was mounted in.
func containerSigns() (Signs, error) {
	answer, err := syscall.NetlinkRIB(unix.RTM_GETLINK, unix.AF_UNSPEC)
	if err != nil {
		return Signs{}, err
	}
	veths, bridges, err := linksIn(answer)
	if err != nil {
		return Signs{}, err
	}
	s := Signs{Bridges: bridges}
	all, err := net.Interfaces()
	if err != nil {
		return Signs{}, err
	}
	for _, i := range all {
		if !veths[i.Index] {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return Signs{}, err
		}
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if addr := prefix.Addr().Unmap(); err == nil && addr.Is4() && addr.IsGlobalUnicast() {
				s.Veths = append(s.Veths, Veth{i.Name, addr, i.HardwareAddr})
			}
		}
	}
	return s, nil
}

// linksIn reads the kernel's answer to RTM_GETLINK: which interfaces, by index, are one end
// of a virtual pair with the other in another network namespace, and how many are bridges.
func linksIn(answer []byte) (veths map[int]bool, bridges int, err error) {
	messages, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		return nil, 0, err
	}
	veths = make(map[int]bool)
	for _, m := range messages {
		if m.Header.Type != unix.RTM_NEWLINK {
			continue
		}
		if len(m.Data) < unix.SizeofIfInfomsg {
			return nil, 0, fmt.Errorf("an interface in %d bytes", len(m.Data))
		}
		attrs, err := syscall.ParseNetlinkRouteAttr(&m)
		if err != nil {
			return nil, 0, err
		}
		kind, elsewhere := "", false
		for _, a := range attrs {
			switch a.Attr.Type &^ unix.NLA_F_NESTED {
			case unix.IFLA_LINKINFO:
				kind = linkKind(a.Value)
			case unix.IFLA_LINK_NETNSID:
				elsewhere = true
			}
		}
		switch {
		case kind == "bridge":
			bridges++
		case kind == "veth" && elsewhere:
			veths[int(int32(binary.NativeEndian.Uint32(m.Data[4:])))] = true
		}
	}
	return veths, bridges, nil
}

// linkKind finds the kind among the nested attributes of IFLA_LINKINFO.
func linkKind(b []byte) string {
	const head = unix.SizeofRtAttr
	for len(b) >= head {
		size := int(binary.NativeEndian.Uint16(b))
		if size < head || size > len(b) {
			return ""
		}
		if binary.NativeEndian.Uint16(b[2:]) == unix.IFLA_INFO_KIND {
			return unix.ByteSliceToString(b[head:size])
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return ""
}
