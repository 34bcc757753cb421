package rtpprobe_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/netip"

	"bothways/rtpprobe"
)

// One end listens on a hundred ports, the other tries them, and a third party judges what both noted.
func ExampleSweep() {
	host := netip.MustParseAddr("127.0.0.1")
	listen := func(port uint16) (net.PacketConn, error) {
		return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, port)))
	}
	terms := rtpprobe.SweepTerms{ID: 1, Direction: rtpprobe.SweepInbound, Key: []byte("both ends know it")}

	site, err := rtpprobe.OpenReflector(rtpprobe.ReflectorConfig{
		Terms: terms, Address: host, Ports: rtpprobe.PortRangeSet(rtpprobe.PortRange{From: 23400, To: 23499}), Open: listen,
		Allow: func(a netip.AddrPort) bool { return a.Addr() == host },
	})
	if err != nil {
		log.Fatal(err)
	}
	client, err := listen(0)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	sent, err := rtpprobe.Sweep(context.Background(), rtpprobe.SweepConfig{
		Terms: terms, Conns: []net.PacketConn{client}, Remote: host, Ports: site.Listening(), Rate: 5000,
	})
	if err != nil {
		log.Fatal(err)
	}
	verdict := rtpprobe.JudgeSweep(sent, site.Close())
	fmt.Println(verdict.Open, "open; source ports are", verdict.SourcePorts)
	// Output:
	// 23400-23499 open; source ports are preserved
}
