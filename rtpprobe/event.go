package rtpprobe

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/pion/rtp"
)

// EventPayload is the payload type of telephone events (RFC 4733), which both ends name in their SDP with the
// clock of the codec.
const EventPayload = 101

// noisePayload is the static payload type of comfort noise (RFC 3389).
const noisePayload = 13

// Numbers of RFC 4733 sections 2.3 and 3.2.
const (
	eventDigits = "0123456789*#ABCD" // by their codes
	eventEnd    = 0x80
	eventVolume = 10
	endPackets  = 3 // section 2.5.1.4
)

// How long a digit sounds, and from its beginning to that of the next one.
const (
	digitLength = 160 * time.Millisecond
	digitTime   = 240 * time.Millisecond
)

// A Digit is one telephone event, as it was sent or as it arrived.
type Digit struct {
	// Digit is one of 0-9 * # A-D, or "event N" for any other event that arrived.
	Digit string `json:"digit"`
	// DurationMS is what its last packet said.
	DurationMS float64 `json:"duration_ms"`
	// Packets were sent, or arrived, of which Ends said that it was over.
	Packets int64 `json:"packets"`
	Ends    int64 `json:"ends"`
}

// ValidDigits reports whether a text holds digits that can be sent, and nothing else.
func ValidDigits(s string) bool { return strings.Trim(s, eventDigits) == "" }

// An eventStep is one packet of an event.
type eventStep struct {
	digit byte // its index in eventDigits
	step  int  // of the packets, from 0
	steps int  // packets until the event is over; those that repeat its end come after
}

// over reports whether this packet says that the event is over.
func (e eventStep) over() bool { return e.step >= e.steps-1 }

// write makes the four bytes of a packet whose clock makes so many ticks in a packet.
func (e eventStep) write(b []byte, ticks int) int {
	b[0], b[1] = e.digit, eventVolume
	if e.over() {
		b[1] |= eventEnd
	}
	binary.BigEndian.PutUint16(b[2:], uint16(min(min(e.step+1, e.steps)*ticks, 0xffff)))
	return 4
}

// An event is one that arrives. Its packets share a timestamp.
type event struct {
	ssrc, timestamp uint32
	clock           int
	duration        uint16
	digit           Digit
}

// maxEvents bounds what is kept of them.
const maxEvents = 64

// hearEvent accounts for one packet of an event.
func (in *inbox) hearEvent(p *rtp.Packet) {
	if len(p.Payload) < 4 {
		in.facts.OtherPayload++
		return
	}
	e := in.eventOf(p)
	if e == nil {
		return
	}
	e.digit.Packets++
	if p.Payload[1]&eventEnd != 0 {
		e.digit.Ends++
	}
	e.duration = max(e.duration, binary.BigEndian.Uint16(p.Payload[2:]))
}

func (in *inbox) eventOf(p *rtp.Packet) *event {
	for i := range in.events {
		if e := &in.events[i]; e.ssrc == p.SSRC && e.timestamp == p.Timestamp {
			return e
		}
	}
	if len(in.events) == maxEvents {
		return nil
	}
	clock := clockRate
	if in.current != nil && in.current.clock != 0 {
		clock = in.current.clock
	}
	in.events = append(in.events, event{ssrc: p.SSRC, timestamp: p.Timestamp, clock: clock, digit: Digit{Digit: eventName(p.Payload[0])}})
	return &in.events[len(in.events)-1]
}

func eventName(code byte) string {
	if int(code) < len(eventDigits) {
		return eventDigits[code : code+1]
	}
	return "event " + strconv.Itoa(int(code))
}

// digits are the events that arrived; nil for none.
func (in *inbox) digits() (out []Digit) {
	for _, e := range in.events {
		d := e.digit
		d.DurationMS = round(float64(e.duration) * 1000 / float64(e.clock))
		out = append(out, d)
	}
	return out
}
