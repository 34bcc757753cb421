package rtpprobe_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// BenchmarkOpen reports what an open stream with RTP and RTCP costs in user memory, stacks included.
func BenchmarkOpen(b *testing.B) {
	pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{})
	defer pacer.Close()
	for b.Loop() {
		const streams = 500
		configs := make([]rtpprobe.StreamConfig, streams)
		for i := range configs {
			configs[i].Pacer = pacer
			configs[i].Conn, configs[i].RTCP = listenUDP(b), listenUDP(b)
		}
		before := memory()
		open := make([]*rtpprobe.Stream, streams)
		for i, cfg := range configs {
			open[i] = mustOpen(b, cfg)
		}
		b.ReportMetric(float64(memory()-before)/streams, "B/stream")
		for i, s := range open {
			s.Close()
			configs[i].Conn.Close()
			configs[i].RTCP.Close()
		}
	}
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkCalls holds two-way calls with RTCP on loopback, and reports their pacing and what was lost.
func BenchmarkCalls(b *testing.B) {
	for _, calls := range []int{100, 500, 1000} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) { benchmarkCalls(b, calls) })
	}
}

func benchmarkCalls(b *testing.B, calls int) {
	for b.Loop() {
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{})
		towards := map[*rtpprobe.Stream]netip.AddrPort{}
		for range calls {
			c := newCall()
			c.near.Conn, c.near.RTCP = pair(b, "127.0.0.1")
			c.far.Conn, c.far.RTCP = pair(b, "127.0.0.1")
			c.near.Pacer, c.far.Pacer = pacer, pacer
			one, other := mustOpen(b, c.near), mustOpen(b, c.far)
			towards[one], towards[other] = addrOf(c.far.Conn), addrOf(c.near.Conn)
		}
		var both sync.WaitGroup
		for s, to := range towards {
			both.Go(func() { s.Send(b.Context(), to, pacedFor) })
		}
		both.Wait()
		<-time.After(50 * time.Millisecond) // what is under way arrives
		var sent, got int64
		for s := range towards {
			r := s.Close()
			sent += r.Sent.Packets
			got += r.Received.Packets
		}
		late := pacer.Lateness()
		pacer.Close()
		report(b, late.P50, late.P99, late.Max)
		b.ReportMetric(float64(sent-got), "lost")
	}
}

func mustOpen(t testing.TB, cfg rtpprobe.StreamConfig) *rtpprobe.Stream {
	t.Helper()
	s, err := rtpprobe.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestHotPathAllocates nothing: neither for a packet sent nor for one received.
func TestHotPathAllocates(t *testing.T) {
	pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{})
	defer pacer.Close()
	site, client := listenUDP(t), listenUDP(t)
	cfg := rtpprobe.StreamConfig{Pacer: pacer, WantTag: &inbound, SendTag: &inbound, WantTone: rtpprobe.InboundTone,
		SendTone: rtpprobe.InboundTone, Ptime: time.Millisecond, Latch: rtpprobe.LatchFirst, Allow: func(netip.AddrPort) bool { return true }}
	cfg.Conn = site
	one := mustOpen(t, cfg)
	cfg.Conn = client
	other := mustOpen(t, cfg)
	warm := mustMarshal(t, rtp.Header{SSRC: 1}, &inbound, nil)
	site.WriteToUDPAddrPort(warm, addrOf(client))
	poll(t, "the first packet", func() bool { return !other.LastHeard().IsZero() })
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	if err := other.Send(t.Context(), addrOf(site), time.Second); err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&m1)
	received, _ := one.Close(), other.Close()
	if allocs := m1.Mallocs - m0.Mallocs; allocs > 200 || received.Received.Packets < 900 {
		t.Errorf("%d allocations for %d packets", allocs, received.Received.Packets)
	}
}
