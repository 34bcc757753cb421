package rtpprobe

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

var probeTerms = SweepTerms{ID: 0xdeadbeef, Direction: SweepOutbound, Window: 3, Key: []byte("media key")}

// aProbe is a request, and its packet.
func aProbe(port uint16, size int) (probe, []byte) {
	p := probe{
		id: probeTerms.ID, direction: probeTerms.Direction, window: probeTerms.Window, kind: probeControl, attempt: 5, rate: 39,
		port: port, local: 10002, at: 123456789,
	}
	packet := make([]byte, probeSize(port, size))
	putFrame(packet, port, 0x01020304)
	p.put(packet, probeTerms.newMAC())
	return p, packet
}

// TestProbeRoundTrip writes requests and echoes of either form, and reads them.
func TestProbeRoundTrip(t *testing.T) {
	mac := probeTerms.newMAC()
	same := cmp.AllowUnexported(probe{})
	addresses := cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
	for _, source := range []string{"192.0.2.1:40000", "[2001:db8::1]:9", "0.0.0.0:1"} {
		for _, port := range []uint16{1, 10000, 10001, 65535} {
			for _, size := range []int{MinProbeBytes, 99, DefaultProbeBytes, MaxProbeBytes} {
				want, packet := aProbe(port, size)
				got, ok := probeTerms.parseProbe(packet, mac)
				if diff := cmp.Diff(want, got, same, addresses); diff != "" || !ok {
					t.Fatalf("port %d, %d bytes: %v %s", port, size, ok, diff)
				}
				before := len(packet)
				got.echo(packet, 7, netip.MustParseAddrPort(source), mac)
				want.kind, want.arrived, want.source = probeControl|probeEcho, 7, netip.MustParseAddrPort(source)
				echo, ok := probeTerms.parseProbe(packet, mac)
				if diff := cmp.Diff(want, echo, same, addresses); diff != "" || !ok || len(packet) != before {
					t.Errorf("echo: %v %s", ok, diff)
				}
			}
		}
	}
}

// TestProbeIsValid holds probes against a parser of RTP and RTCP that is not ours.
func TestProbeIsValid(t *testing.T) {
	for _, size := range []int{MinProbeBytes, DefaultProbeBytes, MaxProbeBytes} {
		_, packet := aProbe(10000, size)
		var media rtp.Packet
		if err := media.Unmarshal(packet); err != nil || media.PayloadType != 0 || media.SSRC != 0x01020304 || len(media.Payload) != size-12 {
			t.Errorf("%d bytes: %v, %v", size, media.Header, err)
		}
		_, packet = aProbe(10001, size)
		var compound rtcp.CompoundPacket
		if err := compound.Unmarshal(packet); err != nil || compound.Validate() != nil {
			t.Fatalf("%d bytes: %v, %v", size, err, compound.Validate())
		}
		var name string
		if cname, err := compound.CNAME(); err == nil {
			name = cname
		}
		app, ok := compound[len(compound)-1].(*rtcp.ApplicationDefined)
		if !ok || app.Name != "BWSW" || name != "sweep" || len(compound) != 3 {
			t.Errorf("%d bytes: %v", size, compound)
		}
	}
}

// TestProbeForged changes each bit of a probe: what is not authenticated does not matter, the rest is refused.
func TestProbeForged(t *testing.T) {
	mac := probeTerms.newMAC()
	for _, port := range []uint16{10000, 10001} {
		want, packet := aProbe(port, DefaultProbeBytes)
		for bit := range len(packet) * 8 {
			forged := bytes.Clone(packet)
			forged[bit/8] ^= 1 << (bit % 8)
			got, ok := probeTerms.parseProbe(forged, mac)
			at := bit/8 - bodyAt(port)
			if inside := at >= 0 && at < probeBodySize; ok && (inside || got != want) {
				t.Errorf("port %d: bit %d was changed", port, bit)
			}
		}
		for name, other := range map[string]SweepTerms{
			"key":       {ID: probeTerms.ID, Direction: SweepOutbound, Window: 3, Key: []byte("another")},
			"id":        {ID: 1, Direction: SweepOutbound, Window: 3, Key: probeTerms.Key},
			"direction": {ID: probeTerms.ID, Direction: SweepInbound, Window: 3, Key: probeTerms.Key},
			"window":    {ID: probeTerms.ID, Direction: SweepOutbound, Window: 2, Key: probeTerms.Key},
		} {
			if _, ok := other.parseProbe(packet, other.newMAC()); ok {
				t.Errorf("accepted with another %s", name)
			}
		}
	}
}

// TestProbeAllocates nothing.
func TestProbeAllocates(t *testing.T) {
	_, packet := aProbe(10000, DefaultProbeBytes)
	mac, source := probeTerms.newMAC(), netip.MustParseAddrPort("192.0.2.1:40000")
	n := testing.AllocsPerRun(100, func() {
		p, ok := probeTerms.parseProbe(packet, mac)
		if !ok {
			t.Fatal("not accepted")
		}
		p.echo(packet, 10000, source, mac)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzProbe parses anything, and what is accepted can be echoed in place.
func FuzzProbe(f *testing.F) {
	for _, port := range []uint16{10000, 10001} {
		_, packet := aProbe(port, DefaultProbeBytes)
		f.Add(packet)
		f.Add(packet[:MinProbeBytes])
		f.Add(packet[:40])
	}
	f.Add([]byte{})
	f.Add(make([]byte, 2000))
	f.Fuzz(func(t *testing.T, packet []byte) {
		mac := probeTerms.newMAC()
		// A body with a good tag, so that more than the tag is tried.
		if b := probeBody(packet); b != nil {
			copy(b, []byte{0xde, 0xad, 0xbe, 0xef, byte(SweepOutbound), 3})
			copy(b[probeBodySize-probeTagSize:], mac.tag(b[:probeBodySize-probeTagSize]))
		}
		p, ok := probeTerms.parseProbe(packet, mac)
		if !ok {
			return
		}
		p.echo(packet, p.port, netip.MustParseAddrPort("192.0.2.1:1"), mac)
		if again, ok := probeTerms.parseProbe(packet, mac); !ok || again.port != p.port || again.kind&probeEcho == 0 {
			t.Errorf("%+v became %+v", p, again)
		}
	})
}
