package natlab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"bothways/internal/natlab"
)

func TestMain(m *testing.M) {
	os.Exit(natlab.Main(func() int {
		if role := os.Getenv(roleVar); role != "" {
			return play(role)
		}
		return m.Run()
	}))
}

// roleVar makes the test binary play a part in a test of Main.
const roleVar = "NATLAB_TEST_ROLE"

// play is what Main runs in the parts; its result is the exit status.
func play(role string) int {
	switch role {
	case "look":
		in, _ := io.ReadAll(os.Stdin)
		fmt.Printf("%s %s %v", os.Args[len(os.Args)-1], in, natlab.Supported())
		return 3
	case "wait for a signal":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Println("ready")
		<-c
		return 7
	case "be killed":
		if p, err := os.FindProcess(os.Getpid()); err == nil {
			p.Kill()
		}
		select {}
	}
	return 1
}

const (
	soon = 5 * time.Second       // what must happen has happened by then
	gone = 50 * time.Millisecond // what did not happen by then was dropped
)

// build makes a lab for the test, or skips it with the reason.
func build(t testing.TB, topology natlab.Topology) *natlab.Lab {
	t.Helper()
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	lab, err := natlab.Build(t.Context(), topology)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	})
	return lab
}

// both is a topology with everything under test forwarded.
func both(rules ...natlab.Rule) natlab.Topology {
	return natlab.Topology{
		Forwards: []natlab.Forward{{Ports: natlab.Ports{From: 5060, To: 5069}}},
		Rules:    rules,
	}
}

func udp(t testing.TB, h *natlab.Host, addr netip.Addr, port uint16) *net.UDPConn {
	t.Helper()
	c, err := h.ListenPacket(t.Context(), netip.AddrPortFrom(addr, port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// send sends one datagram and tells from where it arrived, or the zero value
// when it did not within the time.
func send(t testing.TB, from *net.UDPConn, dst netip.AddrPort, to *net.UDPConn, within time.Duration) netip.AddrPort {
	t.Helper()
	if _, err := from.WriteToUDPAddrPort([]byte(t.Name()), dst); err != nil {
		t.Fatal(err)
	}
	return receive(t, to, within)
}

func receive(t testing.TB, c *net.UDPConn, within time.Duration) netip.AddrPort {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(within))
	buf := make([]byte, 1500)
	n, src, err := c.ReadFromUDPAddrPort(buf)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return netip.AddrPort{}
	case err != nil:
		t.Fatal(err)
	case string(buf[:n]) != t.Name():
		t.Fatalf("received %q, want %q", buf[:n], t.Name())
	}
	return src
}

// wait is how long to listen for something wanted or unwanted.
func wait(wanted bool) time.Duration {
	if wanted {
		return soon
	}
	return gone
}

func tcpListener(t testing.TB, h *natlab.Host, addr netip.Addr, port uint16) *net.TCPListener {
	t.Helper()
	l, err := h.ListenTCP(t.Context(), netip.AddrPortFrom(addr, port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// connect dials and tells whose address the listener sees.
func connect(t testing.TB, h *natlab.Host, dst netip.AddrPort, to *net.TCPListener, within time.Duration) (netip.AddrPort, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	c, err := h.DialTCP(ctx, netip.AddrPort{}, dst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer c.Close()
	to.SetDeadline(time.Now().Add(within))
	peer, err := to.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	return peer.RemoteAddr().(*net.TCPAddr).AddrPort(), nil
}

func hits(t testing.TB, lab *natlab.Lab, rule string) uint64 {
	t.Helper()
	n, err := lab.Hits(rule)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func addrPort(a netip.Addr, port uint16) netip.AddrPort { return netip.AddrPortFrom(a, port) }
