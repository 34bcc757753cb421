package call

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// sockets are those of one end's media.
type sockets struct {
	rtp, rtcp net.PacketConn // rtcp is nil where reports have no port of their own
	aside     net.PacketConn // what media leaves from, where that is not rtp; nil otherwise
	beside    net.PacketConn // the port below rtcp, where that is not the one above rtp; nil otherwise
	spare     net.PacketConn // the port above aside, or the one that RTCP would have
}

// open opens what the behaviour needs. Ports are taken in pairs all the same, so that nobody else's
// media is met at the next one.
func (c *sockets) open(ctx context.Context, s Setup) (err error) {
	listen := func(port uint16) (net.PacketConn, error) {
		return s.Network.ListenPacket(ctx, netip.AddrPortFrom(s.Local, port))
	}
	if c.rtp, c.rtcp, err = rtpprobe.OpenPair(listen, s.Ports); err != nil {
		return fmt.Errorf("no media port: %w", err)
	}
	if s.Behaviour.RTCP != "" && s.Behaviour.RTCP != scenarios.RTCPNextPort {
		c.rtcp.Close()
		c.rtcp = nil
	}
	if s.Behaviour.RTCP == scenarios.RTCPOtherPort {
		if c.beside, c.rtcp, err = rtpprobe.OpenPair(listen, s.Ports); err != nil {
			c.close()
			return fmt.Errorf("no port for RTCP: %w", err)
		}
	}
	if s.Behaviour.SourcePort != scenarios.OtherPort {
		return nil
	}
	if c.aside, c.spare, err = rtpprobe.OpenPair(listen, s.Ports); err != nil {
		c.close()
		return fmt.Errorf("no second media port: %w", err)
	}
	return nil
}

func (c *sockets) close() {
	for _, conn := range []net.PacketConn{c.rtp, c.rtcp, c.aside, c.spare, c.beside} {
		if conn != nil {
			conn.Close()
		}
	}
}
