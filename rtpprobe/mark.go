package rtpprobe

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A Mark is a differentiated services code point (RFC 2474), 0 to 63: the priority that
// a packet asks for. It fills the upper six bits of IPv4's TOS octet and of IPv6's
// traffic class.
type Mark uint8

// The marks that a PBX and its telephones use.
const (
	BestEffort Mark = 0  // CS0
	CS3        Mark = 24 // signalling, on older equipment
	AF31       Mark = 26 // signalling (RFC 4594 calls for CS5, vendors for AF31)
	EF         Mark = 46 // voice (RFC 3246)
)

// Marks lists the marks that are tried.
func Marks() []Mark { return []Mark{BestEffort, CS3, AF31, EF} }

// String is the mark's name where it has one that people use, else its number.
func (m Mark) String() string {
	switch {
	case m == EF:
		return "EF"
	case m == 44:
		return "VOICE-ADMIT"
	case m&7 == 0:
		return "CS" + strconv.Itoa(int(m>>3))
	case m>>3 >= 1 && m>>3 <= 4 && m&1 == 0:
		return fmt.Sprintf("AF%d%d", m>>3, m&7>>1)
	}
	return strconv.Itoa(int(m))
}

// MarkTerms are what both ends of a trial of marks must agree on before it starts.
type MarkTerms struct {
	// ID tells this trial from any other with the same key.
	ID uint32 `json:"id"`
	// Packets is how many packets of each mark are sent, at most MaxMarkPackets.
	Packets int `json:"packets"`
	// Key is the session's media key. It never travels.
	Key []byte `json:"-"`
}

// Bounds of a trial of marks.
const (
	MaxMarkPackets = 50
	// MarkInterval is the time between two packets: that of a call.
	MarkInterval = 20 * time.Millisecond
)

// Check says what is wrong with the terms, nil when nothing is.
func (t MarkTerms) Check() error {
	if t.Packets < 1 || t.Packets > MaxMarkPackets {
		return fmt.Errorf("%d packets of each mark: want 1 to %d", t.Packets, MaxMarkPackets)
	}
	return nil
}

// Lasts is how long it takes to send all packets of a trial.
func (t MarkTerms) Lasts() time.Duration {
	return time.Duration(len(Marks())*t.Packets) * MarkInterval
}

// tag proves that a packet belongs to the trial, and says which mark it was sent with.
func (t MarkTerms) tag(m Mark) Tag {
	return NewTag(t.Key, "mark", strconv.FormatUint(uint64(t.ID), 10), strconv.Itoa(int(m)))
}

// ErrNoMarks says that this system, or this kind of socket, lets no program mark packets.
var ErrNoMarks = errors.New("this system lets no program mark its packets")

var errUnreadMarks = errors.New("this system does not tell programs the marks of packets")

// MarksSent is the ledger of the end that sent.
type MarksSent struct {
	// Marks are in the order of the function Marks; null when none could be set: then
	// Unable says why.
	Marks  []MarkSent `json:"marks"`
	Unable string     `json:"unable,omitempty"`
}

// A MarkSent counts the packets that left with one mark.
type MarkSent struct {
	Mark    Mark  `json:"mark"`
	Packets int64 `json:"packets"`
	// Errors counts those that this machine did not send, by kind.
	Errors []ErrorCount `json:"errors,omitempty"`
}

// MarksArrived is the ledger of the end that listened.
type MarksArrived struct {
	// Marks are in the order of the function Marks.
	Marks []MarkArrived `json:"marks"`
	// Unread is why the marks of packets could not be read, empty when they could.
	Unread string `json:"unread,omitempty"`
}

// A MarkArrived says what arrived of the packets that were sent with one mark.
type MarkArrived struct {
	// Mark is the one that the packets were sent with, by what their tag proves.
	Mark Mark `json:"mark"`
	// Packets counts each packet once.
	Packets int64 `json:"packets"`
	// As counts them by the mark that they arrived with, the most frequent first; null
	// where that cannot be read.
	As []MarkCount `json:"as"`
}

// A MarkCount counts packets that arrived with one mark.
type MarkCount struct {
	Mark    Mark  `json:"mark"`
	Packets int64 `json:"packets"`
}
