package interop_test

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/cli"
	"bothways/internal/console"
	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// asCommand is set in the environment of a process that this test program starts as bothways.
const asCommand = "BOTHWAYS_INTEROP_COMMAND"

// TestMain lets more tests run at once than there are processors: they wait for calls.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(cli.Client(os.Args[1:], console.Process()))
	}
	flag.Parse()
	flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

var (
	loopback  = netip.MustParseAddr("127.0.0.1")
	loopback6 = netip.MustParseAddr("::1")
	// third is the address of somebody who has asked for nothing.
	third = netip.MustParseAddr("127.0.0.2")
)

const key = "k"

func start(t *testing.T, change func(*responder.Config)) *responder.Responder {
	t.Helper()
	cfg := responder.Config{Network: network.Host{}, Key: key, Listen: []netip.Addr{loopback}, Version: "test",
		Ports: map[sipprobe.Transport]uint16{sipprobe.UDP: 0, sipprobe.TCP: 0, sipprobe.TLS: 0}}
	if change != nil {
		change(&cfg)
	}
	r, err := responder.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func answerAnyone(c *responder.Config) { c.AnswerAnyone = true }

func addressOf(r *responder.Responder, transport sipprobe.Transport) netip.AddrPort {
	for _, s := range r.Sockets() {
		if s.Transport == transport {
			return s.Address
		}
	}
	return netip.AddrPort{}
}

// peer finds a program of others', or skips the test.
func peer(t *testing.T, program, debian string) string {
	t.Helper()
	for _, name := range []string{program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: apt-get install %s", program, debian)
	}
	t.Skipf("%s is missing: apt-get install %s", program, debian)
	return ""
}

// run runs a peer to its end and returns what it said, and its exit status.
func run(t *testing.T, path string, args ...string) (output string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %v: %v\n%s", path, args, err, out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func port(a netip.AddrPort) string { return strconv.Itoa(int(a.Port())) }

// packetConn is a UDP socket of a test.
func packetConn(t testing.TB, at netip.Addr) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	if err != nil {
		if at != loopback {
			t.Skipf("this system has no second loopback address: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// What [free] gives next: each process begins elsewhere.
var (
	firstFree = rand.Uint32N(1 << 16)
	lastFree  atomic.Uint32
)

// free is an address for a program that is yet to start: nobody uses it, nor the next
// ports, of UDP and TCP, and none of them is one that Linux gives to sockets which ask for
// any, of which other tests open many meanwhile.
func free(t testing.TB) netip.AddrPort {
	t.Helper()
	const first, step, last = 61000, 4, 65532
	for range 100 {
		at := netip.AddrPortFrom(loopback, first+uint16((firstFree+lastFree.Add(1))%((last-first)/step))*step)
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			continue
		}
		udp.Close()
		if tcp, err := net.Listen("tcp", at.String()); err == nil {
			tcp.Close()
			return at
		}
	}
	t.Fatal("no port is free")
	return netip.AddrPort{}
}

func addressOfConn(c net.PacketConn) netip.AddrPort {
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// dialled is a connection to the responder, over TLS after its handshake.
func dialled(t *testing.T, r *responder.Responder, transport sipprobe.Transport) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addressOf(r, transport).String())
	if err != nil {
		t.Fatal(err)
	}
	if transport == sipprobe.TLS {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// received reads datagrams until none has come for so long, or all too many.
func received(c *net.UDPConn, quiet time.Duration) (all [][]byte) {
	buf := make([]byte, 1<<16)
	for len(all) < 500 {
		c.SetReadDeadline(time.Now().Add(quiet))
		n, _, err := c.ReadFrom(buf)
		if err != nil {
			return all
		}
		all = append(all, append([]byte(nil), buf[:n]...))
	}
	return all
}

// answers reads what a request drew: the first may take its time on a busy machine.
func answers(c *net.UDPConn) [][]byte {
	buf := make([]byte, 1<<16)
	c.SetReadDeadline(time.Now().Add(time.Minute))
	n, _, err := c.ReadFrom(buf)
	if err != nil {
		return nil
	}
	return append([][]byte{buf[:n]}, received(c, 250*time.Millisecond)...)
}
