package natprobe

import "net/netip"

// Ports counts what a NAT keeps of ports (RFC 4787 section 4.2).
type Ports struct {
	// Sockets were answered; Preserved of them kept their port, and Parity an even port
	// even or an odd one odd.
	Sockets, Preserved, Parity int
	// Neighbours are pairs of sockets on ports that follow each other, Contiguous those
	// whose mappings do too.
	Neighbours, Contiguous int
}

// JudgePorts counts over sockets of one class; each counts by its first mapping.
func JudgePorts(results []Result) Ports {
	var p Ports
	mapped := make(map[netip.AddrPort]netip.AddrPort)
	for _, r := range results {
		seen := r.MappedTo()
		if !seen.IsValid() {
			continue
		}
		mapped[r.Local] = seen
		p.Sockets++
		if seen.Port() == r.Local.Port() {
			p.Preserved++
		}
		if seen.Port()%2 == r.Local.Port()%2 {
			p.Parity++
		}
	}
	for local, seen := range mapped {
		next, ok := mapped[netip.AddrPortFrom(local.Addr(), local.Port()+1)]
		if !ok || local.Port() == 65535 {
			continue
		}
		p.Neighbours++
		if next == netip.AddrPortFrom(seen.Addr(), seen.Port()+1) {
			p.Contiguous++
		}
	}
	return p
}
