package rtpprobe

import (
	"fmt"
	"math/bits"
	"strings"
)

// clockRate is the RTP clock and sampling rate of G.711 in Hz (RFC 3551 section 4.5.14). That of G.722 is
// the same by a mistake that stayed (section 4.5.2).
const clockRate = 8000

// opusClock is the RTP clock of Opus in Hz, whatever it samples at (RFC 7587 section 4.1).
const opusClock = 48000

// A Codec is an audio codec. Its value is the RTP payload type: the static one (RFC 3551
// section 6, table 4), or for Opus the one that this package uses; the zero value is PCMU.
type Codec uint8

// The codecs: G.711 in its µ-law and A-law variants, 8,000 samples of one byte per second, and two that are
// carried with a payload that means nothing: of G.722 as many bytes, of Opus 32 kbit/s.
const (
	PCMU Codec = 0
	PCMA Codec = 8
	G722 Codec = 9
	Opus Codec = 111
)

// String is the encoding name (PCMU, PCMA, G722, OPUS), or "codec(N)" for any other payload type.
func (c Codec) String() string {
	switch c {
	case PCMU:
		return "PCMU"
	case PCMA:
		return "PCMA"
	case G722:
		return "G722"
	case Opus:
		return "OPUS"
	}
	return fmt.Sprintf("codec(%d)", uint8(c))
}

// ParseCodec reads an encoding name, without regard to case.
func ParseCodec(name string) (Codec, error) {
	for _, c := range []Codec{PCMU, PCMA, G722, Opus} {
		if strings.EqualFold(name, c.String()) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("unknown codec %q (PCMU, PCMA, G722, OPUS)", name)
}

// MarshalText gives the encoding name.
func (c Codec) MarshalText() ([]byte, error) {
	if !c.known() {
		return nil, fmt.Errorf("payload type %d is not a codec of this package", uint8(c))
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (c *Codec) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCodec(string(text))
	return err
}

func (c Codec) known() bool { return c.audible() || c == G722 || c == Opus }

// audible reports whether a tone in the codec can be told from another.
func (c Codec) audible() bool { return c == PCMU || c == PCMA }

// Clock is the rate of the RTP timestamps in Hz.
func (c Codec) Clock() int {
	if c == Opus {
		return opusClock
	}
	return clockRate
}

// bytesPerMS is the payload of a millisecond.
func (c Codec) bytesPerMS() int {
	if c == Opus {
		return 4
	}
	return clockRate / 1000
}

// Encode compresses one 16-bit linear sample (ITU-T G.711); only PCMU and PCMA have it.
func (c Codec) Encode(sample int16) byte {
	if c == PCMA {
		return encodeA(sample)
	}
	return encodeMu(sample)
}

// Decode expands one byte to a 16-bit linear sample (ITU-T G.711); only PCMU and PCMA have it.
func (c Codec) Decode(b byte) int16 { return c.table()[b] }

func (c Codec) table() *[256]int16 {
	if c == PCMA {
		return &linearOfA
	}
	return &linearOfMu
}

// The decoding tables, computed once from the segments of G.711 tables 1 and 2.
var (
	linearOfMu = expand(decodeMu)
	linearOfA  = expand(decodeA)
)

func expand(decode func(byte) int16) (table [256]int16) {
	for i := range table {
		table[i] = decode(byte(i))
	}
	return table
}

// The µ-law bias moves every segment's border to a power of two; the clip keeps the sum in 15 bits.
const (
	muBias = 132
	muClip = 32767 - muBias
)

func encodeMu(sample int16) byte {
	magnitude, sign := int(sample), byte(0)
	if magnitude < 0 {
		magnitude, sign = -magnitude, 0x80
	}
	magnitude = min(magnitude, muClip) + muBias
	segment := bits.Len(uint(magnitude)) - 8
	step := byte(magnitude>>(segment+3)) & 0x0f
	return ^(sign | byte(segment)<<4 | step)
}

func decodeMu(b byte) int16 {
	b = ^b
	segment := b >> 4 & 7
	magnitude := (int16(b&0x0f)<<3+muBias)<<segment - muBias
	if b&0x80 != 0 {
		return -magnitude
	}
	return magnitude
}

// aMask inverts every other bit, as G.711 table 1 note 2 wants.
const aMask = 0x55

func encodeA(sample int16) byte {
	magnitude, sign := int(sample), byte(0x80)
	if magnitude < 0 {
		magnitude, sign = ^magnitude, 0
	}
	segment := max(bits.Len(uint(magnitude))-8, 0)
	step := byte(magnitude>>(max(segment, 1)+3)) & 0x0f
	return (sign | byte(segment)<<4 | step) ^ aMask
}

func decodeA(b byte) int16 {
	b ^= aMask
	segment := b >> 4 & 7
	magnitude := int16(b&0x0f)<<4 + 8
	if segment > 0 {
		magnitude = (magnitude + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -magnitude
	}
	return magnitude
}
