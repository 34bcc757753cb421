package lab_test

import (
	"context"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// BenchmarkInbound10001 times the sweep of the RTP range, both legs proven by both
// ends, through a clean site and one that drops a part of it, beside nmap (Debian package nmap) against a server there
// that echoes on every port. Both are whole runs: bothways opens its sockets, pairs
// and fetches the ledgers within its time.
func BenchmarkInbound10001(b *testing.B) {
	for site, fault := range map[string]string{"clean": "sweep-clean", "partly-dropped": "sweep-partly-dropped"} {
		b.Run(site+"/bothways", func(b *testing.B) { benchSweep(b, fault, "rtp-range") })
		b.Run(site+"/nmap", func(b *testing.B) { benchNmap(b, fault) })
	}
}

// BenchmarkPorts74512 times both sweeps, 10,001 ports inbound and 64,511 outbound.
func BenchmarkPorts74512(b *testing.B) { benchSweep(b, "sweep-clean", "ports") }

func benchSweep(b *testing.B, name, scenario string) {
	if err := natlab.Supported(); err != nil {
		b.Skip(err)
	}
	f, err := lab.Find(name)
	if err != nil {
		b.Fatal(err)
	}
	f.Scenario = scenario
	sweeps := make(map[string]float64)
	for b.Loop() {
		o, err := lab.Run(b.Context(), f, lab.Options{Overrides: scenarios.Overrides{RatePPS: rtpprobe.MaxSweepRate}})
		if err != nil {
			b.Fatal(err)
		}
		if !o.OK() {
			b.Fatalf("%s: %v", o.Diagnosis.Verdict, o.Diagnosis.Findings)
		}
		for _, c := range o.Evidence.Checks {
			sweeps[c.ID] += c.SweepFacts.Sent.DurationMS
		}
	}
	for id, ms := range sweeps {
		b.ReportMetric(ms/float64(b.N), id+"-ms")
	}
}

func benchNmap(b *testing.B, fault string) {
	if _, err := exec.LookPath("nmap"); err != nil {
		b.Skip("install the Debian package nmap")
	}
	f, err := lab.Find(fault)
	if err != nil {
		b.Fatal(err)
	}
	l, err := natlab.Build(b.Context(), f.Topology)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	echoAll(b, l)
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	for b.Loop() {
		out, err := l.Outside.Command(ctx, "nmap", "-n", "-Pn", "-sU", "-T5", "--min-rate", "5000", "--max-retries", "2",
			"-p10000-20000", l.Addresses.SiteWAN.String()).Output()
		if err != nil || !strings.Contains(string(out), "Nmap done") {
			b.Fatalf("%v: %s", err, out)
		}
	}
}

// echoAll answers every datagram to the RTP range with itself.
func echoAll(b *testing.B, l *natlab.Lab) {
	for port := uint16(10000); port <= 20000; port++ {
		c, err := l.Inside.ListenPacket(b.Context(), netip.AddrPortFrom(l.Addresses.Inside, port))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { c.Close() })
		go echo(c)
	}
}

func echo(c *net.UDPConn) {
	buf := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		c.WriteToUDPAddrPort(buf[:n], from)
	}
}
