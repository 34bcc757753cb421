package responder

import (
	"net/netip"
	"sync"
	"time"

	"bothways/rtpprobe"
)

// spokenPorts are the UDP ports from which the responder may have sent of late. A NAT may
// remember them: a test that needs ports which it has not seen takes others.
type spokenPorts struct {
	mu     sync.Mutex
	begun  time.Time // of lately
	lately map[netip.Addr]rtpprobe.PortSet
	before map[netip.Addr]rtpprobe.PortSet // in the time before that
}

// natMemory is after how long a NAT has surely forgotten a port: RFC 4787 REQ-5 recommends
// five minutes, and what a responder has sent in months would leave no port for a test.
const natMemory = time.Hour

func (p *spokenPorts) add(addr netip.Addr, ports rtpprobe.PortSet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	p.lately[addr] = p.lately[addr].Union(ports)
}

// of are the ports of an address that may have sent within natMemory; of some it is longer ago.
func (p *spokenPorts) of(addr netip.Addr) rtpprobe.PortSet {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	return p.lately[addr].Union(p.before[addr])
}

// forget lets go of what is too long ago. The caller holds the lock.
func (p *spokenPorts) forget() {
	age := time.Since(p.begun)
	if p.lately != nil && age < natMemory {
		return
	}
	p.before = p.lately
	if age >= 2*natMemory {
		p.before = nil
	}
	p.begun, p.lately = time.Now(), make(map[netip.Addr]rtpprobe.PortSet)
}
