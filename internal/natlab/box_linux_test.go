package natlab_test

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"bothways/internal/natlab"
)

// Packets that may not be fragmented vanish above a size, and nobody is told.
func TestBoxBlackHole(t *testing.T) {
	t.Parallel()
	lab := build(t, boxed(
		natlab.Alteration{Name: "hole", Change: natlab.DropPacket, Direction: natlab.Inbound, Whole: true, Above: 1400}))
	for _, p := range paths(lab) {
		overhead := map[string]int{"IPv4": 28, "IPv6": 48}[p.name]
		inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
		for size, wanted := range map[int]bool{1400: true, 1401: false} {
			text := strings.Repeat("x", size-overhead)
			if got := carry(t, outside, addrPort(p.toInside, 5060), inside, text, wait(wanted)); (got == text) != wanted {
				t.Errorf("%s: %d bytes arrived: %v", p.name, size, got == text)
			}
		}
		fragment(t, outside)
		text := strings.Repeat("x", 1401-overhead)
		wanted := p.name == "IPv4"
		if got := carry(t, outside, addrPort(p.toInside, 5060), inside, text, wait(wanted)); (got == text) != wanted {
			t.Errorf("%s: what may be fragmented arrived: %v", p.name, got == text)
		}
	}
}

// fragment has a socket send packets that may be fragmented on the way.
func fragment(t *testing.T, c *net.UDPConn) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, syscall.IP_PMTUDISC_DONT)
		if err != nil {
			err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_MTU_DISCOVER, syscall.IPV6_PMTUDISC_DONT)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The ECN bits of a packet stay as they are.
func TestBoxSetsDSCP(t *testing.T) {
	t.Parallel()
	lab := build(t, boxed(
		natlab.Alteration{Name: "in", Change: natlab.SetDSCP, Direction: natlab.Inbound, DSCP: 46},
		natlab.Alteration{Name: "out", Change: natlab.SetDSCP, Direction: natlab.Outbound}))
	for _, p := range paths(lab) {
		inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
		for _, tt := range []struct {
			from, to *net.UDPConn
			dst      netip.Addr
			want     byte
		}{{outside, inside, p.toInside, 46<<2 | 1}, {inside, outside, p.toFar, 1}} {
			class(t, tt.from, 26<<2|1)
			if got := classOf(t, tt.from, addrPort(tt.dst, 5060), tt.to); got != tt.want {
				t.Errorf("%s: arrived with class %#x, want %#x", p.name, got, tt.want)
			}
		}
	}
	if hits(t, lab, "in") == 0 || hits(t, lab, "out") == 0 {
		t.Error("the alterations did not count")
	}
}

// TestBoxPicksByMark has one mark changed to another, over both families, and no other.
func TestBoxPicksByMark(t *testing.T) {
	t.Parallel()
	lab := build(t, boxed(
		natlab.Alteration{Name: "it", Change: natlab.SetDSCP, Direction: natlab.Inbound, Marked: 46, DSCP: 8}))
	for _, p := range paths(lab) {
		inside, outside := udp(t, lab.Inside, p.own, 5060), udp(t, lab.Outside, p.far, 5060)
		for mark, want := range map[int]byte{46: 8, 26: 26, 45: 45, 0: 0} {
			class(t, outside, mark<<2)
			if got := classOf(t, outside, addrPort(p.toInside, 5060), inside); got != want<<2 {
				t.Errorf("%s: %d arrived with class %#x, want %#x", p.name, mark, got, want<<2)
			}
		}
	}
}

// class sets the traffic class of what a socket sends, and has it tell that of what it receives.
func class(t *testing.T, c *net.UDPConn, class int) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_TOS, class); err != nil {
			return
		}
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_TCLASS, class)
		if errors.Is(err, syscall.ENOPROTOOPT) || errors.Is(err, syscall.EOPNOTSUPP) {
			err = nil // an IPv4 socket
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func classOf(t *testing.T, from *net.UDPConn, dst netip.AddrPort, to *net.UDPConn) byte {
	t.Helper()
	raw, err := to.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_RECVTOS, 1)
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_RECVTCLASS, 1)
	})
	if _, err := from.WriteToUDPAddrPort([]byte("x"), dst); err != nil {
		t.Fatal(err)
	}
	to.SetReadDeadline(time.Now().Add(soon))
	oob := make([]byte, 256)
	_, n, _, _, err := to.ReadMsgUDPAddrPort(make([]byte, 16), oob)
	if err != nil {
		t.Fatal(err)
	}
	all, err := syscall.ParseSocketControlMessage(oob[:n])
	if err != nil || len(all) == 0 {
		t.Fatalf("no control message: %v", err)
	}
	return all[0].Data[0]
}
