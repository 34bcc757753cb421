package scenarios

import (
	"errors"
	"fmt"
	"time"
)

// fileMedia is what a call says of its media besides how each side behaves.
type fileMedia struct {
	SRTP           bool   `yaml:"srtp"`
	MaxFirstPacket string `yaml:"max_first_packet"`
	ExpectAudio    string `yaml:"expect_audio"`
}

// Bounds of MaxFirstPacketMs: less than a packet is no limit that can be kept.
const (
	minFirstPacket = 50 * time.Millisecond
	maxFirstPacket = time.Minute
)

// MaxFirstPacket is MaxFirstPacketMs as a duration.
func (c Call) MaxFirstPacket() time.Duration {
	return time.Duration(c.MaxFirstPacketMs) * time.Millisecond
}

// Expected reports whether audio is to go in a direction.
func (c Call) Expected(d Direction) bool {
	switch c.Expect {
	case InboundOnly:
		return d == Inbound
	case OutboundOnly:
		return d == Outbound
	case NoAudio:
		return false
	}
	return true
}

// Opaque reports whether the codec is carried only: nobody listens to what is in it.
func (c Call) Opaque() bool { return c.Codec == "g722" || c.Codec == "opus" }

// describeMedia reads the codec, SRTP, what is expected, and both behaviours.
func (c fileCheck) describeMedia(call *Call) (err error) {
	if call.Codec, err = oneOf("codec", c.Codec, "pcmu", "pcmu", "pcma", "g722", "opus"); err != nil {
		return err
	}
	call.SRTP = c.Media.SRTP
	if c.Media.MaxFirstPacket != "" {
		if call.MaxFirstPacketMs, err = milliseconds("max_first_packet", c.Media.MaxFirstPacket); err != nil {
			return err
		}
		if d := call.MaxFirstPacket(); d < minFirstPacket || d > maxFirstPacket {
			return fmt.Errorf("max_first_packet: %v is not between %v and %v", d, minFirstPacket, maxFirstPacket)
		}
	}
	if err := word(&call.Expect, "expect_audio", c.Media.ExpectAudio, BothWays, BothWays, InboundOnly, OutboundOnly, NoAudio); err != nil {
		return err
	}
	if c.Media.ExpectAudio == "" {
		call.Expect = ""
	}
	// By default the site does what a well-configured PBX does, and the far side
	// takes SDP at its word: what passes so needs nobody's goodwill.
	if call.Responder, err = c.Responder.resolve("responder", LatchAlways); err != nil {
		return err
	}
	if call.Client, err = c.Client.resolve("client", LatchNever); err != nil {
		return err
	}
	if !call.SRTP && (call.Responder.SRTPKey != "" || call.Client.SRTPKey != "") {
		return errors.New("srtp_key: it belongs to srtp: true")
	}
	return nil
}

// CheckCall says what is wrong with the times and numbers of a call, nil when nothing is.
func CheckCall(c Call) error {
	if c.PauseMs != 0 {
		if err := checkPause(c.Pause()); err != nil {
			return err
		}
	}
	if err := CheckTalk(c.Talk()); err != nil {
		return err
	}
	talk := c.Talk()
	if c.PauseMs != 0 {
		talk /= 2 // digits and gaps come before the pause
	}
	for i, b := range []Behaviour{c.Responder, c.Client} {
		side := []string{"responder", "client"}[i]
		if err := b.check(side); err != nil {
			return err
		}
		if err := b.fits(side, talk); err != nil {
			return err
		}
	}
	return c.checkMoves()
}

// CheckSRTP holds that keys travel encrypted.
func (c Check) CheckSRTP() error {
	if c.Call != nil && c.Call.SRTP && c.Transport != "tls" {
		return errors.New("srtp: the keys are in the SDP, so it goes over TLS only; want transports: [tls]")
	}
	return nil
}
