package interop_test

import (
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// sippTransports are SIPp's names for them: one socket for all calls.
var sippTransports = map[sipprobe.Transport]string{sipprobe.UDP: "u1", sipprobe.TCP: "t1"}

// sippArgs make one call and end by themselves.
func sippArgs(transport sipprobe.Transport, more ...string) []string {
	return append([]string{"-i", "127.0.0.1", "-t", sippTransports[transport], "-m", "1", "-nostdin", "-timeout", "15", "-timeout_error"}, more...)
}

// uac calls with SIPp's built-in caller. Its ports are free when they are chosen, and
// may be taken when it wants them: then it gets others.
func uac(t *testing.T, sipp string, args func() []string) (output string, status int) {
	t.Helper()
	for range 3 {
		output, status = run(t, sipp, append([]string{"-sn", "uac", "-p", port(free(t))}, args()...)...)
		if !strings.Contains(output, "Unable to bind") {
			break
		}
	}
	return output, status
}

func TestSIPpWithoutKeyIsRefused(t *testing.T) {
	t.Parallel()
	sipp := peer(t, "sipp", "sip-tester")
	for transport := range sippTransports {
		t.Run(string(transport), func(t *testing.T) {
			r := start(t, nil)
			out, status := uac(t, sipp, func() []string { return append(sippArgs(transport), addressOf(r, transport).String()) })
			if status != 1 || !strings.Contains(out, "401") {
				t.Errorf("exit status %d, want 1 and a word about 401:\n%s", status, out)
			}
			if r.Sessions() != 0 {
				t.Errorf("%d sessions", r.Sessions())
			}
			paired(t, r, transport, nil)
		})
	}
}

func TestSIPpCallsWhereAnyoneIsAnswered(t *testing.T) {
	t.Parallel()
	sipp := peer(t, "sipp", "sip-tester")
	for transport := range sippTransports {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			wire := networktest.New(network.Host{})
			r := start(t, func(c *responder.Config) { c.AnswerAnyone, c.Network = true, wire })
			var media atomic.Pointer[netip.AddrPort]
			var audio, elsewhere atomic.Int64
			wire.Silence(func(f networktest.Flow) bool {
				switch {
				case f.Remote == *media.Load():
					audio.Add(1)
				case f.Remote.Addr() != loopback:
					elsewhere.Add(1)
				}
				return false
			})
			out, status := uac(t, sipp, func() []string {
				at := free(t)
				media.Store(&at)
				return append(sippArgs(transport, "-d", "1500", "-mp", port(at)), addressOf(r, transport).String())
			})
			if status != 0 {
				t.Fatalf("exit status %d:\n%s", status, out)
			}
			if audio.Load() < 20 || elsewhere.Load() != 0 {
				t.Errorf("%d packets of audio to the caller, want 20 in 1.5 s; %d elsewhere", audio.Load(), elsewhere.Load())
			}
		})
	}
}

func TestCallToSIPp(t *testing.T) {
	t.Parallel()
	sipp := peer(t, "sipp", "sip-tester")
	for transport := range sippTransports {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel() // SIPp stays for 4 s after its call
			at := free(t)
			cmd := exec.Command(sipp, append(sippArgs(transport, "-p", port(at)), "-sn", "uas")...)
			cmd.Dir = t.TempDir()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cmd.Process.Kill() })
			e := caller(t, transport, at)
			call, _ := invite(t, e, sipprobe.Target{Peer: at, Token: "sipp-" + string(transport)}, at)
			if bye := call.Bye(t.Context()); bye.Status != 200 {
				t.Errorf("BYE: %+v", bye)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("SIPp: %v", err)
			}
		})
	}
}

// caller is an endpoint without a key that reaches the peer, once that listens.
func caller(t *testing.T, transport sipprobe.Transport, to netip.AddrPort) *sipprobe.Endpoint {
	t.Helper()
	e := plain(t, loopback, transport)
	if transport == sipprobe.UDP {
		return e // the INVITE is repeated until SIPp is there
	}
	if !networktest.Eventually(time.Minute, func() bool {
		c, err := net.Dial("tcp", to.String())
		return err == nil && e.Adopt(c) == nil
	}) {
		t.Fatal("SIPp does not listen")
	}
	return e
}
