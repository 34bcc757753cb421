package client

import (
	"context"
	"net"
	"net/netip"

	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// ownPorts are the UDP ports of this host that this end holds itself, or, where the
// responder runs on the same host, that one.
func (r *run) ownPorts() (own rtpprobe.PortSet) {
	if f := r.flows[sipprobe.UDP]; f != nil {
		own.Add(f.endpoint.Local().Port())
	}
	if e := r.own[sipprobe.UDP]; e != nil {
		own.Add(e.Local().Port())
	}
	if r.sameHost() {
		own.Add(r.cfg.Ports[sipprobe.UDP])
	}
	return own
}

func (r *run) sameHost() bool { return r.local == r.cfg.Address }

// openPorts opens n ports of this end that were not used before.
func (w *sweep) openPorts(ctx context.Context, n int) ([]net.PacketConn, error) {
	var conns []net.PacketConn
	for range n {
		c, err := w.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(w.local, 0))
		if err != nil && len(conns) == 0 {
			return nil, err
		}
		if err != nil {
			break
		}
		conns = append(conns, c)
	}
	return conns, nil
}
