package responder

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"bothways/internal/network"
	"bothways/rtpprobe"
)

// A mediaNetwork opens the media sockets of calls, and remembers their ports: a sweep
// that finds one of them in use has found the responder, not a stranger.
type mediaNetwork struct {
	network.Network
	mu    sync.Mutex
	ports map[netip.Addr]*rtpprobe.PortSet // that were ever opened
}

// ListenPacket opens a UDP socket.
func (n *mediaNetwork) ListenPacket(ctx context.Context, local netip.AddrPort) (net.PacketConn, error) {
	c, err := n.Network.ListenPacket(ctx, local)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports[local.Addr()] == nil {
		n.ports[local.Addr()] = &rtpprobe.PortSet{}
	}
	n.ports[local.Addr()].Add(network.PortOf(c))
	return c, nil
}

// used are the ports of an address that calls have, or had.
func (n *mediaNetwork) used(addr netip.Addr) rtpprobe.PortSet {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.ports[addr]; s != nil {
		return *s
	}
	return rtpprobe.PortSet{}
}
