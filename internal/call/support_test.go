package call_test

import (
	"bytes"
	"flag"
	"net"
	"os"
	"sync/atomic"
	"testing"

	"bothways/sipprobe"
)

// TestMain lets more tests run at once than there are processors: they wait for calls.
func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

// A deaf socket hears no INVITE after so many of them.
type deaf struct {
	net.PacketConn
	after, heard atomic.Int64
}

func (d *deaf) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := d.PacketConn.ReadFrom(b)
		if err != nil || !bytes.HasPrefix(b[:n], []byte("INVITE ")) || d.heard.Add(1) <= d.after.Load() {
			return n, from, err
		}
	}
}

func packetConn(t *testing.T) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func endpointOn(t *testing.T, conn net.PacketConn, serve func(*sipprobe.Incoming)) *sipprobe.Endpoint {
	t.Helper()
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: conn, Serve: serve})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
