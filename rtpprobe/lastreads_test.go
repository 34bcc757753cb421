package rtpprobe_test

import (
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// A drowsy socket is that of a machine which stands still until the call is over: what came meanwhile waits.
type drowsy struct {
	*memConn
	awake chan struct{}
	once  sync.Once
}

func (d *drowsy) ReadFrom(b []byte) (int, net.Addr, error) {
	<-d.awake
	select {
	case p := <-d.queue:
		return copy(b, p.data), net.UDPAddrFromAddrPort(p.from), nil
	default:
		return d.memConn.ReadFrom(b)
	}
}

func (d *drowsy) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		return d.memConn.SetReadDeadline(t)
	}
	d.once.Do(func() { close(d.awake) })
	time.Sleep(time.Until(t)) // it knows the past and never
	return d.memConn.SetReadDeadline(t)
}

// TestWhatWaitsIsRead: a call ends just when its machine goes on.
func TestWhatWaitsIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memNet
		conn := &drowsy{memConn: network.listen(near.String()), awake: make(chan struct{})}
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		stream, err := rtpprobe.Open(rtpprobe.StreamConfig{Conn: conn, Pacer: pacer})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 200 {
			p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(160 * n), SSRC: 1}, Payload: make([]byte, 160)}
			b, err := p.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			network.inject(far, near, b)
		}
		if got := stream.Close().Received.Packets; got != 200 {
			t.Errorf("%d of 200 packets", got)
		}
	})
}
