package responder

import (
	"context"
	"net"
	"net/netip"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// marks does the responder's part of a trial of marks, on a port of the media range; it
// goes on after the order was answered.
func (r *Responder) marks(s *session, in *sipprobe.Incoming, x pairing.Marks) (pairing.Reply, error) {
	local := in.Local.Addr()
	conn, other, err := rtpprobe.OpenPair(func(port uint16) (net.PacketConn, error) {
		return r.own.ListenPacket(s.ctx, netip.AddrPortFrom(local, port))
	}, r.cfg.RTP)
	if err != nil {
		return pairing.Reply{}, err
	}
	if !s.begin(x.Check.ID) {
		conn.Close()
		other.Close()
		return pairing.Reply{}, errTooMuch
	}
	terms := x.Terms(pairing.MediaKey(r.cfg.Key, s.run))
	go func() {
		defer conn.Close()
		defer other.Close()
		ctx, cancel := context.WithTimeout(s.ctx, terms.Lasts()+pairing.MarksGrace)
		defer cancel()
		if x.Check.Direction == scenarios.Inbound {
			s.finish(x.Check.ID, rtpprobe.ListenMarked(ctx, conn, terms))
			return
		}
		s.finish(x.Check.ID, rtpprobe.SendMarked(ctx, conn, netip.AddrPortFrom(s.whence(in), x.Port), terms))
	}()
	return pairing.Reply{MarksPort: network.PortOf(conn)}, nil
}
