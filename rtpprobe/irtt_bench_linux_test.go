package rtpprobe_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bothways/rtpprobe"
)

// besideFor is how long the streams of BenchmarkBesideIRTT last.
const besideFor = 20 * time.Second

// BenchmarkBesideIRTT sends one stream of 20 ms from this package and one from irtt at the
// same time, and has the kernel stamp the arrival of both at the same kind of socket. What is
// reported is by how much the intervals differ from 20 ms. Run it with -benchtime 1x.
func BenchmarkBesideIRTT(b *testing.B) {
	irtt, err := exec.LookPath("irtt")
	if err != nil {
		b.Skip("irtt is missing: apt-get install irtt")
	}
	for b.Loop() {
		own, others := newStamper(b), newStamper(b)
		var both sync.WaitGroup
		both.Go(func() { sendOwn(b, own) })
		both.Go(func() { sendIRTT(b, irtt, others) })
		both.Wait()
		own.report(b, "bothways")
		others.report(b, "irtt")
	}
}

func sendOwn(b *testing.B, to *stamper) {
	pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{})
	defer pacer.Close()
	go to.relay(netip.AddrPort{})
	s := mustOpen(b, rtpprobe.StreamConfig{Conn: listenUDP(b), Pacer: pacer})
	if err := s.Send(b.Context(), addrOf(to.front), besideFor); err != nil {
		b.Error(err)
	}
	s.Close()
}

// sendIRTT runs irtt's client through the stamper to its server.
func sendIRTT(b *testing.B, irtt string, via *stamper) {
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Error(err)
		return
	}
	server := addrOf(free)
	free.Close()
	serve := exec.Command(irtt, "server", "-b", server.String())
	if err := serve.Start(); err != nil {
		b.Error(err)
		return
	}
	defer serve.Wait()
	defer serve.Process.Kill()
	go via.relay(server)
	<-time.After(500 * time.Millisecond) // until it listens
	out, err := exec.Command(irtt, "client", "-i", "20ms", "-d", besideFor.String(), "-l", "172", "-q", addrOf(via.front).String()).CombinedOutput()
	if err != nil {
		b.Errorf("%v: %s", err, out)
	}
}

// A stamper notes when packets arrive, by the kernel's clock, and passes them on.
type stamper struct {
	front, back *net.UDPConn
	at          []time.Time
	mu          sync.Mutex
}

func newStamper(b *testing.B) *stamper {
	s := &stamper{front: listenUDP(b), back: listenUDP(b)}
	raw, err := s.front.SyscallConn()
	if err == nil {
		raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) })
	}
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// relay notes arrivals until the socket is closed, and where there is a server passes them on
// to it, and its answers back.
func (s *stamper) relay(server netip.AddrPort) {
	var client netip.AddrPort
	var mu sync.Mutex
	if server.IsValid() {
		go func() {
			answer := make([]byte, 2048)
			for {
				n, _, err := s.back.ReadFromUDPAddrPort(answer)
				if err != nil {
					return
				}
				mu.Lock()
				to := client
				mu.Unlock()
				s.front.WriteToUDPAddrPort(answer[:n], to)
			}
		}()
	}
	packet, control := make([]byte, 2048), make([]byte, 64)
	for {
		n, c, _, from, err := s.front.ReadMsgUDPAddrPort(packet, control)
		if err != nil {
			return
		}
		if at, ok := stampOf(control[:c]); ok && n >= 172 {
			s.mu.Lock()
			s.at = append(s.at, at)
			s.mu.Unlock()
		}
		if server.IsValid() {
			mu.Lock()
			client = from
			mu.Unlock()
			s.back.WriteToUDPAddrPort(packet[:n], server)
		}
	}
}

// stampOf reads the kernel's time of arrival (SCM_TIMESTAMPNS).
func stampOf(control []byte) (time.Time, bool) {
	all, err := unix.ParseSocketControlMessage(control)
	if err != nil || len(all) == 0 || len(all[0].Data) < 16 {
		return time.Time{}, false
	}
	d := all[0].Data
	return time.Unix(int64(binary.NativeEndian.Uint64(d)), int64(binary.NativeEndian.Uint64(d[8:]))), true
}

// report says by how much the intervals differ from 20 ms.
func (s *stamper) report(b *testing.B, name string) {
	b.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var off []time.Duration
	for i := 1; i < len(s.at); i++ {
		off = append(off, (s.at[i].Sub(s.at[i-1]) - 20*time.Millisecond).Abs())
	}
	if len(off) < int(besideFor/(20*time.Millisecond))/2 {
		b.Fatalf("%s: only %d packets", name, len(s.at))
	}
	slices.Sort(off)
	for _, q := range []struct {
		name string
		at   int
	}{{"p50", len(off) / 2}, {"p99", len(off) * 99 / 100}, {"max", len(off) - 1}} {
		b.ReportMetric(float64(off[q.at].Nanoseconds())/1000, fmt.Sprintf("%s-%s-us", name, q.name))
	}
}
