package interop_test

import (
	"fmt"
	"os/exec"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"bothways/sipprobe"
)

// BenchmarkCallsPerSecond makes calls without media over UDP (INVITE, 180, 200, ACK, BYE,
// 200): SIPp against SIPp, with as many calls under way as it does best with, and this
// project's endpoints against each other, as SIPp does and with a challenge for each
// request, which SIPp's have not. One after the other: run it as a whole with
// -benchtime 5000x -count 5. More at once than 50, and SIPp loses calls.
func BenchmarkCallsPerSecond(b *testing.B) {
	for _, atOnce := range []int{20, 50} {
		b.Run(fmt.Sprintf("sipp/at-once=%d", atOnce), func(b *testing.B) { sippCalls(b, atOnce) })
	}
	b.Run("bothways", func(b *testing.B) { ownCalls(b, nil, "") })
	b.Run("bothways/challenged", func(b *testing.B) {
		ownCalls(b, sipprobe.NewGuard(sipprobe.GuardConfig{Key: key, PerSource: 1e9}), key)
	})
}

// sippCalls is SIPp's built-in caller against its built-in phone.
func sippCalls(b *testing.B, atOnce int) {
	sipp, err := exec.LookPath("sipp")
	if err != nil {
		b.Skip("sipp is missing: apt-get install sip-tester")
	}
	at, from := port(free(b)), port(free(b))
	phone := exec.Command(sipp, "-sn", "uas", "-i", "127.0.0.1", "-p", at, "-nostdin")
	phone.Dir = b.TempDir()
	if err := phone.Start(); err != nil {
		b.Fatal(err)
	}
	defer phone.Wait()
	defer phone.Process.Kill()
	caller := exec.Command(sipp, "-sn", "uac", "-i", "127.0.0.1", "-p", from, "-nostdin", "-d", "0", "-r", "50000",
		"-l", strconv.Itoa(atOnce), "-m", strconv.Itoa(b.N), "-timeout", "120", "127.0.0.1:"+at)
	caller.Dir = b.TempDir()
	<-time.After(time.Second) // until the phone listens
	b.ResetTimer()
	if err := caller.Run(); err != nil {
		b.Logf("some calls failed: %v", err)
		b.ReportMetric(0, "calls/s")
		return
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// ownCalls is this project's endpoint against another of its.
func ownCalls(b *testing.B, guard *sipprobe.Guard, key string) {
	phone := ownEndpoint(b, sipprobe.EndpointConfig{Guard: guard, Key: key, Serve: func(in *sipprobe.Incoming) {
		in.Ring()
		if call, err := in.Accept(b.Context(), "phone", []byte("v=0\r\n")); err == nil {
			<-call.Ended()
			call.Forget()
		}
	}})
	caller := ownEndpoint(b, sipprobe.EndpointConfig{Key: key})
	var n atomic.Int64
	b.SetParallelism(5)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			to := sipprobe.Target{Peer: phone.Local(), Token: fmt.Sprint("c", n.Add(1))}
			call, x := caller.Invite(b.Context(), to, []byte("v=0\r\n"))
			if call == nil {
				b.Errorf("%+v", x)
				continue
			}
			if x := call.Bye(b.Context()); x.Status != 200 {
				b.Errorf("%+v", x)
			}
			call.Forget()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

func ownEndpoint(b *testing.B, cfg sipprobe.EndpointConfig) *sipprobe.Endpoint {
	b.Helper()
	cfg.Transport, cfg.PacketConn = sipprobe.UDP, packetConn(b, loopback)
	e, err := sipprobe.Start(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	return e
}
