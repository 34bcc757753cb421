package responder_test

import (
	"bufio"
	"context"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bothways/internal/client"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// idleWithin is the promise of how soon nothing of a vanished client is left.
const idleWithin = 10 * time.Second

// calls is a scenario of calls in both directions over all transports.
func calls(talk time.Duration) scenarios.Scenario {
	s, err := scenarios.Load("calls.yaml", strings.NewReader(`{name: calls, extends: trunk, remove: [sweep-in, sweep-out, rewriting-in, rewriting-out]}`))
	if err != nil {
		panic(err)
	}
	if s, err = s.With(scenarios.Overrides{Talk: talk}); err != nil {
		panic(err)
	}
	return s
}

// TestClientKilled kills a client's process in the middle of its calls.
func TestClientKilled(t *testing.T) {
	networktest.Leaks(t) // its patience is not the promise's: that is measured below
	r := start(t, nil)
	files := networktest.Files()
	child := childProcess(t, "client", r)
	lines := bufio.NewScanner(child.out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "check-started call-in") {
	}
	if !networktest.Eventually(time.Minute, func() bool { return networktest.Files() >= files+2+2*3 }) {
		t.Fatal("there are no calls")
	}
	child.cmd.Process.Kill()
	child.cmd.Wait()
	child.out.Close()
	killed := time.Now()
	if !networktest.Eventually(idleWithin, func() bool { return r.Sessions() == 0 && networktest.Files() <= files }) {
		t.Errorf("%v after: %d sessions, %d files where %d were", idleWithin, r.Sessions(), networktest.Files(), files)
	}
	t.Logf("idle after %v", time.Since(killed))
}

// TestClientGoesSilent takes the wire away from a client that calls: not even the
// ends of its connections arrive.
func TestClientGoesSilent(t *testing.T) {
	networktest.Leaks(t)
	r := start(t, nil)
	wire := networktest.New(network.Host{})
	t.Cleanup(wire.Dig)
	ctx, stop := context.WithCancel(t.Context())
	calling, done := make(chan struct{}), make(chan struct{})
	cfg := clientOf(r, calls(time.Minute))
	cfg.Network = wire
	cfg.Progress = func(e client.Event) {
		if e.Name == "check-started" && e.Check == "call-in-udp" {
			close(calling)
		}
	}
	go func() {
		defer close(done)
		client.Run(ctx, cfg)
	}()
	networktest.Within(t, calling, "there is no call")
	wire.Vanish()
	stop()
	if !networktest.Eventually(idleWithin, func() bool { return r.Sessions() == 0 }) {
		t.Errorf("%d sessions are left after %v", r.Sessions(), idleWithin)
	}
	networktest.Within(t, done, "the client goes on")
}

func clientOf(r *responder.Responder, s scenarios.Scenario) client.Config {
	return client.Config{Network: network.Host{}, Address: loopback, Ports: portsOf(r), OwnPorts: anyPorts(), Key: "k", Scenario: s, Version: "test"}
}

func portsOf(r *responder.Responder) map[sipprobe.Transport]uint16 {
	ports := make(map[sipprobe.Transport]uint16)
	for _, s := range r.Sockets() {
		ports[s.Transport] = s.Address.Port()
	}
	return ports
}

// A child is this test binary again, in another role.
type child struct {
	cmd *exec.Cmd
	out *os.File
}

const roleVariable = "BOTHWAYS_TEST_ROLE"

// TestMain plays a role in a child process, or runs the tests.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "client":
		playClient()
	case "responder":
		playResponder()
	case "sweeps":
		playSweeps()
	default:
		os.Exit(m.Run())
	}
}

func childProcess(t testing.TB, role string, r *responder.Responder) child {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	if r != nil {
		for transport, port := range portsOf(r) {
			cmd.Env = append(cmd.Env, "BOTHWAYS_TEST_"+transport.String()+"="+netip.AddrPortFrom(loopback, port).String())
		}
	}
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	return child{cmd: cmd, out: in}
}

func playClient() {
	cfg := client.Config{Network: network.Host{}, Address: loopback, OwnPorts: anyPorts(), Key: "k", Scenario: calls(time.Minute),
		Ports: make(map[sipprobe.Transport]uint16), Version: "test"}
	for _, transport := range sipprobe.Transports() {
		cfg.Ports[transport] = netip.MustParseAddrPort(os.Getenv("BOTHWAYS_TEST_" + transport.String())).Port()
	}
	cfg.Progress = func(e client.Event) { os.Stdout.WriteString(e.Name + " " + e.Check + "\n") }
	client.Run(context.Background(), cfg)
}
