package rtpprobe

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// srtpProfile is the one that every implementation has (RFC 4568 section 6.2.1).
const srtpProfile = srtp.ProtectionProfileAes128CmHmacSha1_80

// SRTPSuite is the name of the only suite of this package, as in a=crypto (RFC 4568 section 6.2).
const SRTPSuite = "AES_CM_128_HMAC_SHA1_80"

// srtpKeyBytes are those of the master key; the salt follows.
const srtpKeyBytes = 16

// An SRTPKey is a master key of 16 bytes with its salt of 14, for one direction of a stream.
type SRTPKey [30]byte

// NewSRTPKey makes one at random.
func NewSRTPKey() (k SRTPKey) {
	rand.Read(k[:])
	return k
}

// String is the key as it stands in a=crypto, after "inline:" (RFC 4568 section 6.1).
func (k SRTPKey) String() string { return base64.StdEncoding.EncodeToString(k[:]) }

// ParseSRTPKey reads what String wrote.
func ParseSRTPKey(s string) (k SRTPKey, err error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) != len(k) {
		return k, errors.New("an SRTP key is 30 bytes in base64")
	}
	copy(k[:], b)
	return k, nil
}

func (k SRTPKey) context() (*srtp.Context, error) {
	return srtp.CreateContext(k[:srtpKeyBytes], k[srtpKeyBytes:], srtpProfile)
}

// maxEarly bounds the packets that are kept until the far end's key is known.
const maxEarly = 64

// A secret is the SRTP of a stream; nil leaves everything as it is.
type secret struct {
	mu       sync.Mutex
	out, in  *srtp.Context // in is nil until the far end's key is known
	sealed   []byte
	reported []byte
	plain    []byte
	early    []earlyPacket
}

// An earlyPacket came before the key.
type earlyPacket struct {
	data []byte
	from netip.AddrPort
	at   time.Time
}

func newSecret(key *SRTPKey) (*secret, error) {
	if key == nil {
		return nil, nil
	}
	out, err := key.context()
	return &secret{out: out, plain: make([]byte, 0, readSize)}, err
}

// Unlock gives the key that the far end encrypts with; what came before it is then looked at. It is an error
// for a stream without SRTP.
func (s *Stream) Unlock(key SRTPKey) error {
	if s.secret == nil {
		return errors.New("the stream has no SRTP")
	}
	in, err := key.context()
	if err != nil {
		return err
	}
	s.secret.mu.Lock()
	defer s.secret.mu.Unlock()
	s.secret.in = in
	return nil
}

// sealMedia encrypts a packet; the result is valid until the next one.
func (c *secret) sealMedia(b []byte) ([]byte, error) {
	if c == nil {
		return b, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	c.sealed, err = c.out.EncryptRTP(c.sealed[:0], b, nil)
	return c.sealed, err
}

// sealReport encrypts a compound of RTCP; the result is valid until the next one.
func (c *secret) sealReport(b []byte) ([]byte, error) {
	if c == nil {
		return b, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	c.reported, err = c.out.EncryptRTCP(c.reported[:0], b, nil)
	return c.reported, err
}

// openMedia decrypts the payload of a packet, and reports whether it is authentic.
func (c *secret) openMedia(p *packet, raw []byte) bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in == nil {
		return false
	}
	plain, err := c.in.DecryptRTP(c.plain[:0], raw, nil)
	if err != nil {
		return false
	}
	c.plain = plain[:0]
	return p.rtp.Unmarshal(plain) == nil
}

// openReport decrypts a compound of RTCP, and reports whether it is authentic.
func (c *secret) openReport(b []byte) ([]byte, bool) {
	if c == nil {
		return b, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in == nil {
		return nil, false
	}
	plain, err := c.in.DecryptRTCP(nil, b, nil)
	return plain, err == nil
}

// keep holds a packet back while the key is not known, and reports whether it did.
func (c *secret) keep(b []byte, from netip.AddrPort, at time.Time) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in != nil || len(c.early) == maxEarly || isReport(b) {
		return false
	}
	c.early = append(c.early, earlyPacket{append([]byte(nil), b...), from, at})
	return true
}

// kept are the packets that were held back, once the key is known, or at the end.
func (c *secret) kept(end bool) []earlyPacket {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in == nil && !end {
		return nil
	}
	early := c.early
	c.early = nil
	return early
}

// overdue looks at what is still held back when the stream is closed.
func (s *Stream) overdue(parsed *rtp.Packet) {
	for _, e := range s.secret.kept(true) {
		s.sort(parsed, e.data, e.from, e.at)
	}
}
