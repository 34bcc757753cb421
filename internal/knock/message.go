package knock

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// Size is that of every knock and answer, in bytes.
const Size = 48

const (
	version  = 1
	magic    = "BWK"
	tagAt    = 28
	tagSize  = 16
	lineEnds = "\r\n\r\n"
)

// A Transport is "tcp" or "udp".
type Transport string

// The transports.
const (
	TCP Transport = "tcp"
	UDP Transport = "udp"
)

// protocol is the transport's IANA protocol number.
func (t Transport) protocol() byte {
	if t == TCP {
		return 6
	}
	return 17
}

// Terms are what both ends agree on beforehand.
type Terms struct {
	// ID tells the knocks of one order from those of another.
	ID uint32
	// Key is the session's, for knocks alone.
	Key []byte
}

// A kind says who sends a message.
type kind byte

const (
	aKnock kind = 1 + iota
	anAnswer
)

// A message is a knock or an answer.
type message struct {
	kind      kind
	transport Transport
	attempt   uint8  // from 0 on
	port      uint16 // that the knock was meant for
	arrived   uint16 // that the knock came in on; 0 in a knock
	nonce     [12]byte
}

// marshal writes the message with its proof.
func (t Terms) marshal(m message) []byte {
	b := make([]byte, Size)
	copy(b, magic)
	b[3], b[4], b[5], b[6] = version, byte(m.kind), m.transport.protocol(), m.attempt
	binary.BigEndian.PutUint32(b[8:], t.ID)
	binary.BigEndian.PutUint16(b[12:], m.port)
	binary.BigEndian.PutUint16(b[14:], m.arrived)
	copy(b[16:tagAt], m.nonce[:])
	copy(b[tagAt:], t.tag(b))
	copy(b[tagAt+tagSize:], lineEnds)
	return b
}

func (t Terms) tag(b []byte) []byte {
	mac := hmac.New(sha256.New, t.Key)
	mac.Write(b[:tagAt])
	return mac.Sum(nil)[:tagSize]
}

// parse reads a message of one kind over one transport; false for whatever is not
// exactly that, or lacks the proof.
func (t Terms) parse(b []byte, want kind, over Transport) (message, bool) {
	if len(b) != Size || string(b[:3]) != magic || b[3] != version || kind(b[4]) != want || b[5] != over.protocol() || b[7] != 0 {
		return message{}, false
	}
	if binary.BigEndian.Uint32(b[8:]) != t.ID || string(b[tagAt+tagSize:]) != lineEnds || !hmac.Equal(b[tagAt:tagAt+tagSize], t.tag(b)) {
		return message{}, false
	}
	return message{
		kind: want, transport: over, attempt: b[6], port: binary.BigEndian.Uint16(b[12:]),
		arrived: binary.BigEndian.Uint16(b[14:]), nonce: [12]byte(b[16:tagAt]),
	}, true
}
