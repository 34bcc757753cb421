package rtpprobe

import (
	"net/netip"
	"slices"
)

// An icmpError is what somebody said of a probe to a port.
type icmpError struct {
	port       uint16
	from       netip.Addr
	kind, code uint8
	v6         bool
}

// maxICMPReports bounds the different things that are told apart, each with a bitmap of its ports.
const maxICMPReports = 32

// An icmpBook collects ICMPReports; its zero value is ready.
type icmpBook struct {
	order []icmpError // without ports
	ports map[icmpError]*portBits
}

func (k *icmpBook) add(e icmpError) {
	port := e.port
	e.port = 0
	bits := k.ports[e]
	if bits == nil {
		if len(k.order) == maxICMPReports {
			return
		}
		if k.ports == nil {
			k.ports = make(map[icmpError]*portBits)
		}
		bits = new(portBits)
		k.order, k.ports[e] = append(k.order, e), bits
	}
	bits.add(port)
}

// reports lists them, of the ports that were tried, in the order in which they came.
func (k *icmpBook) reports(target netip.Addr, tried PortSet) []ICMPReport {
	list := []ICMPReport{}
	for _, e := range k.order {
		list = append(list, ICMPReport{
			From: e.from, FromTarget: e.from == target, V6: e.v6, Type: e.kind, Code: e.code,
			Meaning: icmpMeaning(e), Ports: k.ports[e].set().Intersect(tried),
		})
	}
	return slices.DeleteFunc(list, func(r ICMPReport) bool { return r.Ports.IsZero() })
}

// An icmpCode is a type and a code.
type icmpCode struct{ kind, code uint8 }

// icmpMeaning is by RFC 792 and RFC 1812 section 5.2.7.1, for V6 by RFC 4443 section 3.
func icmpMeaning(e icmpError) string {
	if e.v6 {
		return icmp6Meaning(icmpCode{e.kind, e.code})
	}
	switch c := (icmpCode{e.kind, e.code}); {
	case c == icmpCode{3, 3}:
		return "port-unreachable"
	case c.kind == 3 && slices.Contains([]uint8{9, 10, 13, 14, 15}, c.code):
		return "administratively-prohibited"
	case c == icmpCode{3, 2}:
		return "protocol-unreachable"
	case c.kind == 3 && slices.Contains([]uint8{0, 6, 11}, c.code):
		return "network-unreachable"
	case c.kind == 3 && slices.Contains([]uint8{1, 5, 7, 8, 12}, c.code):
		return "host-unreachable"
	case c.kind == 11:
		return "time-exceeded"
	}
	return "other"
}

func icmp6Meaning(c icmpCode) string {
	switch {
	case c == icmpCode{1, 4}:
		return "port-unreachable"
	case c.kind == 1 && slices.Contains([]uint8{1, 5, 6}, c.code):
		return "administratively-prohibited"
	case c == icmpCode{1, 0}:
		return "network-unreachable"
	case c == icmpCode{1, 3}:
		return "host-unreachable"
	case c == icmpCode{4, 1}:
		return "protocol-unreachable"
	case c.kind == 3:
		return "time-exceeded"
	}
	return "other"
}

func joinICMP(a, b []ICMPReport) []ICMPReport {
	all := slices.Clone(a)
	for _, r := range b {
		i := slices.IndexFunc(all, func(o ICMPReport) bool {
			return o.From == r.From && o.V6 == r.V6 && o.Type == r.Type && o.Code == r.Code
		})
		if i < 0 {
			all = append(all, r)
			continue
		}
		all[i].Ports = all[i].Ports.Union(r.Ports)
	}
	return all
}
