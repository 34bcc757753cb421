package rtpprobe_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/netip"
	"sync"
	"time"

	"bothways/rtpprobe"
)

// Two ends of a call on loopback: each sends its tone for 100 ms and listens for the other's.
func Example() {
	pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{})
	defer pacer.Close()
	host := netip.MustParseAddr("127.0.0.1")
	listen := func(port uint16) (net.PacketConn, error) {
		return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, port)))
	}
	open := func(send, want rtpprobe.Tone) (*rtpprobe.Stream, netip.AddrPort) {
		rtp, rtcp, err := rtpprobe.OpenPair(listen, rtpprobe.PortRange{})
		if err != nil {
			log.Fatal(err)
		}
		stream, err := rtpprobe.Open(rtpprobe.StreamConfig{
			Conn: rtp, RTCP: rtcp, Pacer: pacer, SendTone: send, WantTone: want,
		})
		if err != nil {
			log.Fatal(err)
		}
		return stream, stream.Result().Local
	}
	client, clientAddr := open(rtpprobe.InboundTone, rtpprobe.OutboundTone)
	site, siteAddr := open(rtpprobe.OutboundTone, rtpprobe.InboundTone)

	var both sync.WaitGroup
	both.Go(func() { client.Send(context.Background(), siteAddr, 100*time.Millisecond) })
	both.Go(func() { site.Send(context.Background(), clientAddr, 100*time.Millisecond) })
	both.Wait()
	for client.Result().Received.Packets < 5 || site.Result().Received.Packets < 5 {
		<-time.After(time.Millisecond) // the last packets are under way
	}
	fmt.Println("client heard the site for", client.Close().Received.ToneHeardMS, "ms")
	fmt.Println("site heard the client for", site.Close().Received.ToneHeardMS, "ms")
	// Output:
	// client heard the site for 100 ms
	// site heard the client for 100 ms
}
