// Package call joins SIP and RTP into one end of a test call: it advertises a media
// address, streams the known tone, and records what this end saw. Both programs
// place and answer calls with it.
package call

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// A Setup is what one end needs to know before a call.
type Setup struct {
	Network network.Network
	// Ports is the range for media; the zero value is any free pair.
	Ports rtpprobe.PortRange
	// Local is the address that media sockets are bound to, Public the one that SDP
	// names when the behaviour says so.
	Local, Public netip.Addr
	// Second is the one that media moves to by scenarios.SecondMedia; zero is none.
	Second    Address
	Check     scenarios.Check
	Behaviour scenarios.Behaviour
	// Inside is true at the site's end: it sends the outbound tone.
	Inside bool
	// MediaKey makes the session tags; nil neither sends nor demands them.
	MediaKey []byte
	// Allow says where media may go.
	Allow func(netip.AddrPort) bool
	Pacer *rtpprobe.Pacer
	// Cold is how long this end only listens before it sends.
	Cold time.Duration
	// AfterAck holds media back until the ACK, for callers who have proven nothing: it
	// shows that they receive what is sent to them.
	AfterAck bool
	// Ring is how long a placed call may wait for its answer; 0 = 8 seconds.
	Ring time.Duration
	// Control is the address from which this end sends to the same port during Lead, to
	// compare with its media, which has another; the zero Addr sends nothing.
	Control netip.Addr
	// Lead is how much longer than the talk time this end sends, because the other
	// end holds back for as long.
	Lead time.Duration
}

// An Address is one that an end has for its media, as it is bound and as others see it.
type Address struct{ Local, Public netip.Addr }

// A leg is one end's media: its sockets, its stream, and what it found.
type leg struct {
	setup Setup
	sockets
	stream     *rtpprobe.Stream
	advertised netip.AddrPort
	key        *rtpprobe.SRTPKey // of this end; nil without SRTP

	mu  sync.Mutex
	end evidence.CallEnd
	talks
}

func openLeg(ctx context.Context, s Setup) (*leg, error) {
	l := &leg{setup: s}
	if s.Check.Call.SRTP {
		l.key = new(rtpprobe.NewSRTPKey())
	}
	if err := l.open(ctx, s); err != nil {
		return nil, err
	}
	cfg, err := l.streamConfig()
	if err == nil {
		l.stream, err = rtpprobe.Open(cfg)
	}
	if err != nil {
		l.sockets.close()
		return nil, err
	}
	l.advertise()
	l.opened, l.origin = time.Now(), l.advertised.Addr()
	l.end.Advertised = new(l.advertised)
	return l, nil
}

// The addresses of a side that names somebody else's: they are for documentation (RFC 5737,
// RFC 3849), and belong to nobody.
var (
	wrong4 = netip.AddrFrom4([4]byte{192, 0, 2, 254})
	wrong6 = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 15: 0xfe})
)

func (l *leg) advertise() {
	addr, local := l.setup.Public, l.setup.Local
	switch kind := l.setup.Behaviour.MediaAddress; {
	case kind == scenarios.ZeroAddress && local.Is4():
		addr = netip.IPv4Unspecified()
	case kind == scenarios.ZeroAddress:
		addr = netip.IPv6Unspecified()
	case kind == scenarios.WrongAddress && local.Is4():
		addr = wrong4
	case kind == scenarios.WrongAddress:
		addr = wrong6
	case kind == scenarios.PrivateAddress || !addr.IsValid():
		addr = local
	}
	l.advertised = netip.AddrPortFrom(addr, network.PortOf(l.rtp))
}

func (l *leg) streamConfig() (rtpprobe.StreamConfig, error) {
	s, b := l.setup, l.setup.Behaviour
	codec, err := rtpprobe.ParseCodec(s.Check.Call.Codec)
	if err != nil {
		return rtpprobe.StreamConfig{}, err
	}
	send, want := rtpprobe.InboundTone, rtpprobe.OutboundTone
	sendLabel, wantLabel := "inbound", "outbound"
	if s.Inside {
		send, want = want, send
		sendLabel, wantLabel = wantLabel, sendLabel
	}
	cfg := rtpprobe.StreamConfig{
		Conn: l.rtp, RTCP: l.rtcp, SendConn: l.aside, Mux: b.RTCP == scenarios.RTCPMux, Codec: codec, Ptime: b.Ptime(),
		WantTone: want, Allow: s.Allow, Pacer: s.Pacer, SRTP: l.key, Latch: latch(b.Latch), Probation: b.Probation,
		Digits: rtpprobe.Digits{Text: b.DTMF, At: s.Lead + scenarios.DigitsAt},
		Gap:    rtpprobe.Gap{At: s.Lead + scenarios.GapAt, For: b.Gap(), Noise: b.GapBy == scenarios.ComfortNoise},
	}
	switch b.Audio {
	case scenarios.ToneAudio:
		cfg.SendTone = send
	case scenarios.LoopedAudio:
		cfg.SendTone = want
	}
	if s.MediaKey != nil {
		cfg.SendTag = new(rtpprobe.NewTag(s.MediaKey, s.Check.ID, sendLabel))
		cfg.WantTag = new(rtpprobe.NewTag(s.MediaKey, s.Check.ID, wantLabel))
		if s.Inside && s.Check.FromSecond() {
			cfg.ControlTag = new(controlTag(s))
		}
	}
	return cfg, nil
}

func latch(l scenarios.Latch) rtpprobe.Latch {
	switch l {
	case scenarios.LatchFirstPacket:
		return rtpprobe.LatchFirst
	case scenarios.LatchAlways:
		return rtpprobe.LatchAlways
	case scenarios.LatchStrict:
		return rtpprobe.LatchStrict
	}
	return rtpprobe.LatchNever
}

func (l *leg) fault(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end.Fault == "" {
		l.end.Fault = err.Error()
	}
}

// close ends the media and returns this end's record.
func (l *leg) close() evidence.CallEnd {
	l.note(evidence.Moment{What: evidence.OverMoment})
	opened := l.first().Opened()
	media := l.stream.Close()
	l.sockets.close()
	l.closeMoved(&media)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end.Media = &media
	l.end.FirstPacketMs = firstPacket(l.end, opened)
	return l.end
}
