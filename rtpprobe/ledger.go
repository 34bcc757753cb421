package rtpprobe

import (
	"math"
	"net/netip"
	"time"
)

// maxListed bounds each list of addresses in a Result, and maxReceptions the SSRCs that are told apart, so
// that no sender can fill this end's memory.
const (
	maxListed     = 16
	maxReceptions = 8
)

// An inbox is the account of what was received.
type inbox struct {
	opened     time.Time
	facts      Received // without what is computed by result
	receptions []*reception
	current    *reception // that of the last packet
	reporting  *reception // that of the last sender report
	detector   detector
	opaque     time.Duration // of audio that is not listened to
	events     []event
	firstSeq   *uint16
	steps      []arrivalStep
	first      time.Time
	last       time.Time
	maxGap     time.Duration
}

// receptionOf finds or begins an SSRC's account, nil when there are too many.
func (in *inbox) receptionOf(ssrc uint32) *reception {
	if in.current != nil && in.current.ssrc == ssrc {
		return in.current
	}
	for _, r := range in.receptions {
		if r.ssrc == ssrc {
			return r
		}
	}
	if len(in.receptions) == maxReceptions {
		return nil
	}
	r := &reception{ssrc: ssrc}
	in.receptions = append(in.receptions, r)
	return r
}

// reported is the source that a report is about: the one heard last, else the one that says it sends.
func (in *inbox) reported() *reception {
	if in.current != nil {
		return in.current
	}
	return in.reporting
}

// accept accounts for one accepted packet and says what its sequence number was.
func (in *inbox) accept(p packet) arrivalKind {
	in.heardFrom(p)
	kind := stray
	if r := in.receptionOf(p.rtp.SSRC); r != nil {
		in.current = r
		kind = r.add(p.rtp, p.at)
	}
	switch kind {
	case stray:
		in.facts.Strays++
		return kind
	case duplicate:
		in.facts.Duplicated++
		return kind
	case late:
		in.facts.OutOfOrder++
	case restart:
		in.facts.Strays--
		in.facts.Bytes += int64(p.size) // the stray's, which was as long
	}
	in.facts.Bytes += int64(p.size)
	if in.firstSeq == nil {
		in.firstSeq = new(p.rtp.SequenceNumber)
	}
	before := in.detector.heard
	in.listen(p)
	in.note(p.at, in.detector.heard-before)
	return kind
}

// heardFrom accounts for time and source.
func (in *inbox) heardFrom(p packet) {
	if in.first.IsZero() {
		in.first = p.at
	} else {
		in.maxGap = max(in.maxGap, p.at.Sub(in.last))
	}
	in.last = p.at
	since := millis(p.at.Sub(in.opened))
	for i := range in.facts.Sources {
		s := &in.facts.Sources[i]
		if s.SSRC == p.rtp.SSRC && s.Address == p.from {
			s.Packets++
			s.LastMS = since
			return
		}
	}
	if len(in.facts.Sources) < maxListed {
		in.facts.Sources = append(in.facts.Sources,
			Source{Address: p.from, SSRC: p.rtp.SSRC, Packets: 1, FirstMS: since, LastMS: since})
	}
}

func (in *inbox) listen(p packet) {
	switch codec := Codec(p.rtp.PayloadType); {
	case codec.audible():
		in.detector.hear(codec, p.rtp.Payload)
	case codec.known():
		in.opaque += time.Duration(len(p.rtp.Payload)/codec.bytesPerMS()) * time.Millisecond
	case p.rtp.PayloadType == EventPayload:
		in.hearEvent(p.rtp)
	case p.rtp.PayloadType == noisePayload:
		in.facts.ComfortNoise++
	default:
		in.facts.OtherPayload++
	}
}

// result computes what a Result says of the packets so far.
func (in *inbox) result() Received {
	facts := in.facts
	facts.Sources = append([]Source{}, facts.Sources...)
	facts.RefusedSources = append([]Destination{}, facts.RefusedSources...)
	facts.Errors = append([]ErrorCount{}, facts.Errors...)
	for _, r := range in.receptions {
		facts.Packets += r.sequence.packets()
		facts.Expected += r.sequence.expected()
		lost := r.sequence.losses()
		facts.LossRuns += lost.runs
		facts.LongestLossRun = max(facts.LongestLossRun, lost.longest)
	}
	facts.FirstSequence, facts.OpaqueMS, facts.Digits = in.firstSeq, millis(in.opaque), in.digits()
	facts.ToneHeardMS, facts.OwnToneMS = ms(in.detector.heard), ms(in.detector.ownHeard)
	facts.SilenceMS, facts.OtherAudioMS = ms(in.detector.quiet), ms(in.detector.other)
	if in.first.IsZero() {
		return facts
	}
	facts.FirstMS = new(millis(in.first.Sub(in.opened)))
	facts.LastMS = new(millis(in.last.Sub(in.opened)))
	if in.heard() > 1 {
		facts.MaxGapMS = new(millis(in.maxGap))
	}
	if facts.Packets > 0 {
		facts.Lost = new(facts.Expected - facts.Packets)
	}
	if in.current != nil && in.current.sequence.started {
		facts.LastSequence = new(uint16(in.current.sequence.high))
	}
	if in.current != nil {
		facts.Transit = in.current.transit.result(in.current.ssrc, in.opened)
	}
	if in.current != nil && in.current.jitter.packets > 1 {
		facts.JitterMS = new(round(in.current.jitter.mean * 1000))
	}
	return facts
}

// heard counts accepted packets, duplicates and strays included.
func (in *inbox) heard() (n int64) {
	for _, r := range in.receptions {
		n += r.sequence.packets()
	}
	return n + in.facts.Duplicated + in.facts.Strays
}

// count adds a packet to an address in a list.
func count(list []Destination, address netip.AddrPort) []Destination {
	for i := range list {
		if list[i].Address == address {
			list[i].Packets++
			return list
		}
	}
	if len(list) == maxListed {
		return list
	}
	return append(list, Destination{Address: address, Packets: 1})
}

// millis is in milliseconds, to the microsecond.
func millis(d time.Duration) float64 { return round(float64(d) / 1e6) }

func round(x float64) float64 { return math.Round(x*1000) / 1000 }
