package rtpprobe_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"bothways/rtpprobe"
)

// pacedFor is how long each pacing benchmark sends.
const pacedFor = 2 * time.Second

// BenchmarkPacing sends real packets on loopback and reports how far from their due times they leave.
func BenchmarkPacing(b *testing.B) {
	for _, streams := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("pacer/streams=%d", streams), func(b *testing.B) { benchmarkPacer(b, streams, false) })
		b.Run(fmt.Sprintf("portable/streams=%d", streams), func(b *testing.B) { benchmarkPacer(b, streams, true) })
		b.Run(fmt.Sprintf("ticker/streams=%d", streams), func(b *testing.B) { benchmarkTicker(b, streams) })
	}
}

func benchmarkPacer(b *testing.B, streams int, portable bool) {
	send := loopbackSender(b, streams)
	for b.Loop() {
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: portable})
		var all sync.WaitGroup
		for i := range streams {
			all.Go(func() {
				_, err := pacer.Run(context.Background(), 20*time.Millisecond, int(pacedFor/(20*time.Millisecond)),
					func(k int, due time.Time) { send(i) })
				if err != nil {
					b.Error(err)
				}
			})
		}
		all.Wait()
		late := pacer.Lateness()
		pacer.Close()
		report(b, late.P50, late.P99, late.Max)
	}
}

// benchmarkTicker is the plain way: a goroutine and a time.Ticker for each stream.
func benchmarkTicker(b *testing.B, streams int) {
	send := loopbackSender(b, streams)
	for b.Loop() {
		late := make([][]time.Duration, streams)
		var all sync.WaitGroup
		for i := range streams {
			all.Go(func() {
				ticker, start := time.NewTicker(20*time.Millisecond), time.Now()
				defer ticker.Stop()
				for k := 1; k <= int(pacedFor/(20*time.Millisecond)); k++ {
					<-ticker.C
					late[i] = append(late[i], time.Since(start.Add(time.Duration(k)*20*time.Millisecond)).Abs())
					send(i)
				}
			})
		}
		all.Wait()
		sorted := slices.Sorted(slices.Values(slices.Concat(late...)))
		report(b, sorted[len(sorted)/2], sorted[len(sorted)*99/100], sorted[len(sorted)-1])
	}
}

func report(b *testing.B, p50, p99, longest time.Duration) {
	b.ReportMetric(float64(p50)/1e3, "p50-us")
	b.ReportMetric(float64(p99)/1e3, "p99-us")
	b.ReportMetric(float64(longest)/1e3, "max-us")
}

// loopbackSender opens a socket for each stream and one that everything is sent to.
func loopbackSender(b *testing.B, streams int) func(stream int) {
	sink := listenUDP(b)
	go func() {
		buffer := make([]byte, 2048)
		for {
			if _, _, err := sink.ReadFromUDPAddrPort(buffer); err != nil {
				return
			}
		}
	}()
	to := sink.LocalAddr().(*net.UDPAddr).AddrPort()
	conns := make([]*net.UDPConn, streams)
	for i := range conns {
		conns[i] = listenUDP(b)
	}
	packet := make([]byte, 188)
	return func(stream int) {
		if _, err := conns[stream].WriteToUDPAddrPort(packet, to); err != nil {
			b.Error(err)
		}
	}
}

func listenUDP(t testing.TB) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
