package call_test

import (
	"net/netip"
	"testing"
	"time"

	"bothways/internal/network"
	"bothways/scenarios"
)

// TestMediaFromSecond: media comes from an address of its own and is answered there, and
// what the signalling address sends meanwhile is counted apart and changes nothing.
func TestMediaFromSecond(t *testing.T) {
	t.Parallel()
	second := netip.MustParseAddr("127.0.0.2")
	conn, err := network.Host{}.ListenPacket(t.Context(), netip.AddrPortFrom(second, 0))
	if err != nil {
		t.Skip(err)
	}
	conn.Close()
	for _, proven := range []bool{true, false} {
		from, to := side(false, time.Second), side(true, time.Second)
		from.Check.Call.Client.MediaFrom = scenarios.FromSecond
		to.Check = from.Check
		to.Behaviour.Latch = scenarios.LatchFirstPacket
		from.Local, from.Public, from.Control = second, second, loopback
		to.Cold = 500 * time.Millisecond
		from.Lead = to.Cold
		to.Allow = func(a netip.AddrPort) bool { return a.Addr() == loopback || proven && a.Addr() == second }
		placed, answered := both(t, t.Context(), t.Context(), from, to)
		if answered.Heard.Addr() != second || placed.Control == nil || placed.Control.Packets < 10 || placed.Control.Local.Addr() != loopback {
			t.Fatalf("heard %v, control %+v", answered.Heard, placed.Control)
		}
		in := answered.Media.Received
		if answered.Cold.ControlPackets == nil || *answered.Cold.ControlPackets < 10 || answered.Cold.Packets < 10 || in.Control != placed.Control.Packets || in.Untagged != 0 {
			t.Errorf("cold %+v, in all %d of %d", answered.Cold, in.Control, placed.Control.Packets)
		}
		if len(in.Sources) != 1 || in.Sources[0].Address.Addr() != second || in.Packets != placed.Media.Sent.Packets {
			t.Errorf("sources %+v", in.Sources)
		}
		sent := answered.Media.Sent
		if proven != (sent.Packets > 0) || proven == (len(sent.RefusedDestinations) > 0) {
			t.Errorf("proven %t: sent %d to %v, refused %v", proven, sent.Packets, sent.Destinations, sent.RefusedDestinations)
		}
		for _, d := range sent.Destinations {
			if d.Address.Addr() != second {
				t.Errorf("%d went to %s", d.Packets, d.Address)
			}
		}
	}
}

// TestNoControlElsewhere: a call with one address sends nothing besides its media.
func TestNoControlElsewhere(t *testing.T) {
	t.Parallel()
	from, to := side(false, time.Second), side(true, time.Second)
	to.Cold, from.Lead = 300*time.Millisecond, 300*time.Millisecond
	placed, answered := both(t, t.Context(), t.Context(), from, to)
	if placed.Control != nil || answered.Cold.ControlPackets != nil || answered.Media.Received.Control != 0 {
		t.Errorf("%+v %+v", placed.Control, answered.Cold)
	}
}
