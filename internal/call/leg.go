// Package call joins SIP and RTP into one end of a test call: it advertises a media
// address, streams the known tone, and records what this end saw. Both programs
// place and answer calls with it.
package call

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A Setup is what one end needs to know before a call.
type Setup struct {
	Network network.Network
	// Ports is the range for media; the zero value is any free pair.
	Ports rtpprobe.PortRange
	// Local is the address that media sockets are bound to, Public the one that SDP
	// names when the behaviour says so.
	Local, Public netip.Addr
	Check         scenarios.Check
	Behaviour     scenarios.Behaviour
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

// A leg is one end's media: its sockets, its stream, and what it found.
type leg struct {
	setup      Setup
	rtp, rtcp  net.PacketConn
	stream     *rtpprobe.Stream
	advertised netip.AddrPort

	mu  sync.Mutex
	end evidence.CallEnd
	talks
}

func openLeg(ctx context.Context, s Setup) (*leg, error) {
	rtp, rtcp, err := rtpprobe.OpenPair(func(port uint16) (net.PacketConn, error) {
		return s.Network.ListenPacket(ctx, netip.AddrPortFrom(s.Local, port))
	}, s.Ports)
	if err != nil {
		return nil, fmt.Errorf("no media port: %w", err)
	}
	l := &leg{setup: s, rtp: rtp, rtcp: rtcp}
	cfg, err := l.streamConfig()
	if err == nil {
		l.stream, err = rtpprobe.Open(cfg)
	}
	if err != nil {
		rtp.Close()
		rtcp.Close()
		return nil, err
	}
	l.advertise()
	l.opened, l.origin = time.Now(), l.advertised.Addr()
	first := l.advertised
	l.end.Advertised = &first
	return l, nil
}

func (l *leg) advertise() {
	port := l.rtp.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	addr := l.setup.Public
	if l.setup.Behaviour.MediaAddress == scenarios.PrivateAddress || !addr.IsValid() {
		addr = l.setup.Local
	}
	l.advertised = netip.AddrPortFrom(addr, port)
	l.end.Advertised = &l.advertised
}

func (l *leg) streamConfig() (rtpprobe.StreamConfig, error) {
	s := l.setup
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
	cfg := rtpprobe.StreamConfig{Conn: l.rtp, RTCP: l.rtcp, Codec: codec, WantTone: want, Allow: s.Allow, Pacer: s.Pacer}
	switch s.Behaviour.Audio {
	case scenarios.ToneAudio:
		cfg.SendTone = send
	case scenarios.LoopedAudio:
		cfg.SendTone = want
	}
	if s.Behaviour.Latch == scenarios.LatchFirstPacket {
		cfg.Latch = rtpprobe.LatchFirst
	}
	if s.MediaKey != nil {
		sendTag := rtpprobe.NewTag(s.MediaKey, s.Check.ID, sendLabel)
		wantTag := rtpprobe.NewTag(s.MediaKey, s.Check.ID, wantLabel)
		cfg.SendTag, cfg.WantTag = &sendTag, &wantTag
		if s.Inside && s.Check.FromSecond() {
			tag := controlTag(s)
			cfg.ControlTag = &tag
		}
	}
	return cfg, nil
}

// sdp is this end's offer, or its answer to one.
func (l *leg) sdp() ([]byte, error) {
	codec, err := rtpprobe.ParseCodec(l.setup.Check.Call.Codec)
	if err != nil {
		return nil, err
	}
	m := sipprobe.Media{Address: l.advertised, Payloads: []uint8{uint8(codec)}, PtimeMs: 20}
	l.shape(&m)
	return m.Offer()
}

// hear keeps the media address in the other end's SDP, as it arrived.
func (l *leg) hear(body []byte) (netip.AddrPort, error) {
	m, err := sipprobe.ParseMedia(body)
	if err != nil {
		return netip.AddrPort{}, err
	}
	l.mu.Lock()
	l.end.Heard, l.theirs = &m.Address, m
	l.mu.Unlock()
	return m.Address, nil
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
	media := l.stream.Close()
	l.rtp.Close()
	l.rtcp.Close()
	l.closeMoved(&media)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end.Media = &media
	return l.end
}
