package sipprobe_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"bothways/sipprobe"
)

// loopback is a guarded server and a client over UDP.
func loopback(b *testing.B) (client, server *sipprobe.Endpoint) {
	s := setting{sipprobe.UDP, "127.0.0.1"}
	server = s.listen(b, sipprobe.EndpointConfig{
		Key: testKey, Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: testKey, PerSource: 1e9}),
		Serve: func(in *sipprobe.Incoming) {
			if in.Method != "INVITE" {
				answer200(in)
				return
			}
			if call, err := in.Accept(in.Endpoint.Context(), rand16(), []byte("v=0\r\n")); err == nil {
				<-call.Ended()
				call.Forget()
			}
		},
	})
	return s.listen(b, sipprobe.EndpointConfig{Key: testKey}), server
}

// BenchmarkOptions is a challenge and an authenticated OPTIONS, both ends together.
func BenchmarkOptions(b *testing.B) {
	client, server := loopback(b)
	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			to := sipprobe.Target{Peer: server.Local(), Token: fmt.Sprint("o", n.Add(1))}
			if x := client.Options(b.Context(), to); x.Outcome != sipprobe.Accepted {
				b.Errorf("%+v", x)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "options/s")
}

// BenchmarkCall is an authenticated INVITE, its 200 and ACK, a BYE and its 200.
func BenchmarkCall(b *testing.B) {
	client, server := loopback(b)
	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			to := sipprobe.Target{Peer: server.Local(), Token: fmt.Sprint("c", n.Add(1))}
			call, x := client.Invite(b.Context(), to, []byte("v=0\r\n"))
			if call == nil {
				b.Errorf("%+v", x)
				continue
			}
			if x := call.Bye(b.Context()); x.Outcome != sipprobe.Accepted {
				b.Errorf("%+v", x)
			}
			call.Forget()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
