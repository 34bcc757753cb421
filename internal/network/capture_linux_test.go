package network

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"
)

func TestChecksumErrors(t *testing.T) {
	const four = "Ip: Forwarding\nIp: 1\nUdp: InDatagrams NoPorts InCsumErrors\nUdp: 7 1 5\nUdpLite: InCsumErrors\nUdpLite: 9\n"
	for name, row := range map[string]struct {
		four, six string
		want      int64
	}{
		"both":    {four, "Udp6InErrors 3\nUdp6InCsumErrors \t2\n", 7},
		"one":     {four, "", 5},
		"nothing": {"", "", 0},
		"cut":     {"Udp: InDatagrams InCsumErrors\nUdp: 7\n", "", 0},
	} {
		if got, err := checksumErrors(row.four, row.six); err != nil || got != row.want {
			t.Errorf("%s: %d, %v, want %d", name, got, err, row.want)
		}
	}
	if _, err := checksumErrors("Udp: InCsumErrors\nUdp: x\n", ""); err == nil {
		t.Error("a word is a number")
	}
	if _, err := badChecksums(); err != nil {
		t.Error(err)
	}
}

// TestCapture sees UDP to the host, and the two segments that open a TCP connection.
func TestCapture(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		t.Run(addr, func(t *testing.T) {
			c, err := OpenCapture(Host{})
			if errors.Is(err, ErrNoCapture) {
				if os.Getenv("CI") == "true" && os.Getuid() == 0 {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			stop := time.AfterFunc(10*time.Second, func() { c.Close() })
			defer stop.Stop()
			defer c.Close()
			local := netip.AddrPortFrom(netip.MustParseAddr(addr), 0)
			udp, err := Host{}.ListenPacket(t.Context(), local)
			if err != nil {
				t.Skip(err)
			}
			defer udp.Close()
			l, err := Host{}.Listen(t.Context(), local)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			port := udp.LocalAddr().(*net.UDPAddr).AddrPort()
			if _, err := udp.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(port)); err != nil {
				t.Fatal(err)
			}
			conn, err := Host{}.Dial(t.Context(), netip.MustParseAddrPort(l.Addr().String()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			sees(t, c, port, netip.MustParseAddrPort(l.Addr().String()))
		})
	}
}

// sees reads until everything was seen; the capture is closed when it takes too long.
func sees(t *testing.T, c Capture, udp, tcp netip.AddrPort) {
	t.Helper()
	var hello, syn, answer int
	for hello == 0 || syn == 0 || answer == 0 {
		p, err := c.Next()
		if err != nil {
			t.Fatalf("hello %d, SYN %d, its answer %d: %v", hello, syn, answer, err)
		}
		switch {
		case !p.TCP && p.Destination == udp && p.Source == udp && string(p.Payload) == "hello" && !p.Out:
			hello++
		case p.TCP && p.Destination == tcp && p.SYN && !p.ACK && !p.Out:
			syn++
		case p.TCP && p.Source == tcp && p.SYN && p.ACK && p.Out:
			answer++
		case !p.TCP && p.Out, p.TCP && !p.SYN:
			t.Errorf("not asked for: %+v", p)
		}
	}
}

func FuzzParsePacket(f *testing.F) {
	f.Add([]byte{0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1, 0x13, 0xc4, 0x13, 0xc4, 0, 9, 0, 0, 'x'})
	f.Add([]byte{0x4f, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1})
	f.Add(append([]byte{0x60, 0, 0, 0, 0, 20, 6, 64}, make([]byte, 60)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, ok := parsePacket(b); ok && (!c.Source.IsValid() || c.TCP && c.Payload != nil || len(c.Payload) > len(b)) {
			t.Errorf("%+v", c)
		}
	})
}
