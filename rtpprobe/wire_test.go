package rtpprobe_test

import (
	"bytes"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// A sent is a datagram and when it was written.
type sent struct {
	at   time.Duration
	to   netip.AddrPort
	data []byte
}

// written opens a stream on a fake clock, lets use do with it what it wants, and returns what it wrote.
func written(t *testing.T, cfg rtpprobe.StreamConfig, use func(*testing.T, *rtpprobe.Stream)) (all []sent) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		opened := time.Now()
		network := memNet{carry: func(_, to netip.AddrPort, b []byte) []time.Duration {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, sent{time.Since(opened), to, bytes.Clone(b)})
			return nil
		}}
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		cfg.Conn, cfg.RTCP, cfg.Pacer = network.listen(near.String()), network.listen("192.0.2.1:4001"), pacer
		stream := mustOpen(t, cfg)
		use(t, stream)
		stream.Close()
	})
	return all
}

// mediaOf parses what went to the RTP port.
func mediaOf(t *testing.T, all []sent) (packets []rtp.Packet) {
	t.Helper()
	for _, s := range all {
		if s.to != far {
			continue
		}
		var p rtp.Packet
		if err := p.Unmarshal(s.data); err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
	return packets
}

func send(t *testing.T, s *rtpprobe.Stream, d time.Duration) {
	t.Helper()
	if err := s.Send(t.Context(), far, d); err != nil {
		t.Error(err)
	}
}

// TestMediaOnTheWire sends two seconds: the header counts, the tag is in each packet, and the tone never jumps.
func TestMediaOnTheWire(t *testing.T) {
	for _, c := range []struct {
		codec   rtpprobe.Codec
		tone    rtpprobe.Tone
		ptime   time.Duration
		tag     *rtpprobe.Tag
		size, n int
	}{
		{rtpprobe.PCMU, rtpprobe.InboundTone, 0, &inbound, 188, 100},
		{rtpprobe.PCMA, rtpprobe.OutboundTone, 0, nil, 172, 100},
		{rtpprobe.PCMA, 440, 30 * time.Millisecond, nil, 252, 67},
		{rtpprobe.PCMU, 1001, 10 * time.Millisecond, nil, 92, 200},
		{rtpprobe.PCMU, 0, 60 * time.Millisecond, nil, 492, 34},
	} {
		cfg := rtpprobe.StreamConfig{Codec: c.codec, SendTone: c.tone, Ptime: c.ptime, SendTag: c.tag, SSRC: 42}
		all := written(t, cfg, func(t *testing.T, s *rtpprobe.Stream) { send(t, s, 2*time.Second) })
		packets := mediaOf(t, all)
		if len(packets) != c.n {
			t.Errorf("%v: %d packets, want %d", c, len(packets), c.n)
		}
		var audio []byte
		for i, p := range packets {
			first := packets[0].Header
			want := rtp.Header{
				Version: 2, Marker: i == 0, PayloadType: uint8(c.codec), SSRC: 42,
				SequenceNumber: first.SequenceNumber + uint16(i), Timestamp: first.Timestamp + uint32(i*len(p.Payload)),
			}
			got := rtp.Header{
				Version: p.Version, Marker: p.Marker, PayloadType: p.PayloadType, SSRC: p.SSRC,
				SequenceNumber: p.SequenceNumber, Timestamp: p.Timestamp,
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(rtp.Header{})); diff != "" || p.MarshalSize() != c.size {
				t.Fatalf("%v: packet %d of %d bytes: %s", c, i, p.MarshalSize(), diff)
			}
			if tag := p.GetExtension(rtpprobe.TagExtension); c.tag != nil && !c.tag.Matches(tag) || c.tag == nil && tag != nil {
				t.Fatalf("%v: packet %d has tag %x", c, i, tag)
			}
			audio = append(audio, p.Payload...)
		}
		ideal := sine(c.codec, float64(c.tone), 7050, 0, len(audio))
		for i := range audio {
			diff := int(c.codec.Decode(audio[i])) - int(c.codec.Decode(ideal[i]))
			if max(diff, -diff) > 256 {
				t.Fatalf("%v: sample %d is %d off", c, i, diff)
			}
		}
	}
}

// TestPause sends twice with a pause: sequence numbers go on, timestamps count the pause, and the second
// spurt is marked (RFC 3551 section 4.1).
func TestPause(t *testing.T) {
	all := written(t, rtpprobe.StreamConfig{}, func(t *testing.T, s *rtpprobe.Stream) {
		send(t, s, 100*time.Millisecond)
		pass(920 * time.Millisecond)
		send(t, s, 100*time.Millisecond)
	})
	packets := mediaOf(t, all)
	if len(packets) != 10 {
		t.Fatalf("%d packets", len(packets))
	}
	start, again := packets[0], packets[5]
	if again.SequenceNumber != start.SequenceNumber+5 || !again.Marker || packets[6].Marker {
		t.Errorf("the second spurt begins with %+v", again.Header)
	}
	if ticks := again.Timestamp - start.Timestamp; ticks < 8000 || ticks > 8160 {
		t.Errorf("a second is %d ticks", ticks)
	}
}

// TestReportsOnTheWire checks the compounds of a call of 5 s.
func TestReportsOnTheWire(t *testing.T) {
	cfg := rtpprobe.StreamConfig{SendTag: &inbound, SSRC: 42}
	all := written(t, cfg, func(t *testing.T, s *rtpprobe.Stream) { send(t, s, 5*time.Second) })
	first := mediaOf(t, all)[0]
	start := time.Duration(-1) // of the media
	var times []time.Duration
	var reports [][]rtcp.Packet
	for _, s := range all {
		if s.to == far && start < 0 {
			start = s.at
		}
		if s.to != netip.AddrPortFrom(far.Addr(), far.Port()+1) {
			continue
		}
		packets, err := rtcp.Unmarshal(s.data)
		if err != nil {
			t.Fatal(err)
		}
		if err := rtcp.CompoundPacket(packets).Validate(); err != nil {
			t.Error(err)
		}
		times, reports = append(times, s.at), append(reports, packets)
	}
	if n := len(reports); n < 4 || n > 7 || times[0] > 500*time.Millisecond {
		t.Fatalf("reports at %v", times)
	}
	for i, packets := range reports {
		sr, ok := packets[0].(*rtcp.SenderReport)
		if !ok {
			t.Fatalf("report %d is %T", i, packets[0])
		}
		since := times[i] - start
		wantStamp := first.Timestamp + uint32(since*8000/time.Second)
		if d := int32(sr.RTPTime - wantStamp); sr.SSRC != 42 || d < -2 || d > 2 {
			t.Errorf("report %d: %+v, timestamp %d off", i, sr, d)
		}
		if want := min(uint32(since/(20*time.Millisecond)+1), 250); sr.PacketCount != want || sr.OctetCount != want*160 {
			t.Errorf("report %d: %d packets of %d bytes, want %d", i, sr.PacketCount, sr.OctetCount, want)
		}
		app, ok := packets[2].(*rtcp.ApplicationDefined)
		if !ok || app.Name != "BWTG" || !inbound.Matches(app.Data) {
			t.Errorf("report %d has no tag: %v", i, packets[2])
		}
		if _, bye := packets[len(packets)-1].(*rtcp.Goodbye); bye != (i == len(reports)-1) {
			t.Errorf("report %d: goodbye is %v", i, bye)
		}
		if i > 0 && i < len(reports)-1 {
			if gap := times[i] - times[i-1]; gap < time.Second || gap > 2*time.Second {
				t.Errorf("report %d after %v", i, gap)
			}
		}
	}
}

// TestFlood shows that no sender can make a stream remember more than it should.
func TestFlood(t *testing.T) {
	r := received(t, rtpprobe.StreamConfig{Latch: rtpprobe.LatchFirst}, func(inject func(netip.AddrPort, []byte)) {
		for i := range 1000 {
			from := netip.AddrPortFrom(evil.Addr(), uint16(i+1))
			inject(from, mustMarshal(t, rtp.Header{SSRC: uint32(i)}, nil, nil))
		}
	})
	in := r.Received
	if len(in.Sources) != 16 || in.Packets != 8 || in.Strays != 992 || *in.Lost != 0 {
		t.Errorf("%d sources, %d packets, %d strays", len(in.Sources), in.Packets, in.Strays)
	}
}
