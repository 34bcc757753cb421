package responder

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// prime sends one packet from each of the ports to the client, so that a filter or a
// NAT that waits for the site to speak first has heard it. It returns how many went out.
func (r *Responder) prime(ctx context.Context, local netip.Addr, ports rtpprobe.PortSet, to netip.AddrPort, rate int) (sent int) {
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	remote := net.UDPAddrFromAddrPort(to)
	for port := range ports.All() {
		if r.primeFrom(ctx, netip.AddrPortFrom(local, port), remote) {
			sent++
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return sent
		}
	}
	return sent
}

func (r *Responder) primeFrom(ctx context.Context, local netip.AddrPort, to net.Addr) bool {
	conn, err := r.cfg.Network.ListenPacket(ctx, local)
	if err != nil {
		return false
	}
	defer conn.Close()
	packet, err := primer(local.Port())
	if err != nil {
		return false
	}
	_, err = conn.WriteTo(packet, to)
	return err == nil
}

// primer is what a call would send from the port: RTP from an even one, RTCP from an
// odd one (RFC 3550 section 11). Nobody reads it.
func primer(port uint16) ([]byte, error) {
	ssrc := rand.Uint32()
	if port&1 == 1 {
		return rtcp.Marshal([]rtcp.Packet{
			&rtcp.ReceiverReport{SSRC: ssrc}, rtcp.NewCNAMESourceDescription(ssrc, "sweep"),
		})
	}
	silence := make([]byte, primerBytes)
	for i := range silence {
		silence[i] = 0xff // in PCMU
	}
	p := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, SSRC: ssrc}, Payload: silence}
	return p.Marshal()
}

// primerBytes is 20 ms of G.711.
const primerBytes = 160
