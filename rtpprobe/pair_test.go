package rtpprobe_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/rtpprobe"
)

// A portStock hands out ports, and notes which are open.
type portStock struct {
	taken func(port uint16) error
	open  map[uint16]bool
}

type stockConn struct {
	*memConn
	stock *portStock
}

func (c stockConn) Close() error {
	delete(c.stock.open, c.addr.Port())
	return nil
}

func (s *portStock) listen(port uint16) (net.PacketConn, error) {
	if err := s.taken(port); err != nil {
		return nil, &net.OpError{Op: "listen", Err: err}
	}
	if s.open == nil {
		s.open = map[uint16]bool{}
	}
	s.open[port] = true
	return stockConn{new(memNet).listen(fmt.Sprintf("127.0.0.1:%d", port)), s}, nil
}

func TestOpenPairWalks(t *testing.T) {
	free := func(ports ...uint16) func(uint16) error {
		return func(port uint16) error {
			for _, p := range ports {
				if p == port {
					return nil
				}
			}
			return syscall.EADDRINUSE
		}
	}
	for name, c := range map[string]struct {
		taken func(uint16) error
		r     rtpprobe.PortRange
		want  map[uint16]bool // nil = no pair
		is    error
	}{
		"one pair free":      {free(16, 17), rtpprobe.PortRange{From: 10, To: 30}, map[uint16]bool{16: true, 17: true}, nil},
		"odd below even":     {free(15, 16, 18), rtpprobe.PortRange{From: 10, To: 30}, nil, rtpprobe.ErrNoPair},
		"first pair":         {free(10, 11), rtpprobe.PortRange{From: 9, To: 30}, map[uint16]bool{10: true, 11: true}, nil},
		"last pair":          {free(30, 31), rtpprobe.PortRange{From: 9, To: 31}, map[uint16]bool{30: true, 31: true}, nil},
		"pair beyond range":  {free(30, 31), rtpprobe.PortRange{From: 10, To: 30}, nil, syscall.EADDRINUSE},
		"nothing free":       {free(), rtpprobe.PortRange{From: 10, To: 30}, nil, syscall.EADDRINUSE},
		"no pair in range":   {free(11, 12), rtpprobe.PortRange{From: 11, To: 12}, nil, rtpprobe.ErrNoPair},
		"single port":        {free(10, 11), rtpprobe.PortRange{From: 10, To: 10}, nil, rtpprobe.ErrNoPair},
		"the highest":        {free(65534, 65535), rtpprobe.PortRange{From: 65000, To: 65535}, map[uint16]bool{65534: true, 65535: true}, nil},
		"out of descriptors": {func(uint16) error { return syscall.EMFILE }, rtpprobe.PortRange{From: 10, To: 30}, nil, syscall.EMFILE},
	} {
		stock := &portStock{taken: c.taken}
		_, _, err := rtpprobe.OpenPair(stock.listen, c.r)
		if !errors.Is(err, c.is) {
			t.Errorf("%s: error %v", name, err)
		}
		if len(c.want)+len(stock.open) > 0 {
			if diff := cmp.Diff(c.want, stock.open); diff != "" {
				t.Errorf("%s: left open: %s", name, diff)
			}
		}
	}
}

func TestOpenPairStopsAtOnce(t *testing.T) {
	calls := 0
	_, _, err := rtpprobe.OpenPair(func(uint16) (net.PacketConn, error) {
		calls++
		return nil, syscall.EMFILE
	}, rtpprobe.PortRange{From: 10000, To: 20000})
	if calls != 1 || !errors.Is(err, syscall.EMFILE) || strings.Contains(err.Error(), "no free pair") {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

func TestOpenPairOfKernel(t *testing.T) {
	listen := func(port uint16) (net.PacketConn, error) {
		return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)))
	}
	for range 20 {
		rtp, rtcp, err := rtpprobe.OpenPair(listen, rtpprobe.PortRange{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { rtp.Close(); rtcp.Close() })
		even, odd := rtp.LocalAddr().(*net.UDPAddr).Port, rtcp.LocalAddr().(*net.UDPAddr).Port
		if even%2 != 0 || odd != even+1 {
			t.Errorf("got %d and %d", even, odd)
		}
	}
}
