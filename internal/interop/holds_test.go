package interop_test

import (
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
)

// TestSIPpHoldsItsCall has SIPp hold a call in three ways, refresh it, take it back, ask
// for an offer and make one that cannot be taken; it checks each answer. Audio rests in
// the holds and at no other time.
func TestSIPpHoldsItsCall(t *testing.T) {
	t.Parallel()
	sipp := peer(t, "sipp", "sip-tester")
	script, err := filepath.Abs("testdata/holds.xml")
	if err != nil {
		t.Fatal(err)
	}
	for transport := range sippTransports {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			wire := networktest.New(network.Host{})
			r := start(t, func(c *responder.Config) { c.AnswerAnyone, c.Network = true, wire })
			var media atomic.Pointer[netip.AddrPort]
			var mu sync.Mutex
			var last time.Time
			var longest time.Duration
			packets, elsewhere := 0, 0
			wire.Silence(func(f networktest.Flow) bool {
				mu.Lock()
				defer mu.Unlock()
				switch at := media.Load(); {
				case at != nil && f.Remote == *at:
					if packets++; !last.IsZero() {
						longest = max(longest, time.Since(last))
					}
					last = time.Now()
				case f.Remote.Addr() != loopback:
					elsewhere++
				}
				return false
			})
			at := free(t)
			media.Store(&at)
			out, status := run(t, sipp, append(sippArgs(transport, "-sf", script, "-p", port(free(t)), "-mp", port(at)), addressOf(r, transport).String())...)
			if status != 0 {
				t.Fatalf("exit status %d:\n%s", status, out)
			}
			mu.Lock()
			defer mu.Unlock()
			if longest < 800*time.Millisecond || packets < 40 || elsewhere != 0 {
				t.Errorf("%d packets, the longest rest %v, %d elsewhere", packets, longest, elsewhere)
			}
		})
	}
}
