package responder

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// freeRange is where ports are looked for that no forward is for: the dynamic ports of
// RFC 6335.
var freeRange = rtpprobe.PortRange{From: 49152, To: 65535}

// pairTries is how many places are tried for a pair of ports.
const pairTries = 200

var errNoPair = errors.New("no two ports that follow each other are free")

// natSockets opens the sockets of a test: inbound two of the media range to answer on;
// outbound two for each test, there and beside it. Where any port may carry media, all
// are alike.
func (r *Responder) natSockets(ctx context.Context, addr netip.Addr, d scenarios.Direction) (conns []net.PacketConn, opened []pairing.NATSocket, err error) {
	media, any := r.cfg.RTP, r.cfg.RTP == rtpprobe.PortRange{}
	if any {
		media = freeRange
	}
	open := func(class evidence.NATClass, test natprobe.Test, in rtpprobe.PortRange, but rtpprobe.PortSet) {
		if err != nil {
			return
		}
		var pair []net.PacketConn
		var fresh bool
		pair, fresh, err = r.pair(ctx, addr, in, but)
		for _, c := range pair {
			opened = append(opened, pairing.NATSocket{Class: class, Fresh: fresh, Port: network.PortOf(c), Test: test})
		}
		conns = append(conns, pair...)
	}
	open(evidence.MediaPort, natprobe.MappingTest, media, rtpprobe.PortSet{})
	if d == scenarios.Outbound {
		open(evidence.MediaPort, natprobe.FilteringTest, media, rtpprobe.PortSet{})
	}
	if d == scenarios.Outbound && !any {
		open(evidence.FreePort, natprobe.MappingTest, freeRange, rtpprobe.PortRangeSet(media))
		open(evidence.FreePort, natprobe.FilteringTest, freeRange, rtpprobe.PortRangeSet(media))
	}
	if err != nil {
		network.CloseAll(conns)
		return nil, nil, err
	}
	return conns, opened, nil
}

// pair opens an even port of a range and the next one, if it can ports that have not been
// used of late.
func (r *Responder) pair(ctx context.Context, addr netip.Addr, in rtpprobe.PortRange, but rtpprobe.PortSet) (conns []net.PacketConn, fresh bool, err error) {
	used := r.spoken.of(addr)
	for try := range pairTries {
		fresh = try < pairTries/2
		first := (int(in.From) + rand.IntN(in.Size())) &^ 1
		if first < int(in.From) || first+1 > int(in.To) {
			continue
		}
		two := rtpprobe.PortRangeSet(rtpprobe.PortRange{From: uint16(first), To: uint16(first + 1)})
		if !two.Intersect(but).IsZero() || fresh && !two.Intersect(used).IsZero() {
			continue
		}
		if conns = r.both(ctx, addr, uint16(first)); conns != nil {
			return conns, two.Intersect(used).IsZero(), nil
		}
	}
	return nil, false, errNoPair
}

// both opens a port and the next, or neither.
func (r *Responder) both(ctx context.Context, addr netip.Addr, first uint16) (conns []net.PacketConn) {
	for port := first; port <= first+1; port++ {
		c, err := r.own.ListenPacket(ctx, netip.AddrPortFrom(addr, port))
		if err != nil {
			network.CloseAll(conns)
			return nil
		}
		conns = append(conns, c)
	}
	return conns
}
