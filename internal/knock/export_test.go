package knock

import "time"

// What tests see of messages.

// Knock marshals a knock at a port.
func (t Terms) Knock(over Transport, port uint16) []byte {
	return t.marshal(message{kind: aKnock, transport: over, port: port, attempt: 3, nonce: [12]byte{1, 2, 3}})
}

// Answer marshals the answer to a message, as the bell on a port gives it; nil for what is no knock.
func (t Terms) Answer(over Transport, b []byte, arrived uint16) []byte {
	m, ok := t.parse(b, aKnock, over)
	if !ok {
		return nil
	}
	bell := bell{cfg: BellConfig{Terms: t}}
	return bell.answer(m, arrived)
}

// Parses reports whether b is a knock, or an answer, over a transport, and what is
// marshalled of it again.
func (t Terms) Parses(b []byte, over Transport) (again []byte, ok bool) {
	for _, k := range []kind{aKnock, anAnswer} {
		if m, ok := t.parse(b, k, over); ok {
			return t.marshal(m), true
		}
	}
	return nil, false
}

// Head is how the start of a stranger's answer is kept.
func Head(b []byte) string { return head(b) }

// Bounds that tests run up to.
const (
	MaxArrivals = maxArrivals
	MaxAnswers  = maxAnswers
	MaxNamed    = maxNamed
)

// Patience is how long a knocker over UDP knocks at most.
func Patience() time.Duration {
	all := udpKnocks()
	return all[len(all)-1] + udpPatience
}
