package network_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"

	"bothways/internal/network"
)

// A datagram larger than what the loopback carries in one piece is refused once
// fragments are forbidden, and taken before.
func TestForbidFragments(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the MTU of the loopback is known on Linux only")
	}
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		c, err := network.Host{}.ListenPacket(t.Context(), netip.MustParseAddrPort(at))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		mtu := network.PathMTU(t.Context(), network.Host{}, netip.MustParseAddrPort(c.LocalAddr().String()))
		if mtu == nil || *mtu < 1280 {
			t.Fatalf("%s: mtu %v", at, mtu)
		}
		fits := min(*mtu, 65000) - 48
		if err := network.ForbidFragments(c); err != nil {
			t.Fatal(err)
		}
		if _, err := c.WriteTo(make([]byte, fits), c.LocalAddr()); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		if _, err := c.WriteTo(make([]byte, 65507), c.LocalAddr()); *mtu < 65535 && !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

type plainConn struct{ net.PacketConn }

type elsewhere struct{ network.Network }

func TestNoFragmentControl(t *testing.T) {
	if err := network.ForbidFragments(plainConn{}); !errors.Is(err, network.ErrNoFragmentControl) {
		t.Error(err)
	}
	if mtu := network.PathMTU(context.Background(), elsewhere{}, netip.MustParseAddrPort("192.0.2.1:9")); mtu != nil {
		t.Error(*mtu)
	}
}
