package rtpprobe

import (
	"cmp"
	"net/netip"
	"slices"
)

// What a ledger lists at most.
const (
	maxSeenAddresses = 16
	maxSeenLocals    = 64
	maxShifts        = 64
)

// A SourceLedger is what became of the sender's addresses and ports on the way.
type SourceLedger struct {
	// Preserved and Rewritten count packets whose source port was, or was not, the local port they left from.
	Preserved int64 `json:"preserved"`
	Rewritten int64 `json:"rewritten"`
	// Locals counts the local ports that were heard; Varying those among them that were seen as more
	// than one port; SeenPorts the different ports that they were seen as.
	Locals    int `json:"locals"`
	Varying   int `json:"varying"`
	SeenPorts int `json:"seen_ports"`
	// Addresses lists at most 16 source addresses, those with most packets first.
	Addresses []SeenAddress `json:"addresses"`
	// Mappings lists at most 64 local ports, the lowest first.
	Mappings []SourceMapping `json:"mappings"`
}

// A SeenAddress is a source address and the packets from it.
type SeenAddress struct {
	Address netip.Addr `json:"address"`
	Packets int64      `json:"packets"`
}

// A SourceMapping is a local port and what it was seen as first, with the packets from there and from elsewhere.
type SourceMapping struct {
	Local     uint16         `json:"local"`
	Seen      netip.AddrPort `json:"seen"`
	Packets   int64          `json:"packets"`
	Elsewhere int64          `json:"elsewhere"`
}

// A localPort is a SourceMapping in the making.
type localPort struct {
	SourceMapping
	varies bool
}

// A sourceBook collects a SourceLedger; its zero value is ready.
type sourceBook struct {
	locals    map[uint16]*localPort
	addresses map[netip.Addr]*int64
	ports     portBits
	preserved int64
	total     int64

	// The last of each, which the next often is again.
	local   *localPort
	address netip.Addr
	packets *int64
}

func (k *sourceBook) add(local uint16, seen netip.AddrPort) {
	if k.locals == nil {
		k.locals, k.addresses = make(map[uint16]*localPort), make(map[netip.Addr]*int64)
	}
	k.total++
	if seen.Port() == local {
		k.preserved++
	}
	k.ports.add(seen.Port())
	k.addLocal(local, seen)
	k.addAddress(seen.Addr())
}

func (k *sourceBook) addLocal(local uint16, seen netip.AddrPort) {
	if k.local == nil || k.local.Local != local {
		k.local = k.locals[local]
	}
	if k.local == nil {
		k.local = &localPort{SourceMapping: SourceMapping{Local: local, Seen: seen}}
		k.locals[local] = k.local
	}
	if m := k.local; m.Seen == seen {
		m.Packets++
	} else {
		m.Elsewhere++
		m.varies = m.varies || m.Seen.Port() != seen.Port()
	}
}

func (k *sourceBook) addAddress(address netip.Addr) {
	if k.packets == nil || k.address != address {
		k.address, k.packets = address, k.addresses[address]
	}
	if k.packets == nil && len(k.addresses) < maxSeenAddresses {
		k.packets = new(int64)
		k.addresses[address] = k.packets
	}
	if k.packets != nil {
		*k.packets++
	}
}

func (k *sourceBook) ledger() SourceLedger {
	l := SourceLedger{
		Preserved: k.preserved, Rewritten: k.total - k.preserved, Locals: len(k.locals), SeenPorts: k.ports.set().Len(),
		Addresses: []SeenAddress{}, Mappings: []SourceMapping{},
	}
	for address, n := range k.addresses {
		l.Addresses = append(l.Addresses, SeenAddress{address, *n})
	}
	for _, m := range k.locals {
		if m.varies {
			l.Varying++
		}
		l.Mappings = append(l.Mappings, m.SourceMapping)
	}
	l.sort()
	return l
}

func (l *SourceLedger) sort() {
	slices.SortFunc(l.Addresses, func(a, b SeenAddress) int {
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), a.Address.Compare(b.Address))
	})
	slices.SortFunc(l.Mappings, func(a, b SourceMapping) int { return cmp.Compare(a.Local, b.Local) })
	l.Addresses = l.Addresses[:min(len(l.Addresses), maxSeenAddresses)]
	l.Mappings = l.Mappings[:min(len(l.Mappings), maxSeenLocals)]
}

// join adds what was seen in a later window, with the same local sockets.
func (l *SourceLedger) join(next SourceLedger) {
	l.Preserved += next.Preserved
	l.Rewritten += next.Rewritten
	l.Locals = max(l.Locals, next.Locals)
	l.SeenPorts = max(l.SeenPorts, next.SeenPorts)
	l.Varying = max(l.Varying, next.Varying)
	l.Addresses = slices.Clone(l.Addresses)
	for _, a := range next.Addresses {
		i := slices.IndexFunc(l.Addresses, func(b SeenAddress) bool { return a.Address == b.Address })
		if i < 0 {
			l.Addresses = append(l.Addresses, a)
			continue
		}
		l.Addresses[i].Packets += a.Packets
	}
	l.joinMappings(next.Mappings)
	l.sort()
}

func (l *SourceLedger) joinMappings(next []SourceMapping) {
	l.Mappings = slices.Clone(l.Mappings)
	for _, m := range next {
		i := slices.IndexFunc(l.Mappings, func(o SourceMapping) bool { return o.Local == m.Local })
		switch {
		case i < 0:
			l.Mappings = append(l.Mappings, m)
		case l.Mappings[i].Seen == m.Seen:
			l.Mappings[i].Packets += m.Packets
			l.Mappings[i].Elsewhere += m.Elsewhere
		default:
			if l.Mappings[i].Seen.Port() != m.Seen.Port() {
				l.Varying = max(l.Varying, 1)
			}
			l.Mappings[i].Elsewhere += m.Packets + m.Elsewhere
		}
	}
}

// A shiftBook collects the ports whose packets arrived on another; its zero value is ready.
type shiftBook struct{ to map[uint16]uint16 }

func (k *shiftBook) add(port, arrived uint16) {
	if port == arrived {
		if len(k.to) > 0 {
			delete(k.to, port) // it arrives where it should as well
		}
		return
	}
	if k.to == nil {
		k.to = make(map[uint16]uint16)
	}
	k.to[port] = arrived
}

// ledger lists the shifts by the number of their ports. Those beyond the 64th are listed as one, by 0.
func (k *shiftBook) ledger() []PortShift {
	by := make(map[int]*portBits)
	for port, arrived := range k.to {
		shift := int(arrived) - int(port)
		if by[shift] == nil {
			by[shift] = new(portBits)
		}
		by[shift].add(port)
	}
	var shifts []PortShift
	for shift, ports := range by {
		shifts = append(shifts, PortShift{shift, ports.set()})
	}
	return fewShifts(shifts)
}

func fewShifts(shifts []PortShift) []PortShift {
	slices.SortFunc(shifts, func(a, b PortShift) int {
		return cmp.Or(cmp.Compare(b.Ports.Len(), a.Ports.Len()), cmp.Compare(a.By, b.By))
	})
	for len(shifts) > maxShifts {
		last := len(shifts) - 1
		shifts[maxShifts-1] = PortShift{0, shifts[maxShifts-1].Ports.Union(shifts[last].Ports)}
		shifts = shifts[:last]
	}
	return shifts
}

func joinShifts(a, b []PortShift) []PortShift {
	return fewShifts(joinLists(a, b, func(x, y PortShift) bool { return x.By == y.By },
		func(to *PortShift, s PortShift) { to.Ports = to.Ports.Union(s.Ports) }))
}

// portsOf is the union of the shifted ports.
func portsOf(shifts []PortShift) (s PortSet) {
	for _, shift := range shifts {
		s = s.Union(shift.Ports)
	}
	return s
}
