package rtpprobe

import (
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// A reception is what is known of one remote SSRC.
type reception struct {
	ssrc     uint32
	sequence sequence
	jitter   jitter
	transit  transit
	clock    int // of the last packet, in Hz

	senderReport   uint32 // middle 32 bits of its NTP time, 0 = none yet
	senderReportAt time.Time

	expectedBefore, packetsBefore int64 // at the last report
}

// add accounts for one packet. The timestamp of an event is that of its beginning, which says nothing of jitter.
func (r *reception) add(p *rtp.Packet, at time.Time) arrivalKind {
	kind := r.sequence.add(p.SequenceNumber)
	if p.PayloadType == EventPayload {
		return kind
	}
	r.clock = Codec(p.PayloadType).Clock()
	switch kind {
	case restart:
		r.jitter, r.transit = jitter{mean: r.jitter.mean}, transit{}
		r.jitter.add(p.Timestamp, r.clock, at)
		r.transit.add(p.Timestamp, r.clock, at)
	case fresh, late:
		r.jitter.add(p.Timestamp, r.clock, at)
		r.transit.add(p.Timestamp, r.clock, at)
	}
	return kind
}

// report is the block of RFC 3550 section 6.4.1 about this source.
func (r *reception) report(now time.Time) rtcp.ReceptionReport {
	expected, packets := r.sequence.expected(), r.sequence.packets()
	fraction := fractionLost(expected-r.expectedBefore, packets-r.packetsBefore)
	r.expectedBefore, r.packetsBefore = expected, packets
	block := rtcp.ReceptionReport{
		SSRC:               r.ssrc,
		FractionLost:       fraction,
		TotalLost:          uint32(min(expected-packets, 1<<23-1)),
		LastSequenceNumber: r.sequence.extendedHighest(),
		Jitter:             uint32(r.jitter.mean * float64(r.clock)),
		LastSenderReport:   r.senderReport,
	}
	if r.senderReport != 0 {
		block.Delay = uint32(units65536(now.Sub(r.senderReportAt)))
	}
	return block
}

// fractionLost is in 1/256 (RFC 3550 A.3).
func fractionLost(expected, packets int64) uint8 {
	if expected <= 0 || packets >= expected {
		return 0
	}
	return uint8(min((expected-packets)<<8/expected, 255))
}
