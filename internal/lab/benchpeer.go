package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"bothways/internal/natlab"
)

// besidePeer times nmap through a fault's network, against two kinds of servers on every port of the range, and
// says what it claimed of the ports.
func (b *bench) besidePeer(ctx context.Context, f Fault, sweeps, runs samples) error {
	if b.peer == "" {
		return nil
	}
	for _, server := range []struct {
		words string
		empty bool // datagrams are answered
	}{{"that answers empty datagrams", true}, {"that ignores them, as a PBX does", false}} {
		peer, claimed, err := b.peerTimes(ctx, f, server.empty)
		if err != nil {
			return err
		}
		b.say("  nmap against a server %s: %v, %s; %.1f times the sweep, %.1f times the whole run", server.words, peer, claimed,
			peer.median().Seconds()/sweeps.median().Seconds(), peer.median().Seconds()/runs.median().Seconds())
	}
	return nil
}

// peerTimes times nmap through a fault's network, against a server that echoes on every port of the range. Most
// of nmap's probes are empty.
func (b *bench) peerTimes(ctx context.Context, f Fault, empty bool) (times samples, claimed claims, err error) {
	l, err := natlab.Build(ctx, f.Topology)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	stop, err := echoAll(ctx, l, empty)
	if err != nil {
		return nil, nil, err
	}
	defer stop()
	for range b.repeat {
		start := time.Now()
		out, err := l.Outside.Command(ctx, b.peer, "-n", "-Pn", "-sU", "-T5", "--min-rate", "5000", "--max-retries", "2",
			"-p10000-20000", l.Addresses.SiteWAN.String()).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Nmap done") {
			return nil, nil, fmt.Errorf("nmap: %w: %.200s", err, out)
		}
		times, claimed = append(times, time.Since(start)), claimsOf(string(out))
	}
	return times, claimed, nil
}

// claims counts ports by the state that nmap gave them.
type claims map[string]int

// Nmap lists ports one by one, and sums up those that it does not show.
var (
	claimedOne  = regexp.MustCompile(`(?m)^\d+/udp +(\S+)`)
	claimedMany = regexp.MustCompile(`(\d+) (\S+) udp ports`)
)

func claimsOf(output string) claims {
	c := make(claims)
	for _, m := range claimedOne.FindAllStringSubmatch(output, -1) {
		c[m[1]]++
	}
	for _, m := range claimedMany.FindAllStringSubmatch(output, -1) {
		n, _ := strconv.Atoi(m[1])
		c[m[2]] += n
	}
	return c
}

func (c claims) String() string {
	return fmt.Sprintf("%d open, %d open|filtered, %d closed", c["open"], c["open|filtered"], c["closed"])
}

// echoAll answers every datagram to the RTP range with itself, empty ones where that is wanted, until stop.
func echoAll(ctx context.Context, l *natlab.Lab, empty bool) (stop func(), err error) {
	var conns []*net.UDPConn
	stop = func() {
		for _, c := range conns {
			c.Close()
		}
	}
	for port := rtpPorts.From; port <= rtpPorts.To; port++ {
		c, err := l.Inside.ListenPacket(ctx, netip.AddrPortFrom(l.Addresses.Inside, port))
		if err != nil {
			stop()
			return nil, err
		}
		conns = append(conns, c)
		go echo(c, empty)
	}
	return stop, nil
}

func echo(c *net.UDPConn, empty bool) {
	buf := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if n > 0 || empty {
			c.WriteToUDPAddrPort(buf[:n], from)
		}
	}
}
