package natlab_test

import (
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/natlab"
)

// The site's flows leave from both addresses in turn, and answers find their way back.
func TestPooled(t *testing.T) {
	t.Parallel()
	topology := both()
	topology.Pooled = true
	lab := build(t, topology)
	a := lab.Addresses
	if !a.RouterWANSecond.IsValid() || a.RouterWANSecond == a.RouterWAN {
		t.Fatalf("the second address is %v", a.RouterWANSecond)
	}
	outside := udp(t, lab.Outside, a.Outside, 5060)
	seen := make(map[string]int)
	for port := uint16(6000); port < 6008; port++ {
		inside := udp(t, lab.Inside, a.Inside, port)
		src := send(t, inside, addrPort(a.Outside, 5060), outside, soon)
		if src.Port() != port || send(t, outside, src, inside, soon) != addrPort(a.Outside, 5060) {
			t.Errorf("the flow from port %d left from %v, or got no answer", port, src)
		}
		if again := send(t, inside, addrPort(a.Outside, 5060), outside, soon); again != src {
			t.Errorf("one flow left from %v and %v", src, again)
		}
		seen[src.Addr().String()]++
	}
	if seen[a.SiteWAN.String()] != 4 || seen[a.RouterWANSecond.String()] != 4 {
		t.Errorf("left from %v", seen)
	}
	inside := udp(t, lab.Inside, a.Inside, 5060)
	if src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon); !src.IsValid() ||
		send(t, inside, src, outside, soon) != addrPort(a.SiteWAN, 5060) {
		t.Error("the forward does not work")
	}
	if send(t, udp(t, lab.Outside, a.Outside, 0), addrPort(a.RouterWANSecond, 5060), inside, gone).IsValid() {
		t.Error("the second address is forwarded too")
	}
	if build(t, both()).Addresses.RouterWANSecond.IsValid() {
		t.Error("there is a second address without a pool")
	}
}

// A narrow link tells senders what fits, unless it is a black hole.
func TestWANMTU(t *testing.T) {
	t.Parallel()
	for _, hole := range []bool{false, true} {
		topology := both()
		topology.WANMTU, topology.BlackHole = 1400, hole
		lab := build(t, topology)
		for _, p := range paths(lab) {
			inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
			fits, tooLong := strings.Repeat("x", 1400-48), strings.Repeat("x", 1400)
			for _, way := range []struct {
				from, to *net.UDPConn
				dst      netip.Addr
			}{{outside, inside, p.toInside}, {inside, outside, p.toFar}} {
				dst := addrPort(way.dst, 5060)
				if carry(t, way.from, dst, way.to, fits, soon) != fits {
					t.Errorf("hole %v, %s: what fits did not pass", hole, p.name)
				}
				if carry(t, way.from, dst, way.to, tooLong, gone) != "" {
					t.Errorf("hole %v, %s: the first that is too long passed", hole, p.name)
				}
				// The sender has been told, or has not, and cuts the second in two, or does not.
				if got := carry(t, way.from, dst, way.to, tooLong, wait(!hole)); (got != "") == hole {
					t.Errorf("hole %v, %s: the second that is too long passed: %v", hole, p.name, got != "")
				}
			}
			tooLongForTCP(t, lab, p, hole)
		}
	}
}

// tooLongForTCP opens a connection, which is small, and sends what does not fit.
func tooLongForTCP(t *testing.T, lab *natlab.Lab, p path, hole bool) {
	t.Helper()
	l := tcpListener(t, lab.Inside, p.own, 5061)
	c, err := lab.Outside.DialTCP(t.Context(), netip.AddrPort{}, addrPort(p.toInside, 5061))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	peer, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if _, err := io.WriteString(c, strings.Repeat("x", 10_000)); err != nil {
		t.Fatal(err)
	}
	deadline := soon
	if hole {
		deadline = 300 * time.Millisecond
	}
	peer.SetReadDeadline(time.Now().Add(deadline))
	if n, err := io.ReadFull(peer, make([]byte, 10_000)); (err == nil) == hole {
		t.Errorf("hole %v, %s: %d bytes came over TCP, %v", hole, p.name, n, err)
	}
}

func TestBadWAN(t *testing.T) {
	t.Parallel()
	for want, topology := range map[string]natlab.Topology{
		"1280":          {WANMTU: 1000},
		"1500":          {WANMTU: 9000},
		"set WANMTU":    {BlackHole: true},
		"set ClientNAT": {ClientRandomPorts: true},
	} {
		if lab, err := natlab.Build(t.Context(), topology); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: built %v, %v", topology, lab, err)
		}
	}
}
