package rtpprobe

import (
	"crypto/rand"
	"encoding/binary"
)

// random32 draws an SSRC, a first timestamp or a first sequence number, which must not be guessable
// (RFC 3550 sections 5.1 and 8.1).
func random32() uint32 {
	var b [4]byte
	rand.Read(b[:])
	return binary.BigEndian.Uint32(b[:])
}
