package call

import (
	"errors"
	"net/netip"
	"slices"

	"bothways/internal/network"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// Payload types besides the codec's.
const (
	noise  = 13
	events = rtpprobe.EventPayload
)

// sdp is this end's offer, or its answer to one.
func (l *leg) sdp() ([]byte, error) { return l.describe(0) }

// describe is sdp of at least that many bytes.
func (l *leg) describe(bytes int) ([]byte, error) {
	call, b := l.setup.Check.Call, l.setup.Behaviour
	codec, err := rtpprobe.ParseCodec(call.Codec)
	if err != nil {
		return nil, err
	}
	m := sipprobe.Media{
		Address: l.advertised, Payloads: []uint8{uint8(codec)}, PtimeMs: int(b.Ptime().Milliseconds()),
		Mux: b.RTCP == scenarios.RTCPMux, NoRTCP: b.RTCP == scenarios.RTCPNone, Bytes: bytes,
	}
	if b.RTCP == scenarios.RTCPOtherPort {
		m.RTCP = netip.AddrPortFrom(l.advertised.Addr(), network.PortOf(l.rtcp))
	}
	if call.Responder.DTMF != "" || call.Client.DTMF != "" {
		l.offer(&m, events)
	}
	if call.Responder.GapBy == scenarios.ComfortNoise || call.Client.GapBy == scenarios.ComfortNoise {
		l.offer(&m, noise)
	}
	if l.key != nil {
		key := *l.key
		if b.SRTPKey == scenarios.WrongKey {
			key = rtpprobe.NewSRTPKey()
		}
		m.Crypto = []sipprobe.Crypto{{Tag: 1, Suite: rtpprobe.SRTPSuite, Key: key.String()}}
	}
	l.shape(&m)
	return m.Offer()
}

// offer adds a payload type; an answer has only those of the offer (RFC 3264 section 6.1).
func (l *leg) offer(m *sipprobe.Media, payload uint8) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.answering || slices.Contains(l.theirs.Payloads, payload) {
		m.Payloads = append(m.Payloads, payload)
	}
}

var errNoKey = errors.New("no a=crypto line with " + rtpprobe.SRTPSuite + " in the SDP")

// hear keeps the media address in the other end's SDP, as it arrived, and its key.
func (l *leg) hear(body []byte) error {
	m, err := sipprobe.ParseMedia(body)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.theirs, l.end.Heard = m, &m.Address
	l.mu.Unlock()
	return l.unlock(m)
}

func (l *leg) unlock(m sipprobe.Media) error {
	l.mu.Lock()
	stream, own := l.stream, l.key
	l.mu.Unlock()
	if own == nil {
		return nil
	}
	for _, c := range m.Crypto {
		if c.Suite != rtpprobe.SRTPSuite {
			continue
		}
		key, err := rtpprobe.ParseSRTPKey(c.Key)
		if err != nil {
			return err
		}
		return stream.Unlock(key)
	}
	return errNoKey
}
