package responder_test

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// A sluggish machine opens no connection in time at first, as one that stands still.
type sluggish struct {
	network.Network
	dials atomic.Int64
}

func (s *sluggish) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if s.dials.Add(1) == 1 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.Network.Dial(ctx, to)
}

// TestCallOutlivesAStandstill: a connection that does not open in time is tried again before the path is at fault.
func TestCallOutlivesAStandstill(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *responder.Config) { c.Network = &sluggish{Network: c.Network} })
	l := listen(t, "127.0.0.1:0")
	clientAt(t, l, withKey("k"), func(in *sipprobe.Incoming) { in.Reply(486, "Busy Here", sipprobe.Body{}) })
	a := newAgent(t, r, sipprobe.TLS, "abc")
	a.hello(t)
	order := pairing.Order{Seq: 1, Call: &pairing.Call{Check: aCheck("out", sipprobe.TLS, time.Second), Port: at(l).Port()}}
	if reply := a.order(t, order); reply.Error != "" {
		t.Fatalf("%+v", reply)
	}
	var end evidence.CallEnd
	if recordOf(t, a, 2, "out", &end); end.Invite == nil || end.Invite.Status != 486 {
		t.Errorf("%+v", end)
	}
}
