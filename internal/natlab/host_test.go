package natlab_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"bothways/internal/natlab"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{})
	for host, want := range map[*natlab.Host][]string{
		lab.Inside: {"eth0"}, lab.Site: {"lan", "wan"}, lab.Internet: {"site", "client"},
	} {
		out, err := host.Command(t.Context(), "cat", "/proc/self/net/dev").CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		for _, dev := range append(want, "lo") {
			if !strings.Contains(string(out), dev+":") {
				t.Errorf("%s has no %s:\n%s", host.Name(), dev, out)
			}
		}
	}
	if err := lab.Inside.Command(t.Context(), "false").Run(); err == nil {
		t.Error("a failed command gave no error")
	}
	if _, err := lab.Inside.Command(t.Context(), "no-such-program").Output(); err == nil {
		t.Error("a missing command gave no error")
	}
}

// network identifies the namespace of the calling thread.
func network(t *testing.T) string {
	t.Helper()
	s, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDoBringsTheThreadHome(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{})
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home := network(t)
	failure := errors.New("no")
	err := lab.Inside.Do(func() error {
		inside := network(t)
		err := lab.Outside.Do(func() error {
			if network(t) == inside {
				t.Error("a call within a call stayed on the first host")
			}
			return failure
		})
		if network(t) != inside || inside == home {
			t.Error("the inner call did not come back")
		}
		return err
	})
	if !errors.Is(err, failure) || network(t) != home {
		t.Errorf("back home: %v, error %v", network(t) == home, err)
	}
	func() {
		defer func() {
			if recover() != "boom" || network(t) != home {
				t.Error("a panic was lost, or did not bring the thread home")
			}
		}()
		lab.Inside.Do(func() error { panic("boom") })
	}()
}

// Sockets that wait with a deadline and a context still belong to their host.
func TestDialUnderPressure(t *testing.T) {
	t.Parallel()
	lab := build(t, both())
	a := lab.Addresses
	l := tcpListener(t, lab.Inside, a.Inside, 5060)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	l.SetDeadline(time.Now().Add(soon))
	errs := make(chan error, 50)
	for port := uint16(7000); port < 7050; port++ {
		go func() {
			local := addrPort(a.Outside, port)
			c, err := lab.Outside.DialTCP(ctx, local, addrPort(a.SiteWAN, 5060))
			if err == nil {
				defer c.Close()
				if got := c.LocalAddr().(*net.TCPAddr).AddrPort(); got != local {
					err = errors.New("dialled from " + got.String())
				}
			}
			errs <- err
		}()
	}
	for range 50 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
		c, err := l.AcceptTCP()
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{})
	foreign := netip.MustParseAddrPort("198.51.100.20:5060")
	if _, err := lab.Inside.ListenPacket(t.Context(), foreign); err == nil || !strings.Contains(err.Error(), "inside") {
		t.Errorf("listening on another host's address: %v", err)
	}
	udp(t, lab.Inside, lab.Addresses.Inside, 5060)
	if _, err := lab.Inside.ListenPacket(t.Context(), addrPort(lab.Addresses.Inside, 5060)); err == nil {
		t.Error("a port was opened twice")
	}
}

func TestClosedLab(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{})
	if err := errors.Join(lab.Close(), lab.Close()); err != nil {
		t.Fatal(err)
	}
	if err := lab.Inside.Do(func() error { return nil }); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Do after Close: %v", err)
	}
	if _, err := lab.Inside.ListenTCP(t.Context(), netip.MustParseAddrPort("192.168.1.10:5060")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("ListenTCP after Close: %v", err)
	}
}

func TestBuildCancelled(t *testing.T) {
	t.Parallel()
	build(t, natlab.Topology{}) // skips where nothing can be built
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if lab, err := natlab.Build(ctx, natlab.Topology{}); lab != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("built %v, %v", lab, err)
	}
}

// census counts open files, goroutines and threads of the process.
func census(t *testing.T) (files, goroutines, threads int) {
	t.Helper()
	count := func(dir string) int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	return count("/proc/self/fd"), runtime.NumGoroutine(), count("/proc/self/task")
}

// Not parallel: other tests would be counted.
func TestNothingLeaks(t *testing.T) {
	cycle := func() {
		full := both(natlab.Rule{Name: "any"})
		full.Carrier, full.ClientNAT = true, true
		full.Box = &natlab.Box{Alterations: []natlab.Alteration{{Name: "late", Change: natlab.DelayPacket, Delay: time.Minute}}}
		lab := build(t, full)
		hits(t, lab, "any")
		c := udp(t, lab.Inside, lab.Addresses.Inside, 0)
		c.WriteToUDPAddrPort([]byte("held when the lab closes"), addrPort(lab.Addresses.Outside, 9))
		c.Close()
		if err := lab.Inside.Command(t.Context(), "true").Run(); err != nil {
			t.Fatal(err)
		}
		if err := lab.Close(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		natlab.Build(ctx, full)
	}
	cycle()
	files, goroutines, threads := census(t)
	for range 20 {
		cycle()
	}
	var f, g, n int
	for end := time.Now().Add(soon); time.Now().Before(end); runtime.Gosched() {
		if f, g, n = census(t); f <= files && g <= goroutines {
			break
		}
	}
	if f > files || g > goroutines || n > threads+10 {
		t.Errorf("files %d to %d, goroutines %d to %d, threads %d to %d", files, f, goroutines, g, threads, n)
	}
}

func BenchmarkBuild(b *testing.B) {
	build(b, natlab.Topology{}) // skips where nothing can be built
	for name, topology := range map[string]natlab.Topology{
		"clean": both(), "full": {Carrier: true, ClientNAT: true, Forwards: both().Forwards},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				lab, err := natlab.Build(b.Context(), topology)
				if err != nil {
					b.Fatal(err)
				}
				lab.Close()
			}
		})
	}
}

func BenchmarkListenPacket(b *testing.B) {
	lab := build(b, natlab.Topology{})
	for b.Loop() {
		c, err := lab.Inside.ListenPacket(b.Context(), addrPort(lab.Addresses.Inside, 0))
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
