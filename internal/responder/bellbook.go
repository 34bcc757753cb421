package responder

import (
	"errors"
	"net/netip"
	"sync"

	"bothways/internal/knock"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
)

// A bellBook holds the ports at which sessions have bells: to the others they are not
// those of another program.
type bellBook struct {
	mu   sync.Mutex
	hung map[*bells]bool
}

var errPortsBusy = errors.New("other clients test these ports at the moment")

// enter notes bells that are about to be hung; false while others have one of the ports.
func (b *bellBook) enter(s *bells) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for other := range b.hung {
		if other.addr != s.addr {
			continue
		}
		for _, t := range []knock.Transport{knock.TCP, knock.UDP} {
			if !portSet(other.list.Of(t)).Intersect(portSet(s.list.Of(t))).IsZero() {
				return false
			}
		}
	}
	if b.hung == nil {
		b.hung = make(map[*bells]bool)
	}
	b.hung[s] = true
	return true
}

func (b *bellBook) leave(s *bells) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.hung, s)
}

// hold reports whether a bell hangs at one of the UDP ports.
func (b *bellBook) hold(addr netip.Addr, ports rtpprobe.PortSet) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.hung {
		if s.addr == addr && !portSet(s.list.UDP).Intersect(ports).IsZero() {
			return true
		}
	}
	return false
}

// swept reports whether a session sweeps one of the UDP ports of a list.
func (b *sweepBook) swept(addr netip.Addr, l pairing.PortList) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.running {
		if w.addr == addr && !w.ports.Intersect(portSet(l.UDP)).IsZero() {
			return true
		}
	}
	return false
}

func portSet(ports []uint16) (set rtpprobe.PortSet) {
	for _, p := range ports {
		set.Add(p)
	}
	return set
}
