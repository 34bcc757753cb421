package rtpprobe

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// markerBit begins a talk spurt (RFC 3551 section 4.1).
const markerBit = 0x80

// An outbox makes the packets of a stream and accounts for them. The packet itself is touched by next and
// its caller only; mu guards the rest.
type outbox struct {
	packet  []byte // header, then payload
	header  int
	size    int // of a payload of audio
	ticks   int // of the clock in a packet
	clock   int // in Hz
	payload byte
	ring    ring
	script  script
	late    histogram

	mu         sync.Mutex
	facts      Sent    // without lists that result adds
	steps      []int64 // packets in each second since opened
	opened     time.Time
	octets     int64
	index      int       // of the next packet time
	number     uint16    // of packets made
	suppressed int       // packet times of silence
	sequence   uint16    // of packet 0
	timestamp  uint32    // of packet 0, moved on by pauses
	began      time.Time // of the present Send
	beganAt    int       // its first packet
	lastStamp  uint32
	lastDue    time.Time
}

// prepare builds the header that every packet of the stream begins with.
func (o *outbox) prepare(cfg StreamConfig) {
	ms := int(cfg.Ptime / time.Millisecond)
	o.size, o.clock, o.payload = ms*cfg.Codec.bytesPerMS(), cfg.Codec.Clock(), uint8(cfg.Codec)
	o.ticks = ms * o.clock / 1000
	o.ring = newRing(cfg.Codec, cfg.SendTone, o.size)
	o.script = newScript(cfg)
	o.sequence, o.timestamp = uint16(random32()), random32()
	header := rtp.Header{Version: rtpVersion, PayloadType: uint8(cfg.Codec), SSRC: cfg.SSRC}
	if cfg.SendTag != nil {
		header.Extension, header.ExtensionProfile = true, rtp.ExtensionProfileOneByte
		// It fails for an identifier or a size that no one-byte extension has.
		_ = header.SetExtension(TagExtension, cfg.SendTag[:])
	}
	o.header = header.MarshalSize()
	o.packet = make([]byte, o.header+max(o.size, 4))
	_, _ = header.MarshalTo(o.packet) // the space suffices
}

// begin moves the timestamps on by the time since the last Send began (RFC 3550 section 5.1: they count
// samples through silence too).
func (o *outbox) begin(start time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.index > 0 {
		elapsed := int(start.Sub(o.began) * time.Duration(o.clock) / time.Second)
		sent := (o.index - o.beganAt) * o.ticks
		o.timestamp += uint32(max(elapsed-sent, 0))
	}
	o.began, o.beganAt = start, o.index
}

// next makes the next packet, valid until the one after; nil where the script has none.
func (o *outbox) next(marked bool, due time.Time) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	index := o.index
	o.index++
	kind, step := o.script.at(index)
	stamp := o.timestamp + uint32(index*o.ticks)
	o.lastStamp, o.lastDue = stamp, due
	if kind == emptySlot || kind == noiseSlot {
		o.suppressed++
	}
	body, payload := o.packet[o.header:], o.payload
	size := o.size
	switch kind {
	case emptySlot:
		return nil
	case audioSlot:
		marked = marked || o.script.spurt(index)
		copy(body, o.ring.at(index*o.size, o.size))
	case noiseSlot:
		marked, payload, size = false, noisePayload, 1
		body[0] = noiseLevel
		o.facts.ComfortNoise++
	case eventSlot:
		marked, payload = step.step == 0, EventPayload
		stamp -= uint32(step.step * o.ticks)
		size = step.write(body, o.ticks)
		o.dialled(step)
	}
	if o.packet[1] = payload; marked {
		o.packet[1] |= markerBit
	}
	binary.BigEndian.PutUint16(o.packet[2:], o.sequence+o.number)
	binary.BigEndian.PutUint32(o.packet[4:], stamp)
	o.number++
	return o.packet[:o.header+size]
}

// noiseLevel is that of comfort noise in -dBov (RFC 3389 section 3).
const noiseLevel = 60

// dialled accounts for one packet of an event.
func (o *outbox) dialled(e eventStep) {
	if e.step == 0 {
		o.facts.Digits = append(o.facts.Digits, Digit{Digit: eventDigits[e.digit : e.digit+1]})
	}
	d := &o.facts.Digits[len(o.facts.Digits)-1]
	d.Packets++
	if e.over() {
		d.Ends++
	}
	d.DurationMS = round(float64(min(e.step+1, e.steps)*o.ticks) * 1000 / float64(o.clock))
}

// sent accounts for one attempt with so many bytes, and so many more that protect them.
func (o *outbox) sent(to netip.AddrPort, size, more int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.facts.Errors = countError(o.facts.Errors, err)
	}
	if wasSent(err) {
		o.facts.Packets++
		o.facts.Bytes += int64(size + more)
		o.octets += int64(size - o.header)
		o.note(time.Now())
		o.facts.Destinations = count(o.facts.Destinations, to)
	}
}

// refuse accounts for one packet that Allow forbade.
func (o *outbox) refuse(to netip.AddrPort) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.facts.RefusedDestinations = count(o.facts.RefusedDestinations, to)
}

// note accounts for a packet in its second.
func (o *outbox) note(at time.Time) {
	n := stepOf(at.Sub(o.opened))
	for len(o.steps) <= n {
		o.steps = append(o.steps, 0)
	}
	o.steps[n]++
}

// perSecond are the packets that were sent in each second.
func (o *outbox) perSecond() []int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.steps)
}

func (o *outbox) result() Sent {
	o.mu.Lock()
	defer o.mu.Unlock()
	facts := o.facts
	facts.FirstSequence = o.sequence
	facts.Destinations = append([]Destination{}, facts.Destinations...)
	facts.RefusedDestinations = append([]Destination{}, facts.RefusedDestinations...)
	facts.Errors = append([]ErrorCount{}, facts.Errors...)
	if !o.lastDue.IsZero() {
		facts.Clock = &MediaClock{Timestamp: o.lastStamp, AtMS: millis(o.lastDue.Sub(o.opened))}
	}
	facts.Digits = slices.Clone(facts.Digits)
	facts.SuppressedMS = float64(o.suppressed) * float64(o.ticks) * 1000 / float64(o.clock)
	if late := o.late.lateness(); late.Count > 0 {
		facts.Lateness = &LatenessUS{
			P50: micros(late.P50), P99: micros(late.P99), Max: micros(late.Max), CatchUps: late.CatchUps,
		}
	}
	return facts
}

// sender is what a sender report says at a time: packets, bytes of payload and the timestamp of that
// moment (RFC 3550 section 6.4.1).
func (o *outbox) sender(now time.Time) (packets, octets int64, timestamp uint32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	since := int64(now.Sub(o.lastDue)) * int64(o.clock) / int64(time.Second)
	return o.facts.Packets, o.octets, o.lastStamp + uint32(since)
}

func micros(d time.Duration) float64 { return round(float64(d) / 1e3) }
