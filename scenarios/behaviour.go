package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// A Behaviour is what one side of a call does; real PBXes and providers differ in it.
// What is empty or 0 is what most of them do.
type Behaviour struct {
	// MediaAddress is the address in the side's SDP.
	MediaAddress MediaAddress `json:"media_address"`
	// MediaFrom says which of the side's addresses media has; the client alone can have
	// more than one.
	MediaFrom MediaFrom `json:"media_from,omitempty"`
	// Latch says whether the side sends media to where it comes from (symmetric
	// RTP, RFC 4961) instead of to the address in the other side's SDP.
	Latch Latch `json:"latch"`
	// Probation is how many packets in a row a strict side wants to have seen from a new
	// source; 0 is DefaultProbation.
	Probation int `json:"probation,omitempty"`
	// KeepLatch says that the side stays with its latch where the call is renegotiated;
	// most let go of it then, and learn anew.
	KeepLatch bool `json:"keep_latch,omitempty"`
	// Rport says whether the side asks for answers to its source port (RFC 3581).
	Rport bool `json:"rport"`
	// Audio is what the side sends.
	Audio Audio `json:"audio"`
	// SourcePort says from which port the side sends its audio.
	SourcePort SourcePort `json:"source_port,omitempty"`
	// RTCP says where the side sends its reports, if at all.
	RTCP RTCP `json:"rtcp,omitempty"`
	// PtimeMs is the audio in a packet in milliseconds; 0 is 20 (RFC 3551 section 4.2).
	PtimeMs int `json:"ptime_ms,omitempty"`
	// DTMF are the digits that the side sends as telephone events (RFC 4733), from
	// half a second after it began to talk; empty is none.
	DTMF string `json:"dtmf,omitempty"`
	// GapMs is how long the side suppresses silence, from one second after it began to talk,
	// in milliseconds; 0 is not at all. GapBy is what it sends meanwhile.
	GapMs int   `json:"gap_ms,omitempty"`
	GapBy GapBy `json:"gap_by,omitempty"`
	// SRTPKey says which key the side names in its SDP; it means nothing without SRTP.
	SRTPKey SRTPKey `json:"srtp_key,omitempty"`
	// AnswersTo says to which port the side's responses go, SignallingPort from which its
	// SIP leaves; both over UDP.
	AnswersTo      AnswersTo      `json:"answers_to,omitempty"`
	SignallingPort SignallingPort `json:"signalling_port,omitempty"`
}

// A MediaAddress is the kind of address that a side advertises for media.
type MediaAddress string

// The media addresses.
const (
	// PublicAddress is the address at which the other side can reach this one.
	PublicAddress MediaAddress = "public"
	// PrivateAddress is the address of the side's own interface, the mistake of a
	// PBX that does not know that it is behind a NAT.
	PrivateAddress MediaAddress = "private"
	// ZeroAddress is 0.0.0.0 or ::, the mistake of a PBX that names the address that it
	// is bound to.
	ZeroAddress MediaAddress = "zero"
	// WrongAddress is somebody else's, as of a PBX whose public address has changed. It is
	// one for documentation (RFC 5737, RFC 3849), to which nothing is ever sent.
	WrongAddress MediaAddress = "wrong"
)

// A MediaFrom is empty for the address that signals, or "second".
type MediaFrom string

// FromSecond is another address than the one that signals, as where a provider has
// media servers of their own. The client has one when it is run with --second-address.
const FromSecond MediaFrom = "second"

// A Latch says when a side sends to the source of what it hears.
type Latch string

// The kinds of latching.
const (
	// LatchNever takes the SDP at its word.
	LatchNever Latch = "never"
	// LatchFirstPacket goes where the first packet came from, and stays there.
	LatchFirstPacket Latch = "first-packet"
	// LatchAlways goes wherever the newest packet came from.
	LatchAlways Latch = "always"
	// LatchStrict goes to a source from which it has seen some packets in a row, the
	// probation, stays there and takes nothing from any other, as Asterisk's strictrtp.
	LatchStrict Latch = "strict"
)

// An Audio is what a side sends.
type Audio string

// The kinds of audio.
const (
	// ToneAudio is the direction's known tone.
	ToneAudio Audio = "tone"
	// SilentAudio is digital silence, as from a muted or misconfigured side.
	SilentAudio Audio = "silence"
	// LoopedAudio is the other direction's tone, as when media is wired back.
	LoopedAudio Audio = "loop"
)

// A SourcePort says from which port a side sends its audio; empty is SamePort.
type SourcePort string

// The source ports.
const (
	// SamePort is the port in its SDP, at which it listens (symmetric RTP, RFC 4961).
	SamePort SourcePort = "same"
	// OtherPort is one of its own, at which nothing listens.
	OtherPort SourcePort = "other"
)

// An RTCP says where a side sends its reports; empty is RTCPNextPort.
type RTCP string

// The ways of RTCP.
const (
	// RTCPNextPort is the port above that of media (RFC 3550 section 11).
	RTCPNextPort RTCP = "next-port"
	// RTCPMux is the port of media itself (RFC 5761).
	RTCPMux RTCP = "mux"
	// RTCPNone sends no reports, and takes none.
	RTCPNone RTCP = "none"
	// RTCPOtherPort is one that the side chooses, and names in its SDP (a=rtcp, RFC 3605).
	RTCPOtherPort RTCP = "other-port"
)

// A GapBy is what a side sends while it suppresses silence; empty is NoPackets.
type GapBy string

// What silence can be.
const (
	// NoPackets sends nothing.
	NoPackets GapBy = "no-packets"
	// ComfortNoise sends a packet of comfort noise now and then (RFC 3389).
	ComfortNoise GapBy = "comfort-noise"
)

// An SRTPKey says which key a side names in its SDP; empty is RightKey.
type SRTPKey string

// The keys of SRTP.
const (
	// RightKey is the one that it encrypts with.
	RightKey SRTPKey = "right"
	// WrongKey is another one, the mistake of a PBX or an SBC that mixes up its keys.
	WrongKey SRTPKey = "wrong"
)

// Limits and defaults of behaviours.
const (
	// DefaultProbation is that of Asterisk.
	DefaultProbation = 4
	MaxProbation     = 50
	DefaultPtimeMs   = 20
	// MaxDigits bounds what one side may dial in a call.
	MaxDigits = 16
	// MinGap is long enough to be told from jitter, MaxGap the longest silence.
	MinGap = 200 * time.Millisecond
	MaxGap = 10 * time.Minute
	// The times at which digits and gaps begin, and how long a digit takes with the pause after it.
	DigitsAt  = 500 * time.Millisecond
	GapAt     = time.Second
	DigitTime = 240 * time.Millisecond
)

// Latches reports whether the side may send elsewhere than the SDP says.
func (b Behaviour) Latches() bool { return b.Latch != LatchNever && b.Latch != "" }

// Ptime is the audio in a packet.
func (b Behaviour) Ptime() time.Duration {
	if b.PtimeMs == 0 {
		return DefaultPtimeMs * time.Millisecond
	}
	return time.Duration(b.PtimeMs) * time.Millisecond
}

// Gap is GapMs as a duration.
func (b Behaviour) Gap() time.Duration { return time.Duration(b.GapMs) * time.Millisecond }

type fileBehaviour struct {
	MediaAddress   string `yaml:"media_address"`
	MediaFrom      string `yaml:"media_from"`
	Latch          string `yaml:"latch"`
	Probation      *int   `yaml:"probation"`
	KeepLatch      bool   `yaml:"keep_latch"`
	Rport          *bool  `yaml:"rport"`
	Audio          string `yaml:"audio"`
	SourcePort     string `yaml:"source_port"`
	RTCP           string `yaml:"rtcp"`
	Ptime          *int   `yaml:"ptime"`
	DTMF           string `yaml:"dtmf"`
	Gap            string `yaml:"gap"`
	GapBy          string `yaml:"gap_by"`
	SRTPKey        string `yaml:"srtp_key"`
	AnswersTo      string `yaml:"answers_to"`
	SignallingPort string `yaml:"signalling_port"`
}

// resolve fills in defaults; side is the key under which the behaviour stands.
func (b fileBehaviour) resolve(side string, latch Latch) (Behaviour, error) {
	out := Behaviour{Rport: b.Rport == nil || *b.Rport, DTMF: b.DTMF, KeepLatch: b.KeepLatch}
	err := errors.Join(
		word(&out.MediaAddress, side+".media_address", b.MediaAddress, PublicAddress, PublicAddress, PrivateAddress, ZeroAddress, WrongAddress),
		word(&out.Latch, side+".latch", b.Latch, latch, LatchNever, LatchFirstPacket, LatchAlways, LatchStrict),
		word(&out.Audio, side+".audio", b.Audio, ToneAudio, ToneAudio, SilentAudio, LoopedAudio),
		word(&out.SourcePort, side+".source_port", b.SourcePort, SamePort, SamePort, OtherPort),
		word(&out.RTCP, side+".rtcp", b.RTCP, RTCPNextPort, RTCPNextPort, RTCPMux, RTCPNone, RTCPOtherPort),
		word(&out.GapBy, side+".gap_by", b.GapBy, NoPackets, NoPackets, ComfortNoise),
		word(&out.SRTPKey, side+".srtp_key", b.SRTPKey, RightKey, RightKey, WrongKey),
		word(&out.AnswersTo, side+".answers_to", b.AnswersTo, ToSource, ToSource, ToVia),
		word(&out.SignallingPort, side+".signalling_port", b.SignallingPort, SameSignallingPort, SameSignallingPort, OtherSignallingPort))
	if err == nil {
		out.MediaFrom, err = mediaFrom(side, b.MediaFrom)
	}
	if err != nil {
		return out, err
	}
	out.usual()
	if b.Probation != nil {
		if out.Probation = *b.Probation; out.Latch != LatchStrict {
			return out, fmt.Errorf("%s.probation: it belongs to latch: strict", side)
		}
	}
	if b.KeepLatch && out.Latch != LatchFirstPacket && out.Latch != LatchStrict {
		return out, fmt.Errorf("%s.keep_latch: it belongs to latch: first-packet and latch: strict", side)
	}
	if b.Ptime != nil {
		if out.PtimeMs = *b.Ptime; out.PtimeMs == 0 {
			return out, fmt.Errorf("%s.ptime: 0 is not 20, 30 or 40 (milliseconds)", side)
		}
	}
	if b.GapBy != "" && b.Gap == "" {
		return out, fmt.Errorf("%s.gap_by: it belongs to a gap", side)
	}
	if b.Gap != "" {
		if out.GapMs, err = milliseconds(side+".gap", b.Gap); err != nil {
			return out, err
		}
		if out.GapMs == 0 {
			return out, fmt.Errorf("%s.gap: it is 0; leave it out", side)
		}
	}
	return out, out.check(side)
}

// usual leaves out the words for what is usual, so that a scenario is one and the same
// with and without them.
func (b *Behaviour) usual() {
	if b.SourcePort == SamePort {
		b.SourcePort = ""
	}
	if b.RTCP == RTCPNextPort {
		b.RTCP = ""
	}
	if b.GapBy == NoPackets {
		b.GapBy = ""
	}
	if b.SRTPKey == RightKey {
		b.SRTPKey = ""
	}
	if b.AnswersTo == ToSource {
		b.AnswersTo = ""
	}
	if b.SignallingPort == SameSignallingPort {
		b.SignallingPort = ""
	}
}

var digits = regexp.MustCompile(`^[0-9*#A-D]*$`)

// check bounds the numbers, in files and in what a client wants of the responder.
func (b Behaviour) check(side string) error {
	switch {
	case b.Probation < 0 || b.Probation > MaxProbation || b.Probation == 1:
		return fmt.Errorf("%s.probation: %d is not between 2 and %d packets", side, b.Probation, MaxProbation)
	case b.PtimeMs != 0 && b.PtimeMs != 20 && b.PtimeMs != 30 && b.PtimeMs != 40:
		return fmt.Errorf("%s.ptime: %d is not 20, 30 or 40 (milliseconds)", side, b.PtimeMs)
	case len(b.DTMF) > MaxDigits || !digits.MatchString(b.DTMF):
		return fmt.Errorf("%s.dtmf: %.40q is not up to %d of 0-9 * # A-D; put it in quotes", side, b.DTMF, MaxDigits)
	case b.GapMs != 0 && (b.Gap() < MinGap || b.Gap() > MaxGap):
		return fmt.Errorf("%s.gap: %v is not between %v and %v", side, b.Gap(), MinGap, MaxGap)
	}
	return nil
}

// fits reports what does not fit into the talk time.
func (b Behaviour) fits(side string, talk time.Duration) error {
	const after = time.Second / 2 // of audio that follows
	if end := GapAt + b.Gap() + after; b.GapMs != 0 && end > talk {
		return fmt.Errorf("%s.gap: with a gap of %v the talk time must be at least %v", side, b.Gap(), end)
	}
	if end := DigitsAt + time.Duration(len(b.DTMF))*DigitTime + after; b.DTMF != "" && end > talk {
		return fmt.Errorf("%s.dtmf: for %d digits the talk time must be at least %v", side, len(b.DTMF), end)
	}
	if b.GapMs != 0 && b.DTMF != "" {
		return fmt.Errorf("%s: dtmf and gap exclude each other", side)
	}
	return nil
}

// word reads a word of a list into its place.
func word[T ~string](to *T, key, text string, fallback T, list ...T) (err error) {
	*to, err = oneOf(key, text, fallback, list...)
	return err
}
