package rtpprobe_test

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"bothways/rtpprobe"
)

// pair opens an RTP and an RTCP socket on loopback.
func pair(t testing.TB, host string) (rtp, rtcp net.PacketConn) {
	t.Helper()
	addr, err := netip.ParseAddr(host)
	if err != nil {
		t.Fatal(err)
	}
	rtp, rtcp, err = rtpprobe.OpenPair(func(port uint16) (net.PacketConn, error) {
		return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, port)))
	}, rtpprobe.PortRange{})
	if err != nil {
		t.Skip("no loopback:", err)
	}
	t.Cleanup(func() { rtp.Close(); rtcp.Close() })
	return rtp, rtcp
}

// addrOf is where a socket on this machine is reached; one of both families is reached by IPv4.
func addrOf(conn net.PacketConn) netip.AddrPort {
	addr := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	if addr.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), addr.Port())
	}
	return addr
}

// A slowConn hides all but the methods of net.PacketConn.
type slowConn struct{ net.PacketConn }

// TestLoopback holds a call of half a second through the kernel.
func TestLoopback(t *testing.T) {
	for name, c := range map[string]struct {
		host string
		wrap func(net.PacketConn) net.PacketConn
	}{
		"IPv4":       {"127.0.0.1", func(c net.PacketConn) net.PacketConn { return c }},
		"IPv6":       {"::1", func(c net.PacketConn) net.PacketConn { return c }},
		"both":       {"::", func(c net.PacketConn) net.PacketConn { return c }},
		"plain conn": {"127.0.0.1", func(c net.PacketConn) net.PacketConn { return slowConn{c} }},
	} {
		t.Run(name, func(t *testing.T) {
			rtp1, rtcp1 := pair(t, c.host)
			rtp2, rtcp2 := pair(t, c.host)
			before := runtime.NumGoroutine()
			pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{})
			call := newCall()
			call.near.Conn, call.near.RTCP, call.near.Pacer = c.wrap(rtp1), c.wrap(rtcp1), pacer
			call.far.Conn, call.far.RTCP, call.far.Pacer = c.wrap(rtp2), c.wrap(rtcp2), pacer
			client, site := talk(t, call, addrOf(rtp2), addrOf(rtp1))
			pacer.Close()
			for _, r := range []rtpprobe.Result{client, site} {
				in := r.Received
				if r.Sent.Packets != 25 || in.Packets != 25 || *in.Lost != 0 || in.ToneHeardMS != 500 || in.Untagged+in.Malformed != 0 {
					t.Errorf("sent %+v, received %+v", r.Sent, in)
				}
				if from := in.Sources[0].Address; from.Addr().Is4In6() || from != r.Sent.Destinations[0].Address {
					t.Errorf("heard from %v, sent to %v", from, r.Sent.Destinations)
				}
				if r.RTCP.SentSR == 0 || in.Sources[0].SSRC == r.SSRC {
					t.Errorf("reports %+v", r.RTCP)
				}
				survivesJSON(t, r)
			}
			poll(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
		})
	}
}

// talk lets both ends send for half a second, waits for what is under way, and closes.
func talk(t *testing.T, c *call, toFar, toNear netip.AddrPort) (client, site rtpprobe.Result) {
	one, err := rtpprobe.Open(c.near)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rtpprobe.Open(c.far)
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for s, to := range map[*rtpprobe.Stream]netip.AddrPort{one: toFar, other: toNear} {
		both.Go(func() {
			if err := s.Send(t.Context(), to, 500*time.Millisecond); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	for _, s := range []*rtpprobe.Stream{one, other} {
		poll(t, "the last packet", func() bool { return s.Result().Received.Packets == 25 })
	}
	return one.Close(), other.Close()
}

// TestNobodyListens sends to a closed port, from a connected socket so that the kernel tells of it.
func TestNobodyListens(t *testing.T) {
	gone := listenUDP(t)
	to := gone.LocalAddr().(*net.UDPAddr)
	gone.Close()
	conn, err := net.DialUDP("udp", nil, to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := rtpprobe.Open(rtpprobe.StreamConfig{Conn: connected{conn}})
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(t.Context(), to.AddrPort(), 200*time.Millisecond); err != nil {
		t.Error(err)
	}
	r := stream.Close()
	refused := int64(0)
	for _, e := range append(r.Sent.Errors, r.Received.Errors...) {
		if e.Kind == "connection-refused" {
			refused += e.Count
		}
	}
	if refused == 0 || r.Sent.Packets < 9 {
		t.Errorf("refused %d times, sent %+v, read %+v", refused, r.Sent, r.Received.Errors)
	}
}

// A connected socket may only write to its peer.
type connected struct{ *net.UDPConn }

func (c connected) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) { return c.Write(b) }

// TestSocketClosedEarly must not leave a goroutine spinning.
func TestSocketClosedEarly(t *testing.T) {
	before := runtime.NumGoroutine()
	conn := listenUDP(t)
	stream, err := rtpprobe.Open(rtpprobe.StreamConfig{Conn: conn})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	poll(t, "the reader to notice", func() bool { return len(stream.Result().Received.Errors) > 0 })
	if got := stream.Close().Received.Errors; got[0].Kind != "closed" || got[0].Count != 1 {
		t.Errorf("errors %+v", got)
	}
	poll(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}
