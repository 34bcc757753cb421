package rtpprobe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// defaultPtime is the packet time of RFC 3551 section 4.2.
const defaultPtime = 20 * time.Millisecond

// maxPtime keeps a packet in one Ethernet frame (150 ms are 1,200 bytes of G.711).
const maxPtime = 150 * time.Millisecond

// A Latch says where a stream sends once it hears the other end.
type Latch uint8

const (
	// LatchNever sends to the address given to Send, wherever packets come from.
	LatchNever Latch = iota
	// LatchFirst is symmetric RTP (RFC 4961), "comedia": it sends to the source of the first accepted
	// packet instead, and stays with it.
	LatchFirst
	// LatchAlways follows whenever newer packets come from elsewhere.
	LatchAlways
	// LatchStrict sends to a source, and from then on takes packets from no other, once StreamConfig.Probation
	// packets in a row have come from it; until then it takes those from the address given to Send only. So does Asterisk
	// with strictrtp and rtp_symmetric.
	LatchStrict
)

// A StreamConfig describes one two-way RTP stream of a call. Only Conn is required.
type StreamConfig struct {
	// Conn is the RTP socket and RTCP the RTCP socket (nil = no RTCP of its own; what the far end
	// multiplexes onto Conn, RFC 5761, is still understood). The caller owns and closes both, after Close.
	// They must honour SetReadDeadline. See AddrPortReader for what makes them fast.
	Conn net.PacketConn
	RTCP net.PacketConn

	// SendConn is the socket that media leaves from (nil = Conn): an end that does not send from where it
	// listens. What arrives at it is counted, and nothing else. The caller closes it too.
	SendConn net.PacketConn
	// Mux sends reports where media goes, from where it leaves (RFC 5761). It goes with no RTCP.
	Mux bool

	// Codec is what is sent (zero = PCMU); all are understood. Ptime is the audio in a packet, in whole
	// milliseconds up to 150 (0 = 20 ms).
	Codec Codec
	Ptime time.Duration

	// SendTone is sent (0 = silence) and WantTone listened for (0 = none).
	SendTone Tone
	WantTone Tone

	// Digits are sent in place of audio, and during the Gap none is.
	Digits Digits
	Gap    Gap

	// SRTP is the key that this end encrypts with (RFC 3711); nil = media is not encrypted, neither way. That
	// of the far end is given to Unlock.
	SRTP *SRTPKey

	// SendTag is put into each packet (nil = no tag). With a WantTag, a packet without it is counted and
	// otherwise ignored; without, any packet is accepted whose source Allow does not forbid.
	SendTag *Tag
	WantTag *Tag
	// ControlTag marks RTP packets that are counted and otherwise ignored: they show that the port can be
	// reached, from wherever they come (nil = there are none). It needs a WantTag.
	ControlTag *Tag

	// Latch says whether to follow the source of what is heard. Probation is for LatchStrict (0 = 4 packets).
	Latch     Latch
	Probation int
	// Allow is asked for each packet whether media may go to an address; nothing is ever sent to one that
	// it refuses (nil = only to the address given to Send). RTCP goes to an address that Allow accepts or
	// to the host that media goes to: the port above, or when latching the port that its RTCP comes from.
	// It is called from the pacer and from readers at once: it must be quick and safe for that. The
	// answer may change as an address proves itself.
	Allow func(netip.AddrPort) bool

	// Pacer paces what is sent; streams share one. nil = the stream runs one of its own.
	Pacer *Pacer

	// SSRC is the synchronisation source (0 = random).
	SSRC uint32
}

// resolve returns the configuration with its defaults filled in.
func (cfg StreamConfig) resolve() (StreamConfig, error) {
	if cfg.Ptime == 0 {
		cfg.Ptime = defaultPtime
	}
	switch {
	case cfg.Conn == nil:
		return cfg, errors.New("a stream needs a Conn")
	case !cfg.Codec.known():
		return cfg, fmt.Errorf("payload type %d is not a codec of this package", uint8(cfg.Codec))
	case cfg.Ptime < time.Millisecond || cfg.Ptime > maxPtime || cfg.Ptime%time.Millisecond != 0:
		return cfg, fmt.Errorf("packet time %v: want whole milliseconds up to %v", cfg.Ptime, maxPtime)
	case !cfg.SendTone.valid() || !cfg.WantTone.valid():
		return cfg, fmt.Errorf("tones %v and %v: want 0 or a frequency below %d Hz", cfg.SendTone, cfg.WantTone, clockRate/2)
	case cfg.Latch > LatchStrict || cfg.Probation < 0:
		return cfg, fmt.Errorf("unknown latch %d with a probation of %d", cfg.Latch, cfg.Probation)
	case cfg.Mux && cfg.RTCP != nil:
		return cfg, errors.New("a stream with Mux has no RTCP socket")
	case !ValidDigits(cfg.Digits.Text) || cfg.Digits.At < 0 || cfg.Gap.At < 0 || cfg.Gap.For < 0:
		return cfg, fmt.Errorf("digits %q at %v, a gap of %v at %v: that cannot be", cfg.Digits.Text, cfg.Digits.At, cfg.Gap.For, cfg.Gap.At)
	}
	if cfg.Probation == 0 {
		cfg.Probation = defaultProbation
	}
	for cfg.SSRC == 0 {
		cfg.SSRC = random32()
	}
	return cfg, nil
}
