package network

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"testing"
)

func TestRouterIn(t *testing.T) {
	hex := func(a string) string {
		b := netip.MustParseAddr(a).As4()
		return fmt.Sprintf("%08X", binary.NativeEndian.Uint32(b[:]))
	}
	const head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
	route := func(to, via, flags string, metric int, mask string) string {
		return fmt.Sprintf("eth0\t%s\t%s\t%s\t0\t0\t%d\t%s\t0\t0\t0\n", hex(to), hex(via), flags, metric, hex(mask))
	}
	for name, row := range map[string]struct{ table, want string }{
		"one":          {head + route("0.0.0.0", "192.168.1.1", "0003", 100, "0.0.0.0"), "192.168.1.1"},
		"lower metric": {head + route("0.0.0.0", "192.168.1.1", "0003", 600, "0.0.0.0") + route("0.0.0.0", "10.0.0.1", "0003", 100, "0.0.0.0"), "10.0.0.1"},
		"half of all":  {head + route("0.0.0.0", "10.8.0.1", "0003", 0, "128.0.0.0") + route("0.0.0.0", "192.168.1.1", "0003", 0, "0.0.0.0"), "192.168.1.1"},
		"no router":    {head + route("0.0.0.0", "0.0.0.0", "0001", 0, "0.0.0.0"), ""},
		"a network":    {head + route("192.168.2.0", "192.168.1.2", "0003", 0, "255.255.255.0"), ""},
		"nothing":      {head, ""},
		"cut":          {head + "eth0\t00000000\t0101A8C0\t0003", ""},
		"nonsense":     {head + "eth0\t00000000\tX\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", ""},
	} {
		got, err := routerIn(row.table)
		if row.want == "" {
			if !errors.Is(err, ErrNoRouter) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		} else if err != nil || got != netip.MustParseAddr(row.want) {
			t.Errorf("%s: %v, %v, want %s", name, got, err, row.want)
		}
	}
}
