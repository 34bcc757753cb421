package responder

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"bothways/internal/network"
	"bothways/rtpprobe"
)

// An ownNetwork opens the responder's UDP sockets but for those of sweeps and bells, which have
// books of their own, and remembers their ports: who finds one of them in use has found the
// responder, and no other program.
type ownNetwork struct {
	network.Network
	spoken *spokenPorts
	mu     sync.Mutex
	opened map[netip.AddrPort]*opening // the newest at each
	watch  *time.Timer                 // looks for sockets that were closed; nil while there are none
}

// An opening is a socket that is open, or was a moment ago.
type opening struct {
	conn   net.PacketConn
	closed time.Time // when that was seen; zero before
}

const (
	// lookEvery is how often sockets are looked at.
	lookEvery = time.Second
	// closingTime is for how long a port is remembered after its socket was closed: longer than the
	// system takes to free it, and a sweep to open its ports.
	closingTime = 5 * time.Second
)

// ListenPacket opens a UDP socket. It holds the lock meanwhile, so that no port is taken and not yet in the book.
func (n *ownNetwork) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, err := n.Network.ListenPacket(ctx, local)
	if err != nil {
		return nil, err
	}
	port := network.PortOf(c)
	n.opened[netip.AddrPortFrom(local.Addr(), port)] = &opening{conn: c}
	n.spoken.add(local.Addr(), rtpprobe.PortRangeSet(rtpprobe.PortRange{From: port, To: port}))
	if n.watch == nil {
		n.watch = time.AfterFunc(lookEvery, n.look)
	}
	return c, nil
}

// look forgets what was closed, and looks again while anything is left.
func (n *ownNetwork) look() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for at, o := range n.opened {
		switch {
		case o.isOpen():
		case o.closed.IsZero():
			o.closed = now
		case now.Sub(o.closed) >= closingTime:
			delete(n.opened, at)
		}
	}
	n.watch = nil
	if len(n.opened) > 0 {
		n.watch = time.AfterFunc(lookEvery, n.look)
	}
}

// held are the ports of an address that the responder has, or had a moment ago.
func (n *ownNetwork) held(addr netip.Addr) rtpprobe.PortSet {
	n.mu.Lock()
	defer n.mu.Unlock()
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for at := range n.opened {
			if at.Addr() == addr && !yield(at.Port()) {
				return
			}
		}
	})
}

// isOpen reports whether the socket is open; of one that is none of the system's it says so always.
func (o *opening) isOpen() bool {
	c, ok := o.conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := c.SyscallConn()
	return err == nil && raw.Control(func(uintptr) {}) == nil
}
