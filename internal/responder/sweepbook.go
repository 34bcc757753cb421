package responder

import (
	"context"
	"errors"
	"net/netip"
	"sync"

	"bothways/internal/pairing"
	"bothways/rtpprobe"
)

// maxSweeps is how many sessions sweep at once.
const maxSweeps = 2

// A sweepBook holds what all sessions sweep at the moment.
type sweepBook struct {
	opening sync.Mutex // held while ports are opened: they come out of one budget of files
	mu      sync.Mutex
	running map[*sweep]bool
}

var errSweepsBusy = errors.New("other clients sweep at the moment")

// claim enters a sweep of a session into the book. It fails while there are too many,
// or another one holds some of the ports.
func (r *Responder) claim(s *session, addr netip.Addr, ports rtpprobe.PortSet) (*sweep, error) {
	b := &r.sweeps
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.running) >= maxSweeps {
		return nil, errSweepsBusy
	}
	if r.bells.hold(addr, ports) {
		return nil, errPortsBusy
	}
	for other := range b.running {
		if other.addr == addr && !other.ports.Intersect(ports).IsZero() {
			return nil, errSweepsBusy
		}
	}
	if !r.leavesRoom(s, b.openAt(addr).Union(ports)) {
		return nil, errCallsBegin
	}
	if !s.join() {
		return nil, errNoSession
	}
	w := &sweep{addr: addr, ports: ports, open: ports, ended: make(chan struct{})}
	w.ctx, w.cancel = context.WithTimeout(s.ctx, pairing.SweepTime)
	if b.running == nil {
		b.running = make(map[*sweep]bool)
	}
	b.running[w] = true
	return w, nil
}

// leave takes a sweep out of the book, once its sockets are closed.
func (r *Responder) leave(s *session, w *sweep) {
	w.cancel()
	r.sweeps.mu.Lock()
	delete(r.sweeps.running, w)
	r.sweeps.mu.Unlock()
	close(w.ended)
	s.work.Done()
}

// limit is how many files a window may take: while another sweep may begin, a third of
// what there is stays for it. The caller holds opening.
func (b *sweepBook) limit() int {
	files := rtpprobe.OpenFileBudget()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.running) < maxSweeps {
		files -= files / 3
	}
	return files
}

// opens notes which of a sweep's ports are open or about to be.
func (b *sweepBook) opens(w *sweep, ports rtpprobe.PortSet) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w.open = ports
}

// openAt are the ports of an address that sweeps have open. The caller holds the lock.
func (b *sweepBook) openAt(addr netip.Addr) (ports rtpprobe.PortSet) {
	for w := range b.running {
		if w.addr == addr {
			ports = ports.Union(w.open)
		}
	}
	return ports
}

// others reports whether there are sweeps but this one on its address.
func (b *sweepBook) others(w *sweep) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for other := range b.running {
		if other != w && other.addr == w.addr {
			return true
		}
	}
	return false
}
