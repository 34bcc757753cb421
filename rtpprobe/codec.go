package rtpprobe

import (
	"fmt"
	"math/bits"
	"strings"
)

// clockRate is the RTP clock and sampling rate of both codecs in Hz (RFC 3551 section 4.5.14).
const clockRate = 8000

// A Codec is one of the two G.711 codecs. Its value is the static RTP payload type (RFC 3551
// section 6, table 4); the zero value is PCMU.
type Codec uint8

// The codecs: G.711 in its µ-law and A-law variants, 8,000 samples of one byte per second.
const (
	PCMU Codec = 0
	PCMA Codec = 8
)

// String is the encoding name of RFC 3551 (PCMU, PCMA), or "codec(N)" for any other payload type.
func (c Codec) String() string {
	switch c {
	case PCMU:
		return "PCMU"
	case PCMA:
		return "PCMA"
	}
	return fmt.Sprintf("codec(%d)", uint8(c))
}

// ParseCodec reads an encoding name, without regard to case.
func ParseCodec(name string) (Codec, error) {
	for _, c := range []Codec{PCMU, PCMA} {
		if strings.EqualFold(name, c.String()) {
			return c, nil
		}
	}
	return 0, fmt.Errorf("unknown codec %q (PCMU, PCMA)", name)
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

func (c Codec) known() bool { return c == PCMU || c == PCMA }

// Encode compresses one 16-bit linear sample (ITU-T G.711).
func (c Codec) Encode(sample int16) byte {
	if c == PCMA {
		return encodeA(sample)
	}
	return encodeMu(sample)
}

// Decode expands one byte to a 16-bit linear sample (ITU-T G.711).
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
