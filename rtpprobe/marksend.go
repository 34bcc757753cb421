package rtpprobe

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtp"
)

// SendMarked sends the packets of a trial through conn: RTP of PCMU silence with the
// trial's tags, the marks in turn, a MarkInterval apart. It returns early when ctx ends.
// What the network refuses is counted. The socket keeps the last mark.
func SendMarked(ctx context.Context, conn net.PacketConn, to netip.AddrPort, t MarkTerms) MarksSent {
	if err := t.Check(); err != nil {
		return MarksSent{Unable: err.Error()}
	}
	var out MarksSent
	for _, m := range Marks() {
		if err := setMark(conn, m); err != nil {
			return MarksSent{Unable: err.Error()}
		}
		out.Marks = append(out.Marks, MarkSent{Mark: m})
	}
	s := markSender{conn: conn, to: net.UDPAddrFromAddrPort(to), terms: t, ssrc: rand.Uint32()}
	tick := time.NewTicker(MarkInterval)
	defer tick.Stop()
	for n := range t.Packets * len(out.Marks) {
		mark := &out.Marks[n%len(out.Marks)]
		if err := s.send(mark.Mark, n); err != nil {
			mark.Errors = countError(mark.Errors, err)
		} else {
			mark.Packets++
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return out
		}
	}
	return out
}

type markSender struct {
	conn  net.PacketConn
	to    net.Addr
	terms MarkTerms
	ssrc  uint32
}

// send sends packet n of the trial.
func (s markSender) send(m Mark, n int) error {
	packet, err := s.terms.packet(m, n, s.ssrc)
	if err != nil {
		return err
	}
	if err := setMark(s.conn, m); err != nil {
		return err
	}
	_, err = s.conn.WriteTo(packet, s.to)
	return err
}

// markBytes is 20 ms of G.711.
const markBytes = clockRate / 50

func (t MarkTerms) packet(m Mark, n int, ssrc uint32) ([]byte, error) {
	silence := make([]byte, markBytes)
	for i := range silence {
		silence[i] = 0xff // in PCMU
	}
	h := rtp.Header{
		Version: rtpVersion, Marker: n == 0, PayloadType: uint8(PCMU), SSRC: ssrc,
		SequenceNumber: uint16(n), Timestamp: uint32(n) * markBytes,
		Extension: true, ExtensionProfile: rtp.ExtensionProfileOneByte,
	}
	tag := t.tag(m)
	if err := h.SetExtension(TagExtension, tag[:]); err != nil {
		return nil, err
	}
	return (&rtp.Packet{Header: h, Payload: silence}).Marshal()
}
