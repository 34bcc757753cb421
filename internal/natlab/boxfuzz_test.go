package natlab_test

import (
	"bytes"
	"net/netip"
	"testing"

	"bothways/internal/natlab"
)

// frames are an INVITE in each family, as they stand on the wire but for checksums.
func frames() [][]byte {
	text := invite("UDP", netip.MustParseAddrPort("198.51.100.20:5060"), netip.MustParseAddrPort("203.0.113.10:5060"))
	n := len(text) + 8
	udp := append([]byte{0x13, 0xc4, 0x13, 0xc4, byte(n >> 8), byte(n), 0, 0}, text...)
	ethernet := make([]byte, 12)
	v4 := append([]byte{8, 0, 0x45, 0, byte((n + 20) >> 8), byte(n + 20), 0, 0, 0x40, 0, 64, 17, 0, 0, 198, 51, 100, 20, 192, 168, 1, 10}, udp...)
	v6 := append(append([]byte{0x86, 0xdd, 0x60, 0, 0, 0, byte(n >> 8), byte(n), 17, 64}, make([]byte, 32)...), udp...)
	return [][]byte{append(bytes.Clone(ethernet), v4...), append(ethernet, v6...)}
}

// Whatever comes in, an alteration neither panics nor changes what it was given, and
// what leaves is no longer than it should be.
func FuzzAlter(f *testing.F) {
	for _, frame := range frames() {
		f.Add(frame)
		f.Add(frame[:60])
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		for _, tt := range rewrites {
			for _, more := range []natlab.Alteration{tt.alteration, {Change: natlab.SetDSCP, DSCP: 46}, {Change: natlab.MoveSourcePort, Proto: natlab.UDP, By: 7}} {
				before := bytes.Clone(frame)
				after := natlab.Alter(more, frame)
				if !bytes.Equal(before, frame) {
					t.Fatalf("%s changed its input", more.Change)
				}
				// A c= line, of at least 11 bytes, may become one of 16.
				if len(after) > 2*len(frame)+64 {
					t.Fatalf("%s made %d bytes of %d", more.Change, len(after), len(frame))
				}
			}
		}
	})
}

// The seeds are what they say: rewriting changes them.
func TestAlterKnowsTheSeeds(t *testing.T) {
	t.Parallel()
	for _, frame := range frames() {
		for _, tt := range rewrites {
			if bytes.Equal(natlab.Alter(tt.alteration, frame), frame) {
				t.Errorf("%s changed nothing", tt.alteration.Change)
			}
		}
	}
}
