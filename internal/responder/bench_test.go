package responder_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// playResponder says where it serves, and does until it is killed.
func playResponder() {
	r, err := responder.Start(context.Background(), responder.Config{Network: network.Host{}, Key: "k", Ports: anyPorts(),
		Listen: []netip.Addr{loopback}, Version: "test"})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, s := range r.Sockets() {
		fmt.Println(string(s.Transport), s.Address)
	}
	select {}
}

// BenchmarkResponder measures a responder in a process of its own: its resident
// memory (VmRSS), idle and in calls, and what was lost of those calls' packets.
func BenchmarkResponder(b *testing.B) {
	for _, n := range []int{0, 100} {
		b.Run(fmt.Sprintf("calls=%d", n), func(b *testing.B) {
			for b.Loop() {
				measure(b, n)
			}
		})
	}
}

const benchTalk = 5 * time.Second

func measure(b *testing.B, n int) {
	c := childProcess(b, "responder", nil)
	defer c.out.Close()
	defer c.cmd.Wait()
	defer c.cmd.Process.Kill()
	ports := announced(b, c.out)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var runs []*evidence.Evidence
	for i := range (n + callsPerRun - 1) / callsPerRun {
		wg.Go(func() {
			ev, err := client.Run(b.Context(), client.Config{Network: network.Host{}, Address: loopback, Ports: ports, OwnPorts: anyPorts(),
				Key: "k", Scenario: manyCalls(min(callsPerRun, n-i*callsPerRun)), Version: "test"})
			if err != nil {
				b.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			runs = append(runs, ev)
		})
	}
	peak := watch(&wg, c.cmd.Process.Pid)
	b.ReportMetric(float64(peak)/1024, "RSS-MiB")
	if n > 0 {
		reportCalls(b, runs)
	}
}

// callsPerRun stays under the calls that one client may have at once.
const callsPerRun = 50

func manyCalls(n int) scenarios.Scenario {
	s := scenarios.Scenario{Name: "many"}
	for i := range n {
		c := aCheck(fmt.Sprintf("call-%d", i), sipprobe.UDP, benchTalk)
		c.Direction = scenarios.Inbound
		s.Checks = append(s.Checks, c)
	}
	return s
}

func announced(b *testing.B, out io.Reader) map[sipprobe.Transport]uint16 {
	b.Helper()
	ports := make(map[sipprobe.Transport]uint16)
	for lines := bufio.NewScanner(out); len(ports) < 3 && lines.Scan(); {
		transport, address, _ := strings.Cut(lines.Text(), " ")
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			b.Fatal(lines.Text())
		}
		ports[sipprobe.Transport(transport)] = at.Port()
	}
	return ports
}

// watch returns the most memory that a process had, in KiB, until the work is done,
// and half a second longer.
func watch(work *sync.WaitGroup, pid int) (peak int) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work.Wait()
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for last := 10; last > 0; <-tick.C {
		peak = max(peak, resident(pid))
		select {
		case <-done:
			last--
		default:
		}
	}
	return peak
}

// resident reads VmRSS in KiB; 0 where the system has no /proc.
func resident(pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kib
		}
	}
	return 0
}

func reportCalls(b *testing.B, runs []*evidence.Evidence) {
	b.Helper()
	var sent, received int64
	calls := 0
	for _, ev := range runs {
		for _, c := range ev.Checks {
			if c.CallFacts == nil || c.CallFacts.Client == nil || c.CallFacts.Client.Media == nil ||
				c.CallFacts.Responder == nil || c.CallFacts.Responder.Media == nil {
				b.Errorf("%s: %+v %s", c.ID, c.CallFacts, c.Skipped)
				continue
			}
			in, out := c.CallFacts.Client.Media, c.CallFacts.Responder.Media
			sent += in.Sent.Packets + out.Sent.Packets
			received += in.Received.Packets + out.Received.Packets
			calls++
		}
	}
	b.ReportMetric(float64(calls), "calls")
	b.ReportMetric(float64(sent), "packets")
	b.ReportMetric(float64(sent-received), "lost")
}
