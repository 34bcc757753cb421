package rtpprobe_test

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/rtpprobe"
)

// TestSweepLoopback sweeps 400 ports through the kernel, each way that there is: one port is in use.
func TestSweepLoopback(t *testing.T) {
	plain := func(l *loop, cfg *rtpprobe.ReflectorConfig) { cfg.Within = nil }
	portable := func(l *loop, cfg *rtpprobe.ReflectorConfig) { cfg.Within, cfg.Portable, l.portable = nil, true, true }
	for name, c := range map[string]struct {
		site, client string
		change       func(l *loop, cfg *rtpprobe.ReflectorConfig)
	}{
		"fast":                {"127.0.0.7", "127.0.0.8", func(*loop, *rtpprobe.ReflectorConfig) {}},
		"adopted":             {"127.0.0.7", "127.0.0.8", plain},
		"wrapped":             {"127.0.0.7", "127.0.0.8", wrapped},
		"portable":            {"127.0.0.7", "127.0.0.8", portable},
		"fast, IPv6":          {"::1", "::1", func(*loop, *rtpprobe.ReflectorConfig) {}},
		"adopted, IPv6":       {"::1", "::1", plain},
		"portable, IPv6":      {"::1", "::1", portable},
		"from both, over v4":  {"127.0.0.7", "::", plain},
		"from all, over IPv6": {"::1", "::", plain},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLoop(t, netip.MustParseAddr(c.site), netip.MustParseAddr(c.client), 3)
			busy, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.site, 15005)))
			if err != nil {
				t.Skip(err)
			}
			defer busy.Close()
			cfg := l.config(portSet(t, "15000-15399"))
			c.change(l, &cfg)
			r, err := rtpprobe.OpenReflector(cfg)
			if err != nil {
				t.Fatal(err)
			}
			sent, err := rtpprobe.Sweep(t.Context(), rtpprobe.SweepConfig{
				Terms: sweepTerms(), Conns: l.conns, Remote: l.site, Ports: r.Listening(), Rate: 20000, Portable: l.portable,
			})
			arrived := r.Close()
			if err != nil {
				t.Fatal(err)
			}
			v := rtpprobe.JudgeSweep(sent, arrived)
			got := [...]string{v.Open.String(), v.InUse.String(), v.Inconclusive.String(), string(sent.End), string(v.SourcePorts)}
			want := [...]string{"15000-15004,15006-15399", "15005", "", "complete", "preserved"}
			if diff := cmp.Diff(want, got); diff != "" || sent.EchoesElsewhere != 0 {
				t.Errorf("%s %+v", diff, sent)
			}
			checkDrops(t, sent, arrived)
		})
	}
}

func wrapped(l *loop, cfg *rtpprobe.ReflectorConfig) {
	plain := cfg.Open
	cfg.Within = nil
	cfg.Open = func(port uint16) (net.PacketConn, error) {
		conn, err := plain(port)
		if err != nil {
			return nil, err
		}
		return slowConn{conn}, nil
	}
	for i := range l.conns {
		l.conns[i] = slowConn{l.conns[i]}
	}
}

func checkDrops(t *testing.T, sent rtpprobe.SweepSent, arrived rtpprobe.SweepArrived) {
	t.Helper()
	for _, drops := range []*int64{sent.LocalDrops, arrived.LocalDrops} {
		if drops != nil && *drops != 0 {
			t.Errorf("%d local drops", *drops)
		}
	}
}

// config opens ports the fast way.
func (l *loop) config(ports rtpprobe.PortSet) rtpprobe.ReflectorConfig {
	return rtpprobe.ReflectorConfig{
		Terms: sweepTerms(), Address: l.site, Ports: ports, Allow: everybody, Within: within, Portable: l.portable,
		Open: func(port uint16) (net.PacketConn, error) {
			return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.site, port)))
		},
	}
}

// TestSweepICMP hears from the target that nobody listens on some ports.
func TestSweepICMP(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	for _, host := range []string{"127.0.0.7", "::1"} {
		l := newLoop(t, netip.MustParseAddr(host), netip.MustParseAddr(host), 2)
		r := l.reflector(t, portSet(t, "15500-15599"))
		sent, err := rtpprobe.Sweep(t.Context(), rtpprobe.SweepConfig{
			Terms: sweepTerms(), Conns: l.conns, Remote: l.site, Ports: portSet(t, "15500-15609"), Rate: 50000,
		})
		arrived := r.Close()
		if err != nil {
			t.Fatal(err)
		}
		if len(sent.ICMP) != 1 || sent.ICMP[0].Meaning != "port-unreachable" || !sent.ICMP[0].FromTarget || sent.ICMP[0].Ports.String() != "15600-15609" {
			t.Errorf("%s: ICMP %+v", host, sent.ICMP)
		}
		v := rtpprobe.JudgeSweep(sent, arrived)
		if v.NotListened.String() != "15600-15609" || v.Open.Len() != 100 || !sent.Unsent.IsZero() {
			t.Errorf("%s: %+v", host, v)
		}
	}
}

// TestSweepConnIsLeft as it was: the caller may go on with it.
func TestSweepConnIsLeft(t *testing.T) {
	l := newLoop(t, loopbackSite, loopbackClient, 1)
	l.window(t, portSet(t, "15700-15709"))
	conn := l.conns[0].(*net.UDPConn)
	to := addrOf(conn)
	if _, err := conn.WriteToUDPAddrPort([]byte("x"), to); err != nil {
		t.Fatal(err)
	}
	if n, from, err := conn.ReadFromUDPAddrPort(make([]byte, 9)); n != 1 || from != to || err != nil {
		t.Errorf("read %d bytes from %v, %v", n, from, err)
	}
}

// TestReflectorIsSilent to what has no tag, and to those who are not allowed.
func TestReflectorIsSilent(t *testing.T) {
	l := newLoop(t, loopbackSite, loopbackClient, 1)
	cfg := l.config(portSet(t, "15800-15801"))
	cfg.Allow = nil
	r, err := rtpprobe.OpenReflector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	conn := l.conns[0].(*net.UDPConn)
	for _, junk := range [][]byte{nil, {0x80}, make([]byte, 172), make([]byte, 2000)} {
		if _, err := conn.WriteToUDPAddrPort(junk, netip.AddrPortFrom(l.site, 15800)); err != nil {
			t.Fatal(err)
		}
	}
	sent, err := rtpprobe.Sweep(t.Context(), rtpprobe.SweepConfig{
		Terms: sweepTerms(), Conns: l.conns, Remote: l.site, Ports: cfg.Ports, Rate: 1000, Rounds: 2,
	})
	if err != nil || sent.Echoes != 0 {
		t.Errorf("%d echoes, %v", sent.Echoes, err)
	}
	if heard := r.Arrivals(); len(heard) != 2 || heard[0].On != heard[0].Port || heard[0].Count != 2 || r.Heard() != 2 {
		t.Errorf("%+v", heard)
	}
	a := r.Close()
	if a.Foreign != 4 || a.Refused != 4 || a.Echoes != 0 || a.Unanswered.Len() != 2 {
		t.Errorf("%+v", a)
	}
	if v := rtpprobe.JudgeSweep(sent, a); v.Inconclusive.Len() != 2 {
		t.Errorf("%+v", v)
	}
}

// TestReflectorErrors tells what is wrong with a configuration or an address, and leaves nothing open.
func TestReflectorErrors(t *testing.T) {
	good := (&loop{site: netip.MustParseAddr("192.0.2.99")}).config(portSet(t, "15900-15910"))
	for want, change := range map[string]func(cfg *rtpprobe.ReflectorConfig){
		"192.0.2.99": func(cfg *rtpprobe.ReflectorConfig) { cfg.Within = nil }, // not an address of this machine
		"media key":  func(cfg *rtpprobe.ReflectorConfig) { cfg.Terms.Key = nil },
		"direction":  func(cfg *rtpprobe.ReflectorConfig) { cfg.Terms.Direction = 0 },
		"Within":     func(cfg *rtpprobe.ReflectorConfig) { cfg.Open, cfg.Within = nil, nil },
		"Address":    func(cfg *rtpprobe.ReflectorConfig) { cfg.Address = netip.Addr{} },
		"bytes":      func(cfg *rtpprobe.ReflectorConfig) { cfg.ProbeBytes = 4000 },
	} {
		cfg := good
		change(&cfg)
		if _, err := rtpprobe.OpenReflector(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestReflectorMemory opens all inbound ports: what they take of this program's memory.
func TestReflectorMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has the frugal way")
	}
	l := &loop{site: loopbackSite}
	before := memory()
	r := l.reflector(t, portSet(t, "10000-20000"))
	used := int64(memory()) - int64(before)
	if n := r.Listening().Len(); n < 9900 {
		t.Skip("only", n, "ports could be opened")
	}
	t.Logf("%d KiB of heap and stacks, %s", used>>10, resident())
	if used > 32<<20 {
		t.Errorf("%d MiB", used>>20)
	}
	r.Close()
}

// resident is what the kernel says of this process.
func resident() string {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS") {
			return strings.TrimSpace(line)
		}
	}
	return "resident memory unknown"
}

// TestSweepErrors tells what is wrong with a configuration.
func TestSweepErrors(t *testing.T) {
	l := newLoop(t, loopbackSite, loopbackClient, 1)
	good := rtpprobe.SweepConfig{Terms: sweepTerms(), Conns: l.conns, Remote: l.site, Ports: portSet(t, "1-9")}
	for want, change := range map[string]func(cfg *rtpprobe.SweepConfig){
		"sockets":  func(cfg *rtpprobe.SweepConfig) { cfg.Conns = nil },
		"one host": func(cfg *rtpprobe.SweepConfig) { cfg.Remote = netip.IPv4Unspecified() },
		"ports":    func(cfg *rtpprobe.SweepConfig) { cfg.Ports = rtpprobe.PortSet{} },
		"pace":     func(cfg *rtpprobe.SweepConfig) { cfg.Rate = -1 },
		"bytes":    func(cfg *rtpprobe.SweepConfig) { cfg.ProbeBytes = 10 },
		"rounds":   func(cfg *rtpprobe.SweepConfig) { cfg.Rounds = 99 },
		"key":      func(cfg *rtpprobe.SweepConfig) { cfg.Terms.Key = nil },
		"could be": func(cfg *rtpprobe.SweepConfig) {
			closed := listenUDP(t)
			closed.Close()
			cfg.Conns = []net.PacketConn{closed}
		},
	} {
		cfg := good
		change(&cfg)
		start := time.Now()
		if _, err := rtpprobe.Sweep(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) || time.Since(start) > time.Minute {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestEstimate(t *testing.T) {
	cfg := rtpprobe.SweepConfig{Ports: portSet(t, "10000-20000"), Remote: loopbackSite}
	want := rtpprobe.SweepEstimate{Packets: 10626, Bytes: 10626 * 200, Seconds: 10626.0 / 876, MaxPackets: 10626 + 19*(10001+2000)}
	if diff := cmp.Diff(want, cfg.Estimate()); diff != "" {
		t.Error(diff)
	}
}

func TestPlanWindows(t *testing.T) {
	ports := portSet(t, "1025-65535")
	for limit, want := range map[int]int{0: 64511, 1000: 65, 20000: 5, 1 << 20: 5, 13000: 5} {
		windows := rtpprobe.PlanWindows(ports, limit)
		var all rtpprobe.PortSet
		smallest, largest := 1<<16, 0
		for _, w := range windows {
			if !all.Intersect(w).IsZero() {
				t.Errorf("limit %d: windows overlap", limit)
			}
			all = all.Union(w)
			smallest, largest = min(smallest, w.Len()), max(largest, w.Len())
			if limit == 0 {
				break // one port a window would take long
			}
		}
		if len(windows) != want || limit > 0 && (!all.Equal(ports) || largest-smallest > 1 || largest > min(limit, 13000)) {
			t.Errorf("limit %d: %d windows of %d to %d ports", limit, len(windows), smallest, largest)
		}
	}
	if n := rtpprobe.OpenFileBudget(); n < 1 {
		t.Error(n)
	}
	if len(rtpprobe.PlanWindows(rtpprobe.PortSet{}, 9)) != 0 {
		t.Error("windows of nothing")
	}
}
