package scenarios

import "errors"

// An AnswersTo says to which port a side sends its responses over UDP; empty is ToSource.
type AnswersTo string

// The ports of responses.
const (
	// ToSource is the source port of a request that asks for that (RFC 3581).
	ToSource AnswersTo = "source"
	// ToVia is the port in its Via all the same, as of a PBX whose rport is off. The caller
	// then names its own socket there, as one that does not know of its NAT.
	ToVia AnswersTo = "via"
)

// A SignallingPort says from which port a side sends its SIP over UDP; empty is SamePort.
type SignallingPort string

// The ports of signalling.
const (
	// SameSignallingPort is the one at which it listens.
	SameSignallingPort SignallingPort = "same"
	// OtherSignallingPort is one of its own, at which nothing listens.
	OtherSignallingPort SignallingPort = "other"
)

// Astray reports whether the side sends SIP to or from another port than it should.
func (b Behaviour) Astray() bool {
	return b.AnswersTo == ToVia || b.SignallingPort == OtherSignallingPort
}

// CheckSignalling holds that ports of signalling are set where they mean something.
func (c Check) CheckSignalling() error {
	if c.Call != nil && c.Transport != "udp" && (c.Call.Responder.Astray() || c.Call.Client.Astray()) {
		return errors.New("answers_to, signalling_port: connections have one port each way, so these are for UDP only; want transports: [udp]")
	}
	return nil
}
