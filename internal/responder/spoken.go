package responder

import (
	"net/netip"
	"sync"

	"bothways/rtpprobe"
)

// spokenPorts are the UDP ports from which sweeps and tests of NATs may have sent. A NAT
// may remember them: a test that needs ports which it has never seen takes others.
type spokenPorts struct {
	mu    sync.Mutex
	ports map[netip.Addr]rtpprobe.PortSet
}

func (p *spokenPorts) add(addr netip.Addr, ports rtpprobe.PortSet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ports == nil {
		p.ports = make(map[netip.Addr]rtpprobe.PortSet)
	}
	p.ports[addr] = p.ports[addr].Union(ports)
}

func (p *spokenPorts) of(addr netip.Addr) rtpprobe.PortSet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ports[addr]
}
