package rtpprobe

import (
	"time"

	"github.com/pion/rtcp"
)

// A reception is what is known of one remote SSRC.
type reception struct {
	ssrc     uint32
	sequence sequence
	jitter   jitter
	transit  transit

	senderReport   uint32 // middle 32 bits of its NTP time, 0 = none yet
	senderReportAt time.Time

	expectedBefore, packetsBefore int64 // at the last report
}

// add accounts for one packet.
func (r *reception) add(number uint16, timestamp uint32, at time.Time) arrivalKind {
	kind := r.sequence.add(number)
	switch kind {
	case restart:
		r.jitter, r.transit = jitter{mean: r.jitter.mean}, transit{}
		r.jitter.add(timestamp, at)
		r.transit.add(timestamp, at)
	case fresh, late:
		r.jitter.add(timestamp, at)
		r.transit.add(timestamp, at)
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
		Jitter:             uint32(r.jitter.mean * clockRate),
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
