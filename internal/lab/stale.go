package lab

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"bothways/internal/natlab"
	"bothways/sipprobe"
)

// build builds a fault's topology, with what its router remembers of former times.
func build(ctx context.Context, f Fault) (*natlab.Lab, error) {
	t := f.Topology
	if f.Former != nil {
		t.Forwards = f.Former
	}
	l, err := natlab.Build(ctx, t)
	if err != nil || f.Former == nil {
		return l, err
	}
	if err := errors.Join(greet(ctx, l), l.Reforward(f.Topology.Forwards)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// greet sends a packet from the client's own SIP port to the site's.
func greet(ctx context.Context, l *natlab.Lab) error {
	port := sipPorts()[sipprobe.UDP]
	conn, err := l.Outside.ListenPacket(ctx, netip.AddrPortFrom(l.Addresses.Outside, port))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.WriteTo([]byte("\r\n\r\n"), net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.Addresses.SiteWAN, port)))
	return err
}
