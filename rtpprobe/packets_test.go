package rtpprobe_test

import (
	"math"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// The two ends of tests in memory.
var (
	near = netip.MustParseAddrPort("192.0.2.1:4000")
	far  = netip.MustParseAddrPort("198.51.100.2:5000")
	evil = netip.MustParseAddrPort("203.0.113.66:6666")
)

// mustMarshal builds an RTP packet, tagged unless tag is nil.
func mustMarshal(t testing.TB, header rtp.Header, tag *rtpprobe.Tag, payload []byte) []byte {
	t.Helper()
	header.Version = 2
	if tag != nil {
		header.Extension, header.ExtensionProfile = true, rtp.ExtensionProfileOneByte
		if err := header.SetExtension(rtpprobe.TagExtension, tag[:]); err != nil {
			t.Fatal(err)
		}
	}
	b, err := (&rtp.Packet{Header: header, Payload: payload}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sine is n samples of a tone from sample number start on, encoded.
func sine(codec rtpprobe.Codec, hz, amplitude float64, start, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		x := amplitude * math.Sin(2*math.Pi*hz*float64(start+i)/8000)
		b[i] = codec.Encode(int16(max(min(x, 32767), -32768)))
	}
	return b
}

// received opens a stream, lets feed inject datagrams on a fake clock, and returns what was received.
func received(t *testing.T, cfg rtpprobe.StreamConfig, feed func(inject func(from netip.AddrPort, b []byte))) (result rtpprobe.Result) {
	synctest.Test(t, func(t *testing.T) {
		var network memNet
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		cfg.Conn, cfg.Pacer = network.listen(near.String()), pacer
		stream, err := rtpprobe.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		feed(func(from netip.AddrPort, b []byte) {
			network.inject(from, near, b)
			synctest.Wait()
		})
		result = stream.Close()
	})
	return result
}

// pass lets fake time go by.
func pass(d time.Duration) { <-time.After(d) }
