package responder_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// benchHold is how long all calls of BenchmarkLoad are up together.
const benchHold = 20 * time.Second

// BenchmarkLoad holds two-way calls between this process and a responder in one of its
// own, and reports what was lost, how late either end sent, and what each took of the
// processors.
func BenchmarkLoad(b *testing.B) {
	for _, calls := range []int{500, 750, 1000} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) {
			for b.Loop() {
				measureLoad(b, calls)
			}
		})
	}
}

func measureLoad(b *testing.B, calls int) {
	c := childProcess(b, "responder", nil)
	defer c.out.Close()
	defer c.cmd.Wait()
	defer c.cmd.Process.Kill()
	ports := announced(b, c.out)
	s, err := scenarios.ManyCalls(calls, 50, benchHold, "udp", scenarios.Inbound)
	if err != nil {
		b.Fatal(err)
	}
	var ev *evidence.Evidence
	own := ownSeconds()
	var work sync.WaitGroup
	work.Go(func() {
		ev, err = client.Run(b.Context(), client.Config{Network: network.Host{}, Address: loopback, Ports: ports, OwnPorts: anyPorts(),
			Key: "k", Scenario: s, Version: "test"})
	})
	peak := watch(&work, c.cmd.Process.Pid)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(peak)/1024, "RSS-MiB")
	b.ReportMetric(ownSeconds()-own, "client-s")
	b.ReportMetric(childSeconds(c.cmd.Process.Pid), "responder-s")
	reportLoad(b, ev.Checks[0])
}

// reportLoad reports the two ends' records.
func reportLoad(b *testing.B, c evidence.Check) {
	b.Helper()
	f := c.LoadFacts
	if f == nil || f.Client == nil || f.Responder == nil {
		b.Fatalf("%s: %+v %s", c.ID, f, c.Skipped)
	}
	var sent, received int64
	up, together := 0, 0
	for _, end := range []*evidence.LoadEnd{f.Client, f.Responder} {
		for _, one := range end.Calls {
			sent += one.SentPackets
			received += one.ReceivedPackets
			if one.Established {
				up++
			}
		}
	}
	for _, second := range f.Client.Seconds {
		together = max(together, second.Calls)
	}
	b.ReportMetric(float64(up)/2, "calls")
	b.ReportMetric(float64(together), "together")
	b.ReportMetric(float64(sent), "packets")
	b.ReportMetric(float64(sent-received), "lost")
	for name, late := range map[string]*rtpprobe.LatenessUS{"client": f.Client.Lateness, "responder": f.Responder.Lateness} {
		b.ReportMetric(late.P50, name+"-p50-us")
		b.ReportMetric(late.P99, name+"-p99-us")
	}
}

// ownSeconds is the processor time of this process.
func ownSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// childSeconds is that of another; 0 where the system has no /proc.
func childSeconds(pid int) float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	const ticks = 100 // a second, on every Linux
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / ticks
}
