package idle

import (
	"encoding/binary"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// Terms are what both ends of a trial know.
type Terms struct {
	// Key is the session's key for media.
	Key []byte
	// Check numbers the check within the session, Trial the trial within the check.
	Check uint32
	Trial uint8
	// Traffic is what passes before the idle time.
	Traffic scenarios.Traffic
}

// A phase says what a packet is for.
type phase uint8

const (
	opener phase = 1 // the site opens the binding, or keeps using it
	answer phase = 2 // the far end answers an opener
	probe  phase = 3 // the far end sends after the idle time
)

// A packet is 20 bytes: a magic number, the check, the trial, the phase, a number, and
// a tag over them all that only the two ends can make.
const (
	packetBytes = 20
	tagAt       = 12
	magic       = 0x42574931 // "BWI1"
)

func (t Terms) packet(p phase, n uint16) []byte {
	b := make([]byte, 0, packetBytes)
	b = binary.BigEndian.AppendUint32(b, magic)
	b = binary.BigEndian.AppendUint32(b, t.Check)
	b = append(b, t.Trial, byte(p))
	b = binary.BigEndian.AppendUint16(b, n)
	tag := t.tag(b)
	return append(b, tag[:]...)
}

func (t Terms) tag(header []byte) rtpprobe.Tag {
	return rtpprobe.NewTag(t.Key, "idle", string(header))
}

// read returns the phase of a packet of this trial; ok is false for anything else.
func (t Terms) read(b []byte) (p phase, ok bool) {
	if len(b) != packetBytes || binary.BigEndian.Uint32(b) != magic || binary.BigEndian.Uint32(b[4:]) != t.Check || b[8] != t.Trial {
		return 0, false
	}
	return phase(b[9]), t.tag(b[:tagAt]).Matches(b[tagAt:])
}
