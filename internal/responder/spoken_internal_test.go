package responder

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"bothways/rtpprobe"
)

// TestSpokenPortsAreForgotten: after months of use there are fresh ports for tests of NATs.
func TestSpokenPortsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p spokenPorts
		addr := netip.MustParseAddr("192.168.1.10")
		port := func(n uint16) rtpprobe.PortSet { return rtpprobe.PortRangeSet(rtpprobe.PortRange{From: n, To: n}) }
		for _, row := range []struct {
			after time.Duration
			port  uint16
			want  string
		}{
			{0, 10000, "10000"}, {natMemory / 2, 10002, "10000,10002"}, {natMemory / 2, 10004, "10000,10002,10004"},
			{natMemory - time.Second, 10006, "10000,10002,10004,10006"}, {2 * time.Second, 10008, "10004,10006,10008"},
			{1000 * natMemory, 10010, "10010"},
		} {
			time.Sleep(row.after)
			p.add(addr, port(row.port))
			if got := p.of(addr).String(); got != row.want {
				t.Errorf("after %v more: %s, want %s", row.after, got, row.want)
			}
		}
	})
}
