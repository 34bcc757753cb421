package rtpprobe

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"

	"github.com/pion/rtp"
)

// TagExtension is the local identifier of the RFC 8285 one-byte header extension that carries a Tag.
const TagExtension = 7

// tagReport is the name of the RTCP APP packet (RFC 3550 section 6.7) that carries a Tag.
const tagReport = "BWTG"

// A Tag proves that a packet belongs to a session whose key both ends know. It travels in a header
// extension of every RTP packet and in an APP packet of every RTCP compound. It shows membership, not
// integrity: who can read a stream's packets can repeat its tag.
type Tag [8]byte

// NewTag derives a tag: HMAC-SHA256 with the key over the labels, truncated to 8 bytes. Labels name
// what the tag is good for (a call, a direction); each is preceded by its length, so that no two lists
// of labels are alike.
func NewTag(key []byte, labels ...string) Tag {
	mac := hmac.New(sha256.New, key)
	for _, label := range labels {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(label)))
		mac.Write(size[:])
		mac.Write([]byte(label))
	}
	return Tag(mac.Sum(nil)[:len(Tag{})])
}

// Matches reports whether b is the tag, in a time that does not depend on b's content.
func (t Tag) Matches(b []byte) bool { return subtle.ConstantTimeCompare(t[:], b) == 1 }

// tagOf finds what stands in a packet's tag extension, nil when there is none.
func tagOf(h *rtp.Header) []byte {
	if !h.Extension || h.ExtensionProfile != rtp.ExtensionProfileOneByte {
		return nil
	}
	return h.GetExtension(TagExtension)
}
