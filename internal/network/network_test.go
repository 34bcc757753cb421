package network_test

import (
	"net/netip"
	"testing"

	"bothways/internal/network"
)

func TestHostSpeaksOneFamilyPerSocket(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		t.Run(addr, func(t *testing.T) {
			local := netip.AddrPortFrom(netip.MustParseAddr(addr), 0)
			var h network.Host
			udp, err := h.ListenPacket(t.Context(), local)
			if err != nil {
				t.Skip(err)
			}
			defer udp.Close()
			l, err := h.Listen(t.Context(), local)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			c, err := h.Dial(t.Context(), netip.MustParseAddrPort(l.Addr().String()))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, at := range []string{udp.LocalAddr().String(), l.Addr().String(), c.LocalAddr().String()} {
				if got := netip.MustParseAddrPort(at).Addr(); got != local.Addr() {
					t.Errorf("bound to %v", got)
				}
			}
		})
	}
}

func TestHostAddresses(t *testing.T) {
	all, err := network.Host{}.Addresses()
	if err != nil {
		t.Fatal(err)
	}
	loopback := false
	for _, a := range all {
		switch {
		case a.IsLinkLocalUnicast() || a.IsMulticast() || a.Is4In6() || a.Zone() != "":
			t.Errorf("%v is listed", a)
		case a.IsLoopback():
			loopback = true
		case loopback:
			t.Errorf("%v comes after the loopback addresses", a)
		}
	}
	if !loopback {
		t.Errorf("no loopback address among %v", all)
	}
}

func TestHostSource(t *testing.T) {
	got, err := network.Host{}.Source(t.Context(), netip.MustParseAddr("127.0.0.1"))
	if err != nil || got != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("%v, %v", got, err)
	}
}
