package rtpprobe_test

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"bothways/rtpprobe"
)

// Each end of a sweep on loopback has an address of its own.
var (
	loopbackSite   = netip.MustParseAddr("127.0.0.7")
	loopbackClient = netip.MustParseAddr("127.0.0.8")
)

func within(open func() error) error { return open() }

func everybody(netip.AddrPort) bool { return true }

// A loop is a sweep on loopback.
type loop struct {
	site     netip.Addr
	portable bool
	conns    []net.PacketConn
}

func newLoop(t testing.TB, site, client netip.Addr, conns int) *loop {
	t.Helper()
	l := &loop{site: site}
	for range conns {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(client, 0)))
		if err != nil {
			t.Skip("no loopback:", err)
		}
		t.Cleanup(func() { conn.Close() })
		l.conns = append(l.conns, conn)
	}
	return l
}

// reflector opens ports.
func (l *loop) reflector(t testing.TB, ports rtpprobe.PortSet) *rtpprobe.Reflector {
	t.Helper()
	r, err := rtpprobe.OpenReflector(l.config(ports))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// window sweeps what a reflector has open, unthrottled.
func (l *loop) window(t testing.TB, ports rtpprobe.PortSet) (rtpprobe.SweepSent, rtpprobe.SweepArrived) {
	t.Helper()
	r := l.reflector(t, ports)
	sent, err := rtpprobe.Sweep(t.Context(), rtpprobe.SweepConfig{
		Terms: sweepTerms(), Conns: l.conns, Remote: l.site, Ports: r.Listening(), Rate: rtpprobe.MaxSweepRate, Portable: l.portable,
	})
	arrived := r.Close()
	if err != nil {
		t.Fatal(err)
	}
	return sent, arrived
}

// windows sweeps all ports, as many at a time as may be open.
func (l *loop) windows(t testing.TB, ports rtpprobe.PortSet) rtpprobe.SweepVerdict {
	t.Helper()
	var sent rtpprobe.SweepSent
	var arrived rtpprobe.SweepArrived
	for _, window := range rtpprobe.PlanWindows(ports, rtpprobe.OpenFileBudget()) {
		s, a := l.window(t, window)
		sent.Join(s)
		arrived.Join(a)
	}
	return rtpprobe.JudgeSweep(sent, arrived)
}

func allProven(t testing.TB, v rtpprobe.SweepVerdict, ports rtpprobe.PortSet) {
	t.Helper()
	if v.Open.Len()+v.InUse.Len() != ports.Len() || v.InUse.Len() > 100 {
		t.Errorf("%d of %d ports open, %d in use: request-lost %s, reply-lost %s, inconclusive %s, local fault %v",
			v.Open.Len(), ports.Len(), v.InUse.Len(), v.RequestLost, v.ReplyLost, v.Inconclusive, v.LocalFault)
	}
}

// BenchmarkInboundSweep proves 10,001 ports and both legs of each: open, sweep, close, judge.
func BenchmarkInboundSweep(b *testing.B) {
	for _, portable := range []bool{false, true} {
		b.Run(fmt.Sprintf("portable=%v", portable), func(b *testing.B) {
			l := newLoop(b, loopbackSite, loopbackClient, 4)
			l.portable = portable
			benchmarkSweep(b, l, portSet(b, "10000-20000"))
		})
	}
}

// BenchmarkOutboundSweep proves 64,511 ports, in windows under the limit of open files.
func BenchmarkOutboundSweep(b *testing.B) {
	benchmarkSweep(b, newLoop(b, loopbackClient, loopbackSite, 16), portSet(b, "1025-65535"))
}

// BenchmarkSweepGrowth shows how the time grows with the number of ports.
func BenchmarkSweepGrowth(b *testing.B) {
	for _, n := range []int{1000, 2000, 5000, 10000, 64000} {
		b.Run(fmt.Sprintf("ports=%d", n), func(b *testing.B) {
			benchmarkSweep(b, newLoop(b, loopbackSite, loopbackClient, 4), portSet(b, fmt.Sprintf("1025-%d", 1024+n)))
		})
	}
}

func benchmarkSweep(b *testing.B, l *loop, ports rtpprobe.PortSet) {
	for b.Loop() {
		allProven(b, l.windows(b, ports), ports)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(ports.Len()), "µs/port")
}

// BenchmarkReflectorOpen opens and closes 10,001 ports, and reports the user memory of all.
func BenchmarkReflectorOpen(b *testing.B) {
	for _, portable := range []bool{false, true} {
		b.Run(fmt.Sprintf("portable=%v", portable), func(b *testing.B) {
			l := &loop{site: loopbackSite, portable: portable}
			for b.Loop() {
				before := memory()
				start := time.Now()
				r := l.reflector(b, portSet(b, "10000-20000"))
				opened := time.Since(start)
				used := int64(memory()) - int64(before)
				start = time.Now()
				r.Close()
				b.ReportMetric(float64(used)/(1<<20), "MiB")
				b.ReportMetric(float64(opened.Milliseconds()), "ms-open")
				b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-close")
				runtime.KeepAlive(r)
			}
		})
	}
}
